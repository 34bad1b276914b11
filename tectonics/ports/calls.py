"""Call servers and numbers."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain import commands
from tectonics.domain.call import Ended, Rung
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Outcome


class CallServer(Protocol):
    """Rings two people and connects them. Nothing here fails; each write ends, by `ring_s` or `until_at` at the latest.

    `again`: it may have been asked before a restart, or by another node. A leg that is found is waited for; one that
    is not is never rung (any more): NotAnswered or Ended with GONE or LOST.
    """

    def ring(self, command: commands.Ring, again: bool = False) -> Deferred[Rung]: ...

    def connect(self, command: commands.Connect, again: bool = False) -> Deferred[Rung]: ...

    def talk(self, command: commands.Talk, again: bool = False) -> Deferred[Ended]: ...

    def extend(self, call: str, until_at: int) -> None:
        """The conversation may go on until then."""

    def hang_up(self, command: commands.HangUp) -> Deferred[Outcome]: ...


class Numbering(Protocol):
    """Knows the numbering plans. Pure: the same arguments, the same answer."""

    def read(self, text: str, of: str) -> Number | None:
        """What the subscriber `of` (MSISDN) would reach by dialling `text`; None when that is no number."""
