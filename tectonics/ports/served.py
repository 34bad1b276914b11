"""What channels, feeds and pages use."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.events import Event, FeedEvent, Trigger
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Dialled, Screen, Style
from tectonics.domain.self_care import Entry, Menu, Overview, Visitor
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

    def call_back(self, msisdn: str, number: str, trigger: Trigger) -> Deferred[tuple[bool, str]]:
        """Asks for a call-back as the subscriber would: whether he is rung, and the sentence that answers."""

    def reconcile(self) -> Deferred[list[dict]]:
        """Looks every unresolved money command up now; one dict (op, msisdn, result, text) each."""


class SelfCare(Protocol):
    """What a subscriber does for himself on a page. `id` names one request: the same again gets the same answer.

    None where the visitor is not the number's holder any more; fails with a TheirFault that says why not, or OurFault.
    """

    def send_code(self, msisdn: str, id: str) -> Deferred[str]:
        """Sends a one-time code, if there is such a subscriber: a word for the counter (sent, stranger, limited)."""

    def enter(self, msisdn: str, code: str) -> Deferred[Visitor | None]:
        """Who he is, if this is the code; it is used up then."""

    def overview(self, visitor: Visitor) -> Deferred[Overview | None]: ...

    def history(self, visitor: Visitor, before: str = "") -> Deferred[tuple[list[Entry], str] | None]:
        """The newest entries before a mark, and the mark of those before them; empty: there are none."""

    def borrow(self, visitor: Visitor, id: str, *typed: str) -> Deferred[Menu | None]:
        """A step of the menu: nothing typed, a number of it, an amount; AGREE last lends what was shown."""

    def change(self, visitor: Visitor, id: str, change: str, value: str = "") -> Deferred[bool | None]:
        """Changes one of domain.self_care.CHANGES."""

    def call_back(self, visitor: Visitor, id: str, number: str) -> Deferred[str | None]:
        """Asks for a call-back to that number; the sentence that answers."""


class Policies(Protocol):
    """The policy in force."""

    current: Policy

    def replace(self, document: dict, who: str, note: str) -> Deferred[PolicyVersion]:
        """Puts a new version in force at once; fails with BadPolicy, all errors in its text."""
