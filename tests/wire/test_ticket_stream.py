"""The lines of the acknowledged stream: golden, whole and byte by byte, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.ticket_stream import (
    COMMAND_BYTES_MAX,
    SEQ_MAX,
    TICKET_BYTES_MAX,
    Ack,
    ClientSide,
    Err,
    Gap,
    Hello,
    Ok,
    Ping,
    Pong,
    Record,
    ServerSide,
    encode,
    flag_repetition,
)

COMMANDS = [
    (b"HELLO 1 mediation\n", Hello("mediation")),
    (b"HELLO 1 a.b_c-1 after=n1:41\n", Hello("a.b_c-1", "n1", 41)),
    (b"HELLO 1 mediation after=n2:\n", Hello("mediation", "n2", None)),
]
LATER = [(b"ACK n1:42\n", Ack("n1", 42)), (b"PONG\n", Pong())]
ANSWERS = [
    (b"OK n1 oldest=1 newest=0\n", Ok("n1", 1, 0)),
    (b"GAP n1 oldest=17\n", Gap("n1", 17)),
    (b"PING\n", Ping()),
    (b"ERR say HELLO first\n", Err("say HELLO first")),
    (b'{"origin":"n1","seq":1}\n', Record(b'{"origin":"n1","seq":1}')),
]

names = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
numbers = st.integers(0, SEQ_MAX)


def feed(side, data: bytes, size: int) -> list:
    return [event for start in range(0, len(data), size) for event in side.receive(data[start:start + size])]


@pytest.mark.parametrize("line, event", COMMANDS + LATER + ANSWERS)
def test_encodes_golden_lines(line, event):
    assert encode(event) == line


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize("hello", COMMANDS)
def test_server_hears_the_same_whole_and_in_pieces(hello, size):
    data = hello[0] + b"".join(line for line, _ in LATER)
    assert feed(ServerSide(), data, size) == [hello[1]] + [event for _, event in LATER]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_client_hears_the_same_whole_and_in_pieces(size):
    data = b"".join(line for line, _ in ANSWERS)
    assert feed(ClientSide(), data, size) == [event for _, event in ANSWERS]


def test_carriage_returns_are_accepted():
    assert feed(ServerSide(), b"HELLO 1 x\r\nPONG\r\n", 100) == [Hello("x"), Pong()]


@pytest.mark.parametrize("data, why", [
    (b"ACK n1:1\n", "say HELLO first"),
    (b"HELLO 1 x\nHELLO 1 x\n", "HELLO was said already"),
    (b"HELLO 2 x\n", "version 2"),
    (b"HELLO 1 sl/ash\n", "a consumer's name"),
    (b"HELLO 1 " + b"x" * 65 + b"\n", "a consumer's name"),
    (b"HELLO 1\n", "expected HELLO"),
    (b"HELLO 1 x after=n1:-1\n", "expected HELLO"),
    (b"HELLO 1 x after=n1:9999999999999999999\n", "63 bits"),
    (b"HELLO 1 x\nACK n1:\xd9\xa1\n", "expected"),
    (b"\xff\xfe\n", "not UTF-8"),
    (b"GET / HTTP/1.1\r\n", "expected HELLO"),
    (b"\n", "expected HELLO"),
    (b"x" * (COMMAND_BYTES_MAX + 1) + b"\n", "longer than 256"),
    (b"x" * (COMMAND_BYTES_MAX + 2), "longer than 256"),
])
@pytest.mark.parametrize("size", [1, 10_000])
def test_server_refuses_with_one_clear_sentence(data, why, size):
    with pytest.raises(BadMessage, match=why) as error:
        feed(ServerSide(), data, size)
    assert "\n" not in str(error.value)


def test_events_before_a_fault_are_delivered():
    heard = []
    with pytest.raises(BadMessage):
        heard.extend(ServerSide().receive(b"HELLO 1 x\nPONG\nnonsense\nPONG\n"))
    assert heard == [Hello("x"), Pong()]


def test_a_ticket_may_be_as_long_as_the_bound_and_no_longer():
    line = b"{" + b"x" * (TICKET_BYTES_MAX - 2) + b"}"
    assert feed(ClientSide(), line + b"\n", 1000) == [Record(line)]
    with pytest.raises(BadMessage):
        feed(ClientSide(), line + b"}\n", 1000)


def test_an_error_is_one_line_whatever_the_text():
    assert encode(Err("two\nlines\r\nand  spaces")) == b"ERR two lines and spaces\n"


def test_dup_is_the_last_field():
    assert flag_repetition(b'{"seq":1,"id":"x"}') == b'{"seq":1,"id":"x","dup":true}'


@given(names, names, st.none() | numbers)
def test_hello_survives_the_wire(name, origin, after):
    event = Hello(name, origin, after)
    assert feed(ServerSide(), encode(event), 5) == [event]


@given(names, numbers, numbers)
def test_answers_survive_the_wire(origin, oldest, newest):
    events = [Ok(origin, oldest, newest), Gap(origin, oldest)]
    assert feed(ClientSide(), b"".join(map(encode, events)), 5) == events


@given(st.binary(max_size=600), st.integers(1, 50))
def test_any_bytes_are_heard_or_refused_alike(data, size):
    def outcome(step):
        heard, side = [], ServerSide()
        try:
            for start in range(0, len(data), step):
                heard.extend(side.receive(data[start:start + step]))
        except BadMessage:
            heard.append("refused")
        return heard
    assert outcome(size) == outcome(len(data) + 1)


@pytest.mark.parametrize("line, heard", [
    (b"{" + b"x" * (TICKET_BYTES_MAX - 1) + b"\r\n", 1), (b"{" + b"x" * TICKET_BYTES_MAX, 0),
    (b"{" + b"x" * (TICKET_BYTES_MAX - 1) + b"\r\r\n", 0)])
def test_the_ending_does_not_count(line, heard):
    side, records = ClientSide(), []
    try:
        records.extend(side.receive(line))
        records.extend(side.receive(b"\n"))
    except BadMessage as error:
        assert str(error) == f"a line is longer than {TICKET_BYTES_MAX} bytes" or heard
    assert len(records) == heard
