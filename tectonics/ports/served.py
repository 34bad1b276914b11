"""What channels, feeds and pages use."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.events import Event, FeedEvent
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Dialled, Screen, Style
from tectonics.ports.logs import PolicyVersion


class Dialogue(Protocol):
    """Serves the steps of menu sessions."""

    def step(self, style: Style, dialled: Dialled) -> Deferred[Screen]:
        """The next screen, within the style's budget. Never fails."""

    def ended(self, style: Style, session: str, msisdn: str) -> None:
        """The gateway says that the session is over."""


class Intake(Protocol):
    """Takes what the prepaid network tells."""

    def feed(self, event: FeedEvent) -> Deferred[str]:
        """`OK` once durable, `DUP` when seen before; fails with a TheirFault that says why not."""

    def backlogged(self) -> bool:
        """True while a feed should read no further."""


class Desk(Protocol):
    """Takes what people decide, through the same path as everything else."""

    def decide(self, event: Event) -> Deferred[str]:
        """Carries out a ProfileChanged, WrittenOff or a resolved answer; the sentence that says what
        was done. Fails with a TheirFault that says why not."""

    def reconcile(self) -> Deferred[list[dict]]:
        """Looks every unresolved money command up now; one dict (op, msisdn, result, text) each."""


class Policies(Protocol):
    """The policy in force."""

    current: Policy

    def replace(self, document: dict, who: str, note: str) -> Deferred[PolicyVersion]:
        """Puts a new version in force at once; fails with BadPolicy, all errors in its text."""
