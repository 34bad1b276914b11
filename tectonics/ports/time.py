"""Time and ids."""

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Twisted's IReactorTime: the reactor, or task.Clock on the virtual clock."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable, *args, **kwargs): ...


class Ids(Protocol):
    """New identities: unique for ever, rising with time within a process, 26 characters."""

    def new(self, now: int) -> str: ...
