"""Questions at a peer that says anything: the same events in any pieces, each question answered once at most."""

from tectonics.wire.gsup.ctrl import Ctrl, CtrlTimes, Failed, Told, msisdn_in
from tectonics.wire.gsup.events import Down, Up
from tests.fuzz.contract import alike, sentence
from tests.wire.gsup.octets import PING, PONG, frame

TOKENS = (PING, PONG, frame(0xEE, b"\0GET_REPLY 1 x \nmsisdn\t336\n"), frame(0xEE, b"\0ERROR 2 No such subscriber."),
          frame(0xEE, b"\0TRAP 0 x 1"), frame(0xEE, b"\0"), frame(0xEE, b"\5"), b"GET_REPLY 3 x ", b"\xff\xff\xee")
ASKED = 3


def check(data: bytes) -> None:
    alike(_heard, data)


def _heard(pieces: list[bytes]) -> tuple[list, bytes]:
    ctrl = Ctrl(CtrlTimes())
    ctrl.connected(0.0)
    ctrl.receive(PONG, 0.0)
    for _ in range(ASKED):
        ctrl.ask("x", 0.0)
    heard = [event for piece in pieces for event in ctrl.receive(piece, 1.0)]
    numbers = [event.number for event in heard if isinstance(event, Told | Failed)]
    assert len(numbers) == len(set(numbers)) <= ASKED
    for event in heard:
        if isinstance(event, Told):
            assert msisdn_in(event.value) is None or msisdn_in(event.value) in event.value
        elif not isinstance(event, Up | Failed):
            sentence(event)
    said = ctrl.take()
    late = ctrl.due(2.0)
    assert (late == [Down("the peer answers no question")]) == (len(numbers) < ASKED)
    return heard, said
