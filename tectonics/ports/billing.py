"""A prepaid billing system."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.commands import Credit, Debit, Reserve, Settle
from tectonics.domain.outcome import Balance, NotFound, Outcome, Unavailable
from tectonics.domain.value import value


@value
class Capabilities:
    """What a connector promises about its billing system; the engine obeys."""

    deduplicates: bool = False  # the same `op` sent again is answered, not done again
    window_s: int = 0  # how long the peer remembers an `op`
    readable_back: bool = False  # `look_up` can tell what became of an `op`
    tells_balance: bool = True  # else only `covers` answers
    sessions: bool = False  # `reserve` and `settle` are there: session credit control
    told: bool = True  # False: it was never connected, what it can do is not known


class Billing(Protocol):
    """A prepaid billing system. Writes answer Outcome and never fail. Everything is answered by the
    deadline that the connector was configured with, Unknown or Unavailable where its peer is silent."""

    capabilities: Capabilities

    def balance(self, msisdn: str, node: str = "") -> Deferred[Balance | Unavailable]: ...

    def covers(self, msisdn: str, amount_minor: int, node: str = "") -> Deferred[bool | Unavailable]: ...

    def credit(self, command: Credit) -> Deferred[Outcome]: ...

    def debit(self, command: Debit) -> Deferred[Outcome]: ...

    def reserve(self, command: Reserve) -> Deferred[Outcome]:
        """Done: it is held; Refused("insufficient"): nothing is held for this `op`."""

    def settle(self, command: Settle) -> Deferred[Outcome]:
        """Done: that much was taken and the session is closed."""

    def look_up(self, op: str, msisdn: str, node: str = "") -> Deferred[Outcome | NotFound]: ...
