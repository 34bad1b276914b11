"""What is counted and shown, and administration."""

from collections.abc import Iterable
from dataclasses import field
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.value import value


class Metrics(Protocol):
    """The one registry of what is counted. Names and labels are declared in oam/metrics_declared.py."""

    def count(self, name: str, *labels: str, by: int = 1) -> None: ...

    def gauge(self, name: str, value: float, *labels: str) -> None: ...

    def observe(self, name: str, seconds: float, *labels: str) -> None: ...


@value
class Acknowledgement:
    """Who looks after an alarm, and since when."""

    who: str
    at: int
    note: str = ""


@value
class Alarm:
    """An active alarm; `id` is stable: kind, and what it concerns."""

    id: str
    severity: str  # critical, major, minor, warning
    since_at: int
    text: str  # what is wrong
    advice: str  # what to do
    cause: str = ""  # the probable cause, ITU-T X.733
    raises: int = 1  # how often it was raised since `since_at`
    flapping: bool = False  # it comes and goes; whoever watches is not told each time
    acknowledged: Acknowledgement | None = None


class Alarms(Protocol):
    """Raise and clear in pairs; raising what is raised changes nothing but its text."""

    def raise_alarm(self, kind: str, text: str, about: str = "") -> None: ...

    def clear(self, kind: str, about: str = "") -> None: ...

    def active(self) -> list[Alarm]: ...


class Administration(Protocol):
    """What the CLI, the API and the pages ask of the daemon: one method name, named parameters.

    The answer is plain data for JSON; it fails with a TheirFault that says what to do.  `who` is
    the authenticated person or program, for the audit ticket.
    """

    def call(self, method: str, params: dict, who: str) -> Deferred[object]: ...

    def methods(self) -> Iterable[str]: ...


@value
class Listener:
    """A port that the daemon serves: what it is and where."""

    name: str
    address: str
    extra: dict = field(default_factory=dict)
