"""A sample: what `tectonics top` reads from the running daemon each second.

It holds what was counted since the daemon began (rates come from the difference of two samples, cli/top/rates.py), levels as
they are now, and the active alarms.  Its parts are also the rows behind `status` and SNMP (oam/derived.py), so what
the three show comes from one place.  As plain data it is the result of the method `sample` of the control socket.

A daemon of another version may send more, which is not looked at; less than this is BadMessage.
"""

from bisect import bisect_left
from itertools import accumulate
from math import inf

import msgspec
from msgspec import Struct

from tectonics.domain.errors import BadMessage

SEVERITIES = ("critical", "major", "minor", "warning")  # gravest first


class Spread(Struct, frozen=True):
    """Durations by how long they took: `counts[n]` up to `bounds_s[n]`, the last beyond every bound."""

    bounds_s: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.bounds_s) + bool(self.counts):
            raise ValueError("a spread has one count more than bounds")

    @property
    def total(self) -> int:
        """How many."""
        return sum(self.counts)

    def within_ms(self, share: float) -> float | None:
        """The bound in ms that `share` of them kept: never too low. None of nothing, infinite beyond every bound."""
        total = self.total
        if not total:
            return None
        place = bisect_left(list(accumulate(self.counts)), share * total)
        return 1000 * self.bounds_s[place] if place < len(self.bounds_s) else inf

    def within_most_ms(self, share: float) -> float | None:
        """As `within_ms`, for who has no word for more than the last bound: that bound."""
        found = self.within_ms(share)
        return found if found is None else min(found, 1000 * self.bounds_s[-1])

    def since(self, earlier: "Spread") -> "Spread":
        """What came after `earlier`; all of it where the bounds are others or it has begun anew."""
        pairs = list(zip(self.counts, earlier.counts, strict=False))
        if self.bounds_s != earlier.bounds_s or not earlier.counts or any(now < then for now, then in pairs):
            return self
        return Spread(self.bounds_s, tuple(now - then for now, then in pairs))

    def plus(self, other: "Spread") -> "Spread":
        """Both together; the one that has more where their bounds differ."""
        if not self.counts or not other.counts or self.bounds_s != other.bounds_s:
            return max(self, other, key=lambda one: one.total)
        return Spread(self.bounds_s, tuple(map(sum, zip(self.counts, other.counts, strict=True))))


class Channel(Struct, frozen=True):
    """A way by which people reach the service. `state`: up, partial, down; `sessions` are open now."""

    name: str
    state: str
    came: int = 0
    went: int = 0
    errors: int = 0
    sessions: int = 0
    spread: Spread = Spread()


class Service(Struct, frozen=True):
    """What people ask for; `refused` by reason."""

    name: str
    requests: int = 0
    granted: int = 0
    refused: dict[str, int] = {}
    failed: int = 0
    unknown: int = 0
    amount_granted_minor: int = 0
    amount_recovered_minor: int = 0


class BillingNode(Struct, frozen=True):
    """A prepaid billing system. `errors` are refusals, `timeouts` requests that it was not there for."""

    name: str
    state: str
    requests: int = 0
    errors: int = 0
    timeouts: int = 0
    unknown: int = 0
    spread: Spread = Spread()


class Queue(Struct, frozen=True):
    """What waits in memory."""

    name: str
    depth: int
    bound: int


class Consumer(Struct, frozen=True):
    """Who reads tickets; `lag` is how many he has not acknowledged."""

    name: str
    lag: int
    connected: bool


class Alarm(Struct, frozen=True):
    """What is wrong, since when (ms since 1970), what to do; `acknowledged_by` is empty until somebody has taken it."""

    id: str
    severity: str
    since_at: int
    text: str
    advice: str = ""
    acknowledged_by: str = ""
    flapping: bool = False


class Sample(Struct, frozen=True, kw_only=True):
    """One look at one daemon. `state` is `serving`, or why it does not; times are ms since 1970; `owed` is the debt
    in units of the currency."""

    node: str
    version: str
    state: str
    role: str
    now_at: int
    started_at: int
    channels: tuple[Channel, ...]
    services: tuple[Service, ...]
    billing: tuple[BillingNode, ...]
    decided: Spread
    units: dict[str, int]
    shed: dict[str, int]
    tickets: int
    outbox: int
    dispatching: int
    sessions: int
    queues: tuple[Queue, ...]
    consumers: tuple[Consumer, ...]
    alarms: tuple[Alarm, ...]
    debt: dict[str, int]
    owed: str
    currency: str


def encode(sample: Sample) -> dict:
    """As plain data."""
    return msgspec.to_builtins(sample)


def decode(answer: object) -> Sample:
    """What the daemon sent; BadMessage when it is no sample."""
    try:
        return msgspec.convert(answer, Sample, strict=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadMessage(f"not a sample: {error}") from error
