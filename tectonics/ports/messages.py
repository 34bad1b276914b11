"""Short messages, out and in."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.commands import Notify
from tectonics.domain.delivery import Begun, Part, Sent
from tectonics.domain.keywords import Request
from tectonics.domain.outcome import Outcome
from tectonics.domain.value import value


class Messenger(Protocol):
    """Sends a short message. Never fails."""

    def send(self, command: Notify) -> Deferred[Outcome]: ...


class MessageLog(Protocol):
    """What became of each part of each message; an account's name and the centre's id find a part again.

    Fails with Busy or OurFault.
    """

    def begin(self, msisdn: str, op: str, parts: int, reference: int, now: int,
              quiet_ms: int) -> Deferred[Begun]:
        """Marks all that is open of a message as `sending`, before any of it is sent; what was known of it.

        Another node's mark that is younger than `quiet_ms` is left alone (`elsewhere`).
        """

    def note(self, msisdn: str, op: str, part: Part, now: int, finished: bool = False) -> Deferred[None]:
        """What became of sending a part; `finished`: the command leaves the outbox in the same transaction.

        A part that has an id keeps it.
        """

    def find(self, account: str, id: str) -> Deferred[list[Sent]]:
        """The newest parts that have this id, at most two."""

    def settle(self, sent: Sent, state: str, now: int) -> Deferred[bool]:
        """The final state of a part that was `sent`; False when it is known already."""

    def forget(self, before: int) -> Deferred[int]:
        """Deletes what began before that time (ms), unless its command is still in the outbox; how much."""


@value
class ShortMessage:
    """What a subscriber wrote to us. The same `id` is the same message, however often it is delivered."""

    channel: str
    id: str
    msisdn: str
    to: str  # the number that he wrote to
    text: str
    at: int
    asks: Request | None = None  # what it means, where it was not written


class Correspondence(Protocol):
    """Takes what subscribers write."""

    def received(self, message: ShortMessage) -> Deferred[None]:
        """Fires when what it asks for is committed, so that it may be acknowledged; fails with Busy when it
        should be sent again."""
