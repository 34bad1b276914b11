"""The ledger's protocol: what is sent comes back, what is nonsense is told, in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire import ledger as wire
from tectonics.wire.lines import Lines

A = "33600000001"
REQUESTS = [
    wire.AskBalance(1, A),
    wire.AskCovers(2, A, 500),
    wire.AskCredit(3, "TEC-1", A, 500, "EUR", 99, "data", 60),
    wire.AskDebit(4, "TEC-2", A, 500, "EUR", 99),
    wire.AskLookUp(5, "TEC-1", A),
    wire.AskPost(6, A, "tcp:1", "recharge", 5, "feed:tcp", 500, "EUR", "voucher", "x"),
    wire.AskOpen(7, A, "EUR", 5),
    wire.AskAccount(8, A),
    wire.AskMovements(9, A, 10),
    wire.AskMovementsAfter(10, 0, 10, True),
    wire.AskFaults(11, {"refuse": 1}),
    wire.AskReserve(12, "TEC-3", A, 500, "EUR", 99, "s1", 600),
    wire.AskSettle(13, "TEC-4", A, 0, "EUR", 99, "s1"),
]
ANSWERS = [
    wire.Hello(1, True, 60, True, True),
    wire.Hello(1, True, 60, True, True, True),
    wire.Done(1, "L1", 5),
    wire.Refused(2, "blocked", "x"),
    wire.Unknown(3, "x"),
    wire.NotFound(4),
    wire.Amount(5, -7, 9),
    wire.Unavailable(6, "x"),
    wire.Value(7, [{"a": 1}]),
    wire.Fault(8, "busy", "x"),
]


def through(messages, line_bytes_max, piece):
    stream = b"".join(map(wire.encode, messages))
    lines = Lines(line_bytes_max)
    return [
        line for start in range(0, len(stream), piece) for line in lines.feed(stream[start : start + piece])
    ]


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_whole_and_in_pieces(piece):
    assert [
        wire.decode_request(line) for line in through(REQUESTS, wire.REQUEST_BYTES_MAX, piece)
    ] == REQUESTS
    assert [wire.decode_answer(line) for line in through(ANSWERS, wire.ANSWER_BYTES_MAX, piece)] == ANSWERS


def test_the_bytes_of_a_credit():
    assert wire.encode(REQUESTS[2]) == (
        b'{"do":"credit","n":3,"op":"TEC-1","msisdn":"33600000001","amount_minor":500,"currency":"EUR",'
        b'"until_at":99,"balance_type":"data","valid_s":60}\n'
    )


def test_the_bytes_of_a_reservation_and_of_a_settlement():
    assert wire.encode(REQUESTS[-2]) == (
        b'{"do":"reserve","n":12,"op":"TEC-3","msisdn":"33600000001","amount_minor":500,"currency":"EUR",'
        b'"until_at":99,"session":"s1","valid_s":600}\n'
    )
    assert wire.encode(REQUESTS[-1]) == (
        b'{"do":"settle","n":13,"op":"TEC-4","msisdn":"33600000001","amount_minor":0,"currency":"EUR",'
        b'"until_at":99,"session":"s1"}\n'
    )


def test_a_greeting_of_before_has_no_sessions():
    line = b'{"is":"hello","version":1,"deduplicates":true,"window_s":60,"readable_back":true,"tells_balance":true}'
    assert wire.decode_answer(line) == wire.Hello(1, True, 60, True, True, False)


@pytest.mark.parametrize(
    "line",
    [
        None,
        b"",
        b"{}",
        b'{"do":"steal","n":1}',
        b'{"do":"\x7f","n":1}',
        b'{"do":"a\\nb","n":1}',
        b'{"do":"balance","n":1}',
        b'{"do":"balance","n":-1,"msisdn":"33600000001"}',
        b'{"do":"balance","n":1,"msisdn":"12"}',
        b'{"do":"balance","n":1,"msisdn":"33600000001\\n"}',
        b'{"do":"covers","n":1,"msisdn":"33600000001","amount_minor":1.5}',
        b'{"do":"covers","n":1,"msisdn":"33600000001","amount_minor":9999999999999999}',
        b'{"do":"faults","n":1,"changes":' + b"[" * 3000,
        wire.encode(REQUESTS[5]).replace(b'"recharge"', b'"call"'),
        wire.encode(REQUESTS[5]).replace(b'"recharge"', b'"opening"'),
        wire.encode(REQUESTS[-1]).replace(b'"s1"', b'""'),
        wire.encode(REQUESTS[-2]).replace(b"600}", b"-1}"),
        b"\xff\xfe",
    ],
)
def test_nonsense_is_their_fault(line):
    with pytest.raises(BadMessage) as caught:
        wire.decode_request(line)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_their_fault(line):
    for decode in (wire.decode_request, wire.decode_answer):
        with pytest.raises(BadMessage):
            decode(line)
