"""The control interface against octets made by hand: questions, answers, and what has no place there."""

import pytest

from tectonics.wire.gsup.ctrl import Ctrl, CtrlTimes, Failed, Told, about, is_unknown, msisdn_in
from tectonics.wire.gsup.events import Down, Ignored, Up
from tests.wire.gsup.octets import IMSI, PING, PONG, frame, frames

NEVER = float("inf")
INFO = "\nid\t1\nimsi\t001010000000001\nmsisdn\t33600000001\nnam_cs\t1\nlmsi\t00000000"


def says(text: str) -> bytes:
    return frame(0xEE, b"\0" + text.encode())


@pytest.fixture
def up():
    made = Ctrl(CtrlTimes(answer_s=2, ping_s=30))
    made.connected(100)
    assert made.take() == PING and not made.up
    assert made.receive(PONG, 101) == [Up()] and made.up
    return made


def test_asks_and_is_told(up):
    assert up.ask(about(IMSI), 102) == 1 and up.ask("x", 102) == 2
    assert [(protocol, bytes.fromhex(payload)) for protocol, payload in frames(up.take())] == [
        (0xEE, b"\0GET 1 subscriber.by-imsi-001010000000001.info"), (0xEE, b"\0GET 2 x")]
    answers = says(f"GET_REPLY 1 {about(IMSI)} {INFO}") + says("ERROR 2 Command not found")
    assert up.receive(answers, 103) == [Told(1, INFO), Failed(2, "Command not found")]
    assert up.next_at == 133


def test_in_any_pieces(up):
    up.ask("x", 102)
    data = says("GET_REPLY 1 x \n1\n2") + PING
    assert [event for at in range(len(data)) for event in up.receive(data[at:at + 1], 103)] == [Told(1, "\n1\n2")]
    assert frames(up.take())[-1] == (0xFE, "01")


def test_a_question_without_an_answer_is_the_end_of_the_connection(up):
    up.ask("x", 110)
    assert up.next_at == 112 and up.due(111.9) == []
    assert up.due(112) == [Down("the peer answers no question")] and not up.up
    assert up.next_at == NEVER and up.take() == b""


def test_pings_in_silence(up):
    assert up.next_at == 131 and up.due(131) == [] and up.take() == PING
    assert up.receive(PONG, 132) == [] and up.next_at == 162
    up.due(162)
    assert up.next_at == 164 and up.due(164) == [Down("the peer answers no ping")]


def test_a_late_question_counts_also_when_a_ping_is_due(up):
    up.ask("x", 110)
    assert up.due(131) == [Down("the peer answers no question")]


def test_a_peer_that_does_not_answer_at_all():
    made = Ctrl(CtrlTimes(answer_s=2))
    assert made.due(1e9) == [] and made.next_at == NEVER
    made.connected(100)
    assert made.due(102) == [Down("the peer answers no ping")]


def test_a_new_connection_knows_nothing_of_the_old_one(up):
    up.ask("x", 102)
    up.receive(b"\0", 102)
    up.connected(103)
    assert not up.up and up.take() == PING
    assert up.receive(PONG, 103) == [Up()]
    assert up.receive(says("GET_REPLY 1 x 1"), 103) == [Ignored("not an answer to anything that we asked")]
    assert up.ask("x", 104) == 2


@pytest.mark.parametrize("data", [
    PONG, says("GET_REPLY 9 x 1"), says("TRAP 0 x 1"), says("ERROR err Command not found"), says(""),
    frame(0xEE, b"\5\x20"), frame(0x00, b""), b"\xff\xff\xee" + bytes(0xFFFF), frame(0xFE, b"\x04\x01\x08"),
])
def test_strays_are_ignored(up, data):
    up.ask("x", 102)
    [ignored] = up.receive(data, 102)
    assert isinstance(ignored, Ignored)
    assert up.receive(says("GET_REPLY 1 x 1"), 103) == [Told(1, "1")]


@pytest.mark.parametrize("info, msisdn", [
    (INFO, "33600000001"), (INFO.replace("msisdn\t33600000001\n", ""), None), ("", None), ("\nmsisdn\t", None),
    ("\nmsisdn\t+336", "+336"), ("\nid\tmsisdn\t336", None),
])
def test_the_number_of_a_subscriber(info, msisdn):
    assert msisdn_in(info) == msisdn


def test_who_is_not_there():
    assert is_unknown("No such subscriber.") and is_unknown("Invalid value part of 'by-xxx-value' selector.")
    assert not is_unknown("Command not found")
