"""The other daemons over the same database."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.value import value


@value
class NodeSign:
    """The newest sign of life of one daemon."""

    name: str
    epoch: int  # its life
    beat: int  # counts its signs; a silent one's stands still
    state: str  # serving, stopped, gone
    at: int  # by its own clock


class Nodes(Protocol):
    """Who else is there. Fails with Busy or OurFault."""

    def sign(self, state: str, now: int) -> Deferred[None]:
        """This daemon is alive: serving, or stopped as it was told to."""

    def all(self) -> Deferred[list[NodeSign]]:
        """Every daemon there ever was, this one too."""

    def has_work(self, name: str) -> Deferred[bool]:
        """Whether commands that it had begun are waiting to be taken over."""

    def gone(self, name: str, beat: int) -> Deferred[None]:
        """It does not come back, unless it gave a sign since `beat`."""
