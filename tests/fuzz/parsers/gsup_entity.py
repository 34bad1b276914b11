"""An entity on a link with a peer that says anything: the same events and answers in any pieces, and its bounds.

Everything that can be answered is answered, by a question first and the last word then.
"""

from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import Answered, Dialled, Down, Event, Up
from tectonics.wire.map.ussd import GSM7, Words
from tests.fuzz.contract import alike, sentence
from tests.wire.gsup.octets import (
    BEGIN,
    CONTINUE,
    DIALLED_133,
    END,
    ERROR,
    GREETED,
    IDENTITY_REQUEST,
    NOTE,
    PING,
    PONG,
    REQUEST,
    answered,
    ss,
)

TOKENS = (IDENTITY_REQUEST, PING, PONG, NOTE, ss(REQUEST, BEGIN, DIALLED_133), ss(REQUEST, BEGIN, DIALLED_133, session=8),
          ss(REQUEST, CONTINUE, answered("1")), ss(REQUEST, CONTINUE, answered("1", 2)), ss(REQUEST, END), ss(ERROR, END, more="020160"),
          ss(REQUEST, BEGIN, "a106 020109 02013b"), ss(REQUEST, CONTINUE, "a306 020101 020147"), b"\x00\x10\xee\x05\x20", b"\xff\xff\xee")
SCREEN = Words(GSM7, b"x" * 128)
SESSIONS_MAX = 3


def check(data: bytes) -> None:
    for known in (b"", GREETED):
        alike(lambda pieces, known=known: _heard([known, *pieces]), data)


def _heard(pieces: list[bytes]) -> tuple[list[Event], bytes]:
    entity = Entity("EUSE-x", Excuses(SCREEN, SCREEN), Limits(sessions_max=SESSIONS_MAX))
    entity.connected(0.0)
    heard = [event for piece in pieces for event in entity.receive(piece, 1.0)]
    for event in heard:
        if not isinstance(event, Up):
            sentence(event)
    said = entity.take()
    assert entity.sessions <= SESSIONS_MAX
    for event in heard:
        if isinstance(event, Dialled | Answered):
            entity.end(event.key, SCREEN)
    ended = [event for event in entity.due(1000.0) if not isinstance(event, Down)]
    assert entity.sessions == 0
    return heard, said + repr(ended).encode()
