"""What carriers saw of rings: who rang which number by which carrier, each try of it and every answer; a part of the journal."""

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b

from tectonics.simulation.ringing import FAVOURITE, FIXED, LAST, STRANGER
from tectonics.simulators.phones.trunk import Try

ID_CHARS_MAX = 80  # of a longer Call-ID a digest stands in the books (docs/did-sip.md)
RINGS = 180


@dataclass(slots=True, eq=False)
class Tried:
    """One way of a call, to one node."""

    seen: Try
    node: str
    life: int  # of the node, when it began
    clear: bool = True  # the node served all the time, and nothing was lost on the way
    over: bool = False
    rang_life: int = 0  # of the node, when the caller first heard it ring

    @property
    def rang(self) -> bool:
        """Whether the caller heard it ring."""
        return self.rang_at > 0

    @property
    def rang_at(self) -> float:
        """When he first heard it ring; 0: he did not."""
        return next((at for at, status in self.seen.statuses if status == RINGS), 0.0)

    @property
    def one_life(self) -> bool:
        """Whether the node that he heard was in the life that he called, so that no restart lies between."""
        return self.rang_life == self.life

    @property
    def statuses(self) -> list[int]:
        """In their order."""
        return [status for _, status in self.seen.statuses]


@dataclass(slots=True, eq=False)
class Ring:
    """A call of one of ours. `cli` is the number that the carrier tells; empty: withheld."""

    call_id: str
    msisdn: str  # who calls, or who is said to
    cli: str
    did: str
    service: str
    carrier: str
    at_s: float
    good: bool  # it may have an effect: a carrier of ours, the right password, a number of ours that he may ring
    tries: list[Tried] = field(default_factory=list)

    @property
    def id(self) -> str:
        """As it stands in the books."""
        return self.call_id if len(self.call_id) <= ID_CHARS_MAX else blake2b(self.call_id.encode(), digest_size=16).hexdigest()

    @property
    def forged(self) -> bool:
        """Whether it comes from no carrier of ours."""
        return self.carrier == STRANGER


@dataclass(slots=True)
class Ringbook:
    """All of them."""

    rings: dict[str, Ring] = field(default_factory=dict)  # by the id that stands in the books
    by_subscriber: dict[str, list[Ring]] = field(default_factory=lambda: defaultdict(list))
    repeat_s: float = 0.0
    refuses: bool = False  # strangers are told 403
    unserved: list[str] = field(default_factory=list)  # nodes where a ring came to nothing when all was well

    def __bool__(self) -> bool:
        """Whether anybody rang."""
        return bool(self.rings)

    def rang(self, ring: Ring) -> Ring:
        """Somebody rings."""
        self.rings[ring.id] = ring
        self.by_subscriber[ring.msisdn].append(ring)
        return ring

    def connecting(self, msisdn: str, fixed: bool = False) -> int:
        """How many rings of one may have led to a call-back to a number that he called before, or to his fixed one."""
        may = (LAST, FAVOURITE, FIXED) if fixed else (LAST, FAVOURITE)
        return sum(ring.good and ring.service in may for ring in self.by_subscriber.get(msisdn, ()))

    def last_s(self, msisdn: str) -> float:
        """When one rang last, or somebody as him; long ago where nobody ever did."""
        return max((ring.at_s for ring in self.by_subscriber.get(msisdn, ())), default=float("-inf"))

    def figures(self) -> dict[str, int]:
        """How many there were."""
        if not self:
            return {}
        tries = [one for ring in self.rings.values() for one in ring.tries]
        return {"calls that rang": sum(one.rang for one in tries), "tries to ring": len(tries),
                "rings of no carrier": sum(ring.forged for ring in self.rings.values())}

    def entries(self):
        """Everything as plain values, for the digest."""
        for ring in self.rings.values():
            for one in ring.tries:
                yield ring.call_id, ring.msisdn, ring.did, ring.carrier, one.node, one.life, one.clear, *one.seen.statuses
