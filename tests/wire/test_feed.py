"""The feed's records: what is understood, what is refused and how clearly, and that nothing else escapes."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadRecord, TheirFault
from tectonics.domain.events import BalanceSeen, LifecycleSeen, Recharged, Reversed
from tectonics.domain.feed import event_of
from tectonics.domain.ticket import parse_rfc3339
from tectonics.wire.feed import FIELDS, read_fields
from tectonics.wire.lines import Lines

NOW = parse_rfc3339("2026-11-22T10:00:00Z")
RECHARGE = {
    "id": "r1",
    "type": "recharge",
    "msisdn": "+33600000001",
    "amount": "5.00",
    "currency": "EUR",
    "time": "2026-11-22T09:00:00Z",
}


def parse(line, **more):
    if not isinstance(line, bytes):
        line = json.dumps(line).encode()
    columns = more.pop("columns", None)
    return event_of(read_fields(line, columns), "EUR", "tcp", NOW, **more)


def refusal(line, **more):
    with pytest.raises(BadRecord) as caught:
        parse(line, **more)
    assert "\n" not in str(caught.value)
    return caught.value.id, str(caught.value)


def test_recharge():
    assert parse(RECHARGE | {"class": "etopup", "node": "in1", "ref": "v-9"}) == Recharged(
        "33600000001", "tcp", "r1", NOW, NOW - 3_600_000, 500, "EUR", "etopup", "in1", "v-9"
    )
    assert parse(RECHARGE).kind == "voucher"


@pytest.mark.parametrize(
    "number, minor",
    [
        ("5.1", 510),
        ("0.01", 1),
        ("5", 500),
        ("5.10", 510),
        ("5.000", 500),
        ("9007199254740.93", 900719925474093),
    ],
)
def test_a_number_is_read_to_the_digit(number, minor):
    line = json.dumps(RECHARGE).replace('"5.00"', number).encode()
    assert parse(line).amount_minor == minor


def test_the_other_types():
    assert parse(RECHARGE | {"type": "reversal", "id": "x", "ref": "r1"}) == Reversed(
        "33600000001", "tcp", "x", NOW, "r1"
    )
    assert parse(RECHARGE | {"type": "balance", "balance": "-1.20"}) == BalanceSeen(
        "33600000001", "tcp", "r1", NOW, -120
    )
    assert parse(RECHARGE | {"type": "balance"}).balance_minor == 500


@pytest.mark.parametrize(
    "fields", [{"class": "account_type", "ref": "postpaid"}, {"change": "account_type", "value": "postpaid"}]
)
def test_lifecycle(fields):
    assert parse(RECHARGE | {"type": "lifecycle"} | fields) == LifecycleSeen(
        "33600000001", "tcp", "r1", NOW, NOW - 3_600_000, "account_type", "postpaid"
    )


def test_csv_by_column_map():
    columns = {"id": 2, "type": 1, "msisdn": 3, "amount": 5, "currency": 6, "time": 4}
    line = b'recharge,"r,1",33600000001,2026-11-22T10:00:00+01:00,5.00,EUR,whatever'
    assert parse(line, columns=columns) == Recharged(
        "33600000001", "tcp", "r,1", NOW, NOW - 3_600_000, 500, "EUR"
    )
    assert parse(RECHARGE, columns=columns).id == "r1"
    assert refusal(b"recharge,r1", columns=columns) == ("-", "the line has 2 columns, 6 are needed")
    assert refusal(b'recharge,"r1', columns=columns)[1].startswith("the line is not CSV")
    assert refusal(b"", columns=columns)[1] == "the line has 0 columns, 6 are needed"


@pytest.mark.parametrize(
    "change, text",
    [
        ({"amount": "0"}, "amount must be more than zero"),
        ({"amount": "-5.00"}, "amount must be more than zero"),
        ({"amount": "5.001"}, "5.001 has more decimals than EUR has"),
        ({"amount": "99999999999999"}, "99999999999999 is beyond any account"),
        ({"amount": "1e3"}, "'1e3' is not an amount such as 2.50"),
        ({"amount": None}, "amount is missing"),
        ({"amount": ["5.00"]}, "amount must be text or a number"),
        ({"amount": True}, "amount must be text or a number"),
        ({"currency": "USD"}, "currency must be EUR"),
        ({"type": "gift"}, "type must be one of recharge, reversal, balance, lifecycle"),
        ({"class": "gift"}, "class must be one of voucher, etopup, transfer, bonus, refund, adjustment"),
        ({"time": "yesterday"}, "time must be RFC 3339 such as 2026-11-22T08:00:00Z"),
        ({"time": "2026-11-22T08:00:00"}, "time must be RFC 3339 such as 2026-11-22T08:00:00Z"),
        ({"time": "2026-02-30T08:00:00Z"}, "time is not a time of any calendar"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "time is before 1970"),
        ({"time": "2026-11-22T08:00:60Z"}, "time is not a time of any calendar"),
        ({"time": "1969-12-31T23:59:59Z"}, "time is before 1970"),
        ({"time": "2026-11-22T11:00:01Z"}, "time is in the future"),
        ({"time": ""}, "time is missing"),
        ({"msisdn": "12"}, "not a telephone number in international form, such as 33612345678"),
        ({"node": "n" * 65}, "node is longer than 64 characters"),
        ({"ref": "a\nb"}, "ref must be printable characters"),
        ({"type": "reversal"}, "ref is missing"),
        (
            {"type": "lifecycle", "class": "account_type", "ref": "gold"},
            "ref of an account_type record must be prepaid or postpaid",
        ),
    ],
)
def test_a_refusal_names_the_record_and_the_field(change, text):
    id, told = refusal(RECHARGE | change)
    assert told == text
    assert id == "r1"


@pytest.mark.parametrize(
    "line, text",
    [
        (b"", "the line is not JSON"),
        (b"{", "the line is not JSON"),
        (b"[1]", "the line is not a JSON object"),
        (b'{"id":"\xff"}', "the line is not UTF-8"),
        (b'{"id":"\\ud800"}', "the line is not JSON"),
        (b'{"id":' + b"[" * 4000, "the line is not JSON"),
        (b'{"type":"recharge"}', "id is missing"),
        (json.dumps({"id": "x" * 129}).encode(), "id is longer than 128 characters"),
        (b'{"id":["a"]}', "id must be text or a number"),
        (b'{"id":"a\\nOK b","amount":[]}', "amount must be text or a number"),
        (b'{"id":"a b","amount":[]}', "amount must be text or a number"),
        (b'{"id":"a b"}', "id must be printable characters without spaces"),
        (b'{"id":"a\\nb"}', "id must be printable characters without spaces"),
        (b" " * 5000, "line too long"),
    ],
)
def test_a_refusal_without_an_id(line, text):
    assert refusal(line) == ("-", text)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([*RECHARGE.values(), "reversal", "balance", "lifecycle", "activated"]),
    st.lists(st.integers(), max_size=2),
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_object_is_an_event_or_their_fault(fields):
    try:
        parse(RECHARGE | fields)
    except TheirFault as fault:
        assert str(fault).isprintable()


@given(st.binary(max_size=200), st.sampled_from([None, {"id": 1, "type": 2, "msisdn": 3}]))
def test_any_bytes_are_an_event_or_their_fault(line, columns):
    with pytest.raises(BadRecord):
        parse(line, columns=columns)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_lines_come_out_the_same_in_any_pieces(data, cuts):
    whole, pieces, bytewise = Lines(8), Lines(8), Lines(8)
    expected = whole.feed(data)
    places = [0, *sorted(cuts), len(data)]
    assert [line for a, b in pairwise(places) for line in pieces.feed(data[a:b])] == expected
    assert [line for byte in data for line in bytewise.feed(bytes([byte]))] == expected
    assert pieces.unfinished == bytewise.unfinished == whole.unfinished


def test_a_line_at_the_bound_is_whole_and_above_it_is_told_once():
    lines = Lines(4)
    assert lines.feed(b"1234\n12345678901234") == [b"1234", None]
    assert lines.feed(b"56\nok\r\n") == [b"ok"]
