"""The link under an entity: who we are, keep-alive, and what has no place on it."""

import re

import pytest

from tectonics.wire.gsup.events import Down, Ignored, Up
from tectonics.wire.gsup.link import Link, Times
from tectonics.wire.gsup.message import Message, State
from tests.wire.gsup.octets import (
    GREETED,
    IDENTITY_REQUEST,
    IMSI,
    NOTE,
    PING,
    PONG,
    REQUEST,
    frame,
    frames,
    ss,
)

NEVER = float("inf")
ANOTHERS = Message(0x20, "0" * 15, 0, State.CONTINUE, source=b"EUSE-textonics\0", destination=b"EUSE-textonics\0")


def hear(link, data, now):
    return list(link.receive(data, now))


@pytest.fixture
def link():
    return Link("EUSE-tectonics", Times(identity_s=10, ping_s=30, pong_s=5))


@pytest.fixture
def up(link):
    link.connected(100)
    hear(link, GREETED, 100)
    link.take()
    return link


def test_says_who_we_are_when_asked(link):
    link.connected(100)
    assert link.take() == b"" and not link.up
    assert hear(link, IDENTITY_REQUEST, 101) == [] and not link.up
    [(protocol, payload), *behind] = frames(link.take())
    assert protocol == 0xFE and behind == frames(PING + NOTE)
    name = b"EUSE-tectonics\0".hex()
    assert payload.startswith("05") and f"001001{name}" in payload and f"001000{name}" in payload
    assert link.take() == b""


@pytest.mark.parametrize("proof, told", [
    (NOTE, [Up()]), (PONG + NOTE * 3, [Up()]), (NOTE.replace(b"EUSE-tec", b"EUSE-tex"), [Up(), ANOTHERS]),
    (bytes.fromhex("000c ee 05 20 0108 00010100000000f1"), [Up(), Message(0x20, IMSI)]),
])
def test_is_up_once_the_peer_routes_to_us(link, proof, told):
    link.connected(100)
    hear(link, IDENTITY_REQUEST, 100)
    assert hear(link, proof, 101) == told and link.up


@pytest.mark.parametrize("heard, why", [
    (b"", "the peer answers no ping"), (PONG, "the peer routes our name to another connection"),
    (bytes.fromhex("0001 fe 06"), "the peer routes our name to another connection"),
    (PONG + NOTE.replace(b"\x05\x20", b"\x05\x4e"), "the peer routes our name to another connection"),
    (bytes.fromhex("0002 ee 05 20"), "the peer answers no ping"),
])
def test_is_down_when_nothing_is_routed_to_us_in_time(link, heard, why):
    link.connected(100)
    assert not [event for event in hear(link, IDENTITY_REQUEST + heard, 105) if not isinstance(event, Ignored)]
    assert not link.up and link.next_at == 110
    assert link.due(110) == [Down(why)]


def test_the_note_of_another_process_of_our_name_says_nothing(up):
    assert hear(up, NOTE, 120) == [] and up.take() == b""


def test_answers_only_what_is_asked_and_always_its_name(link):
    link.connected(0)
    hear(link, bytes.fromhex("0003 fe 040108"), 0)
    assert frames(link.take())[:1] == [(0xFE, "05" + "000708" + b"0/0/0\0".hex() + "001000" + b"EUSE-tectonics\0".hex())]


def test_is_up_once(up):
    assert hear(up, IDENTITY_REQUEST + bytes.fromhex("0001 fe 06"), 101) == []
    assert len(frames(up.take())) == 1


def test_is_down_when_nobody_asks(link):
    link.connected(100)
    assert link.next_at == 110
    assert link.due(109.9) == []
    assert link.due(110) == [Down("the peer did not ask who we are")]
    assert link.next_at == NEVER and link.due(1000) == []


def test_a_frame_before_the_question_does_not_make_it_up(link):
    link.connected(100)
    assert hear(link, PONG + ss(REQUEST, 1), 105) == [
        Ignored("an answer to nothing that we asked"), Ignored("a message before the peer asked who we are")]
    assert link.next_at == 110


def test_is_down_when_it_does_not_come_up_in_time(link):
    link.connected(100)
    hear(link, IDENTITY_REQUEST + PING, 105)
    assert link.due(110) == [Down("the peer answers no ping")]


def test_pings_when_it_hears_nothing_and_is_down_without_an_answer(up):
    assert up.next_at == 130
    assert (up.due(130), up.take()) == ([], PING)
    assert up.due(134.9) == [] and up.take() == b""
    assert up.due(135) == [Down("the peer answers no ping")]
    assert not up.up and up.next_at == NEVER


def test_anything_heard_is_a_sign_of_life(up):
    hear(up, PONG, 120)
    assert up.next_at == 150
    up.due(150)
    hear(up, frame(0x77, b"?"), 154)
    assert (up.next_at, up.due(155)) == (184, [])


def test_answers_pings(up):
    assert hear(up, PING * 3, 101) == []
    assert up.take() == PONG * 3


@pytest.mark.parametrize("data, why", [
    (b"\xff\xff\xee" + bytes(65535), "a frame is too long"),
    (frame(0x77, b"abc"), "frames of protocol 0x77"),
    (frame(0xEE, b""), "frames of protocol 0xee"),
    (frame(0xEE, b"\x00get"), "frames of protocol 0xee"),
    (frame(0xEE, b"\x05"), "an empty GSUP message"),
    (frame(0xFE, b""), "an empty CCM message"),
    (frame(0xFE, bytes.fromhex("05000200")), "does not fit"),
    (frame(0xFE, b"\x05"), "an answer to nothing that we asked"),
])
def test_odd_frames_are_told_and_survived(up, data, why):
    [ignored, *after] = hear(up, data + PING, 101)
    assert isinstance(ignored, Ignored) and re.search(why, ignored.why)
    assert after == [] and up.take() == PONG


def test_nothing_of_an_old_connection_reaches_a_new_one(up):
    hear(up, PING + b"\x00\x05\xee", 101)
    up.disconnected()
    assert up.take() == b"" and not up.up
    up.connected(200)
    assert hear(up, GREETED, 200) == [Up()]
