"""One menu session in memory, and how a request continues it.

What a request is, for those who look at how long answers take: DIAL the first one, INPUT a choice that moves nothing, CONFIRM
the one that agrees to an offer, CALL the code of call-backs, AT_ONCE one that is answered without asking anybody (it
came before, or is turned away).
"""

from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from tectonics.domain.events import Trigger
from tectonics.domain.screens import Dialled, Style
from tectonics.workflows.snapshot import Snapshot

DIAL, INPUT, CONFIRM, CALL, AT_ONCE = "dial", "input", "confirm", "call", "at_once"


@dataclass(slots=True)
class Session:
    """What is kept of one session between two requests; the answers encoded, being many and seldom asked for."""

    snapshot: Snapshot | None = None
    seen: str = ""  # the text of the newest request
    answers: dict[str, bytes] = field(default_factory=dict)
    running: dict[str, list[Deferred]] = field(default_factory=dict)
    expires_at: int = 0
    step: int = -1  # the newest that was answered, where the gateway counts
    doing: str = DIAL  # what the newest request is


def trigger_of_step(style: Style, dialled: Dialled, part: str) -> Trigger:
    """The peer's own id of this request: its session, and the step in it."""
    if style.counted:
        part = f"#{dialled.step}"
    elif style.mode == "cumulative":
        part = dialled.text
    return Trigger(style.channel, f"{dialled.session}|{part}")


def new_input(style: Style, session: Session, dialled: Dialled) -> str | None:
    """What was typed now; None when the request does not continue this session."""
    if style.mode != "cumulative":
        return dialled.text
    if not session.seen:
        return dialled.text
    prefix = session.seen + "*"
    return dialled.text[len(prefix):] if dialled.text.startswith(prefix) else None
