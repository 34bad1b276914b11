"""A session's ends against any octets: the same in any pieces, one end, every request of ours one outcome."""

from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import Answered, Asked, Closed, Unanswered
from tectonics.wire.smpp.pdus import BindTransceiver, DeliverSm, SubmitSm, answer_to
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.smsc import Smsc
from tectonics.wire.smpp.stream import Fault, Stream
from tests.fuzz.contract import alike, sentence

LIMITS = Limits(window=2, asked_max=3)
SAID = [encode(pdu) for pdu in (
    BindTransceiver("me", sequence=1), SubmitSm(sequence=2), DeliverSm(sequence=3, short_message=b"SOS"),
    *(answer_to(command, number, 0) for command in (0x04, 0x05, 0x06, 0x09, 0x15) for number in (1, 2, 3)))]
TOKENS = (*SAID, bytes.fromhex("00000010000000060000000000000009"), bytes.fromhex("00000010000000150000000000000009"),
          bytes.fromhex("00000010800000000000000300000002"), bytes.fromhex("00000011800000040000000000000002ff"),
          bytes.fromhex("00000014000000040000000000000007ffffffff"), bytes.fromhex("00000010000000210000000000000008"))


def check(data: bytes) -> None:
    for start in (_binding, _bound, lambda: Smsc(0.0, LIMITS), _bound_to):
        alike(lambda pieces, start=start: _heard(start(), pieces), data)


def _binding() -> Esme:
    session = Esme(0.0, LIMITS)
    session.bind(BindTransceiver("us"), 0.0)
    return session


def _bound() -> Esme:
    session = _binding()
    session.receive(encode(answer_to(BindTransceiver.command, 1, 0)), 0.0)
    session.send(SubmitSm(), "a", 0.0)
    session.send(SubmitSm(), "b", 0.0)
    return session


def _bound_to() -> Smsc:
    session = Smsc(0.0, LIMITS)
    event, = session.receive(encode(BindTransceiver(sequence=1)), 0.0)
    session.accept(event.bind, "us")
    session.send(DeliverSm(), "a", 0.0)
    return session


def _heard(session, pieces: list[bytes]) -> tuple[list, bytes]:
    """The owner answers when all has been heard, so that it is the same however it is cut."""
    events, sent = [], sorted(one.token for one in session._window._waiting.values() if one.token)
    for piece in pieces:
        events += session.receive(piece, 0.0)
        assert session.unanswered <= LIMITS.asked_max
    for event in events:
        if isinstance(event, Asked):
            session.answer(event.request, answer_to(event.request.command, 0, 0))
    assert session.unanswered == 0
    said = session.take()
    assert not any(isinstance(found, Fault) for found in Stream().feed(said))
    events += session.close("the end")
    assert [place for place, event in enumerate(events) if isinstance(event, Closed)] == [len(events) - 1]
    sentence(events[-1].why)
    outcomes = [event.token for event in events if isinstance(event, Answered | Unanswered)]
    assert sorted(outcomes) == sent
    return events, said
