"""What a record of the prepaid feed means: its text fields become a FeedEvent, or a clear refusal.

Nothing of a bad record is guessed: it is answered with one sentence that names the field, and with
its id where it has one, so that the sender can tell which of its pipelined records was meant.
"""

import re
from collections.abc import Callable, Mapping

from tectonics.domain.errors import BadMessage, BadRecord, TheirFault
from tectonics.domain.events import BalanceSeen, FeedEvent, LifecycleSeen, Recharged, Reversed
from tectonics.domain.money import parse_minor
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.recharge import CLASSES
from tectonics.domain.ticket import parse_rfc3339

ID_CHARS_MAX = 128
NODE_CHARS_MAX = 64
FUTURE_S_MAX = 3600  # clocks differ and zones are mistaken; more than this is no clock of a peer
CHANGES = ("activated", "sim_swapped", "ported", "recycled", "account_type")

# RFC 3339 section 5.6, date-time
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def event_of(fields: Mapping[str, str], currency: str, feed: str, now: int,
             country_code: str = "") -> FeedEvent:
    """The event that the record tells; BadRecord (a TheirFault) when it tells none.

    `currency` is the only one accepted, `now` (ms) the time of hearing.
    """
    id = _id(fields)
    try:
        maker = _MAKERS.get(fields.get("type", ""))
        if maker is None:
            raise BadMessage(f"type must be one of {', '.join(_MAKERS)}")
        number = parse_msisdn(_required(fields, "msisdn"), country_code)
        return maker(fields, number, feed, id, now, currency)
    except TheirFault as fault:
        raise BadRecord(str(fault), id) from fault


def _id(fields: Mapping[str, str]) -> str:
    id = fields.get("id", "")
    if not id:
        raise BadRecord("id is missing")
    if len(id) > ID_CHARS_MAX:
        raise BadRecord(f"id is longer than {ID_CHARS_MAX} characters")
    if not id.isprintable() or " " in id:
        raise BadRecord("id must be printable characters without spaces")
    return id


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise BadMessage(f"{name} is missing")
    return value


def _optional(fields: Mapping[str, str], name: str, chars_max: int) -> str:
    value = fields.get(name, "")
    if len(value) > chars_max:
        raise BadMessage(f"{name} is longer than {chars_max} characters")
    if not value.isprintable():
        raise BadMessage(f"{name} must be printable characters")
    return value


def _money(fields: Mapping[str, str], name: str, currency: str) -> int:
    given = _required(fields, "currency")
    if given != currency:
        raise BadMessage(f"currency must be {currency}")
    return parse_minor(_required(fields, name), currency)


def _time(fields: Mapping[str, str], now: int) -> int:
    text = _required(fields, "time").upper()
    if not _TIME.fullmatch(text):
        raise BadMessage("time must be RFC 3339 such as 2026-11-22T08:00:00Z")
    try:
        at = parse_rfc3339(text)
    except (ValueError, OverflowError):
        raise BadMessage("time is not a time of any calendar") from None
    if at < 0:
        raise BadMessage("time is before 1970")
    if at > now + FUTURE_S_MAX * 1000:
        raise BadMessage("time is in the future")
    return at


def _recharged(fields: Mapping[str, str], msisdn: str, feed: str, id: str, now: int,
               currency: str) -> Recharged:
    amount_minor = _money(fields, "amount", currency)
    if amount_minor <= 0:
        raise BadMessage("amount must be more than zero")
    kind = fields.get("class") or CLASSES[0]
    if kind not in CLASSES:
        raise BadMessage(f"class must be one of {', '.join(CLASSES)}")
    return Recharged(msisdn, feed, id, now, _time(fields, now), amount_minor, currency, kind,
                     _optional(fields, "node", NODE_CHARS_MAX), _optional(fields, "ref", ID_CHARS_MAX))


def _reversed(fields: Mapping[str, str], msisdn: str, feed: str, id: str, now: int,
              currency: str) -> Reversed:
    _required(fields, "ref")
    return Reversed(msisdn, feed, id, now, _optional(fields, "ref", ID_CHARS_MAX))


def _balance(fields: Mapping[str, str], msisdn: str, feed: str, id: str, now: int,
             currency: str) -> BalanceSeen:
    name = "balance" if fields.get("balance") else "amount"
    return BalanceSeen(msisdn, feed, id, now, _money(fields, name, currency))


def _lifecycle(fields: Mapping[str, str], msisdn: str, feed: str, id: str, now: int,
               currency: str) -> LifecycleSeen:
    change = fields.get("class") or fields.get("change", "")
    if change not in CHANGES:
        raise BadMessage(f"class of a lifecycle record must be one of {', '.join(CHANGES)}")
    name = "ref" if fields.get("ref") else "value"
    value = _optional(fields, name, ID_CHARS_MAX)
    if change == "account_type" and value not in ("prepaid", "postpaid"):
        raise BadMessage("ref of an account_type record must be prepaid or postpaid")
    return LifecycleSeen(msisdn, feed, id, now, _time(fields, now), change, value)


_MAKERS: dict[str, Callable[..., FeedEvent]] = {
    "recharge": _recharged, "reversal": _reversed, "balance": _balance, "lifecycle": _lifecycle}
