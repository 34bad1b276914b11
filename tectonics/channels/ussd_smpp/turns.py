"""What a PDU means to the session that it belongs to. Pure: a session, what was heard, and the time give a turn.

A gateway says things twice: a deliver_sm whose answer was lost comes again over the next connection, a network doubles
it, an old one comes late.  What tells a repetition, best first:

    a unit number   (its_session_info) that is the newest one's; an older one is late. Where a number stays the same
                    under another text, or from the dialling to the first input, the gateway does not count after all
    the PDU itself  its sequence number and text, over the same connection
    the state       while a step is being answered nobody can have typed again

Where none of these tells it, a repetition passes for the next input; a dialogue of mode `last` is made so that the key
that confirms is never one that chooses, and an input that equals the newest is answered as that one was.

A dialling begins a new session, and ends the one that had its correlator: correlators come again within a second where
they are few.  Only the same dialling within REPEAT_MS whose screen is still being made, or was lost, is a repetition.
Where that is wrong, or a repetition begins a session, nothing moves: a dialling never does.
"""

from dataclasses import dataclass

from tectonics.channels.ussd_smpp.heard import (
    ABORT,
    BEGIN,
    EITHER,
    INPUT,
    SHOWN,
    UNCORRELATED,
    Addresses,
    Heard,
)
from tectonics.channels.ussd_smpp.said import UNITS

REPEAT_MS = 5000
Key = tuple[str, str, int]  # account, MSISDN, correlator

# turns
NEW, NEXT, REPEATED, DROPPED, GONE, ABORTED, CONFIRMED = "new", "next", "repeated", "dropped", "gone", "aborted", "confirmed"
# what became of the newest screen
COMING, SAID, UNHEARD = "coming", "said", "unheard"


@dataclass(slots=True, eq=False)
class Session:
    """One session. `number` and `peer` are those of the newest PDU."""

    id: str
    key: Key
    between: Addresses
    code: str
    more: str  # the inputs that were dialled with the code
    dialled: str
    began_at: int
    peer: object
    number: int
    counted: bool
    unit: int | None = None  # of the newest PDU
    step: int = 0  # the same, never beginning anew
    text: str = ""  # the newest input
    inputs: int = 0
    screen: str = COMING
    open: bool = True
    push: object = None  # who waits for the answer to what nobody dialled for
    expires_at: int = 0


def named(key: Key, id: str) -> str:
    """What a session is called in triggers: correlators come again, `id` never does."""
    account, _, correlator = key
    return f"{account}/{id}" if correlator == UNCORRELATED else f"{account}/{correlator:x}/{id}"


def turn(session: Session | None, heard: Heard, peer: object, number: int, now: int) -> str:
    """What this PDU means: NEW, NEXT, REPEATED, DROPPED, GONE, ABORTED or CONFIRMED."""
    kind = _kind(session, heard) if heard.kind == EITHER else heard.kind
    if kind == BEGIN:
        return _dialled(session, heard, peer, number, now)
    if session is None:
        return GONE if kind == INPUT else DROPPED
    if kind == ABORT:
        return ABORTED if session.open else DROPPED
    if kind == SHOWN:
        return CONFIRMED if session.push is not None else DROPPED
    return _typed(session, heard, peer, number)


def took(session: Session, heard: Heard, peer: object, number: int) -> None:
    """The session has this PDU as its newest."""
    if session.counted and heard.unit is not None and session.unit is not None:
        session.counted = heard.unit != session.unit
        session.step += (heard.unit - session.unit) % UNITS
    session.unit, session.peer, session.number = heard.unit, peer, number
    session.text, session.inputs, session.screen = heard.text, session.inputs + 1, COMING


def _kind(session: Session | None, heard: Heard) -> str:
    """Without an op: what was typed if it continues a session, unless it is a whole code."""
    if session is not None and session.open:
        return BEGIN if heard.text.startswith("*") and heard.text.endswith("#") else INPUT
    return BEGIN if heard.dialled.startswith(("*", "#")) else INPUT


def _dialled(session: Session | None, heard: Heard, peer: object, number: int, now: int) -> str:
    if session is None or session.push is not None or session.inputs or heard.dialled != session.dialled:
        return NEW
    if session.screen == SAID:
        return DROPPED if number == session.number and peer is session.peer else NEW
    if not 0 <= now - session.began_at < REPEAT_MS:
        return NEW
    return REPEATED if session.screen == UNHEARD else DROPPED


def _typed(session: Session, heard: Heard, peer: object, number: int) -> str:
    if _again(session, heard, peer, number):
        return REPEATED if session.screen == UNHEARD else DROPPED
    if not session.open:
        return GONE
    if session.screen == COMING or session.counted and _older(session, heard):
        return DROPPED
    return NEXT


def _again(session: Session, heard: Heard, peer: object, number: int) -> bool:
    """Whether it is certainly the newest PDU again."""
    same = heard.text == session.text and session.inputs > 0
    if session.counted and heard.unit is not None and session.unit is not None:
        return same and heard.unit == session.unit
    return same and (number == session.number and peer is session.peer or session.screen == COMING or not session.open)


def _older(session: Session, heard: Heard) -> bool:
    if heard.unit is None or session.unit is None:
        return False
    return (heard.unit - session.unit) % UNITS >= UNITS // 2
