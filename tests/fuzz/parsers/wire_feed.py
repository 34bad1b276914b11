"""A record of the feed: an event or BadRecord, as JSON or CSV; the event as a record is the same event."""

import json
from decimal import Decimal

from tectonics.domain.errors import BadRecord
from tectonics.domain.events import BalanceSeen, LifecycleSeen, Recharged, Reversed
from tectonics.domain.feed import event_of
from tectonics.domain.money import format_minor
from tectonics.domain.ticket import rfc3339
from tectonics.wire.feed import FIELDS, LINE_BYTES_MAX, read_fields
from tests.fuzz.contract import sentence

NOW = 1_795_000_000_000
COLUMNS = {name: number for number, name in enumerate(FIELDS, 1)}
TOKENS = (*(b'"%s":' % name.encode() for name in FIELDS), b'"recharge"', b'"reversal"', b'"balance"', b'"lifecycle"',
          b'"EUR"', b'"2026-11-18T10:00:00Z"', b"+33600000001", b'"account_type"', b'"prepaid"', b'"voucher"', b"5.00",
          b"1e3", b"null", b"{}", b"\\u0000", b'\\n', b"33600000001", b",", b'""')


def check(data: bytes) -> None:
    line = data.replace(b"\n", b" ")
    for columns in (None, COLUMNS):
        try:
            fields = read_fields(line, columns)
        except BadRecord as error:
            _refused(error)
            continue
        assert len(line) <= LINE_BYTES_MAX and set(fields) <= set(FIELDS)
        if columns is None or line.decode().lstrip().startswith("{"):
            _as_json_says(fields, line)
        _meant(fields)


def _refused(error: BadRecord) -> None:
    sentence(error, 500)
    assert error.id.isprintable() and " " not in error.id and 0 < len(error.id) <= 128


def _as_json_says(fields: dict[str, str], line: bytes) -> None:
    record = json.loads(line, parse_float=Decimal, parse_int=Decimal)
    for name, text in fields.items():
        value = record[name]
        assert Decimal(text) == value if isinstance(value, Decimal) else text == (value or "").strip()


def _meant(fields: dict[str, str]) -> None:
    try:
        event = event_of(fields, "EUR", "tcp", NOW, "33")
    except BadRecord as error:
        _refused(error)
        return
    again = read_fields(json.dumps(_record(event)).encode())
    assert event_of(again, "EUR", "tcp", NOW) == event


def _record(event) -> dict:
    told = {"id": event.id, "msisdn": event.msisdn}
    match event:
        case Recharged():
            return told | {"type": "recharge", "amount": format_minor(event.amount_minor, "EUR"), "currency": "EUR",
                           "time": rfc3339(event.happened_at), "class": event.kind, "node": event.node,
                           "ref": event.ref}
        case Reversed():
            return told | {"type": "reversal", "ref": event.ref}
        case BalanceSeen():
            return told | {"type": "balance", "balance": format_minor(event.balance_minor, "EUR"), "currency": "EUR"}
        case LifecycleSeen():
            return told | {"type": "lifecycle", "time": rfc3339(event.happened_at), "change": event.change,
                           "value": event.value}
