"""The settings of call-backs: where one may call, what it costs, how long, how often."""

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tectonics.config.values import Count, Duration, Flag, Money, Name, Section, duration_s, money_minor
from tectonics.domain import call_rules as domain
from tectonics.domain.call import Rate
from tectonics.domain.numbers import KINDS
from tectonics.domain.subscriber import CALL_MARKS_MAX
from tectonics.domain.tariff import Destination as Priced

Fault = tuple[tuple, str]
_PER_SUBSCRIBER = Annotated[Count, Field(le=CALL_MARKS_MAX)]
_TOGETHER = Annotated[Count, Field(le=domain.LIMIT_MAX)]


def _prefix(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    text = text.removeprefix("+")
    if not (text.isascii() and text.isdigit() and len(text) <= 15) or text.startswith("0"):
        raise ValueError("expected how international numbers begin, such as \"33\" or \"3361\"")
    return text


def _service_number(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else "?"
    if text and not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError("expected a number in digits, such as \"33144\", or \"\" for none")
    return text


class Destination(Section):
    """Numbers that cost the same."""

    name: Name = Field(description="its name in tickets")
    prefixes: tuple[Annotated[str, BeforeValidator(_prefix)], ...] = Field(
        min_length=1, max_length=500, description="how its international numbers begin; the longest of all destinations counts")
    minute: Money = Field(description="what a minute costs")
    setup: Money = Field("0", description="what being connected costs besides")
    first: Duration = Field("30s", description="so much is charged whole")
    then: Duration = Field("6s", description="and then each begun part of this length")
    high_cost: Flag = Field(False, description="whether the caps of high_cost hold there")


class Limits(Section):
    """How many calls may be begun; null: any number."""

    hour_max: _PER_SUBSCRIBER | None = Field(10, description="of one subscriber in an hour")
    day_max: _PER_SUBSCRIBER | None = Field(30, description="of one subscriber in 24 hours")
    b_hour_max: _TOGETHER | None = Field(10, description="of all subscribers to one number in an hour")
    range_hour_max: _TOGETHER | None = Field(
        30, description="of all subscribers to numbers that differ in the last four digits only, in an hour")


class HighCost(Section):
    """Tighter caps for dear destinations."""

    talk_most: Duration = Field("10m", description="the longest conversation")
    day_max: _PER_SUBSCRIBER | None = Field(3, description="calls of one subscriber in 24 hours; null: any number")


class Postpaid(Section):
    """What subscribers with a bill may use in a billing cycle; null: any amount."""

    allowance: Duration | None = Field("10h", description="talk time")
    allowance_amount: Money | None = Field(None, description="its price")
    cycle_day: Annotated[int, Field(strict=True, ge=1, le=28)] = Field(1, description="the day of the month it begins")


class CallBack(Section):
    """Rings the caller and connects him with the number he asked for. Needs a call server."""

    enabled: Flag = Field(True, description="false stops new call-backs at once")
    destinations: tuple[Destination, ...] = Field((), max_length=500, description=(
        "where one may call, such as {name: france, prefixes: [\"33\"], minute: \"0.12\"}; nowhere else"))
    refused_kinds: tuple[Literal[*KINDS], ...] = Field(domain.REFUSED_KINDS, description=(
        "kinds of number that are not called whatever their destination; emergency and short numbers never are"))
    limits: Limits = Field({}, description="how many calls may be begun; null: any number")
    high_cost: HighCost = Field({}, description="tighter caps for dear destinations")
    ring_a: Duration = Field("45s", description="how long the caller's telephone rings")
    ring_b: Duration = Field("1m", description="how long the other one rings")
    talk_least: Duration = Field("30s", description="credit for less is not worth ringing for")
    talk_first: Duration = Field("2m", description="talk time that is reserved before anybody rings")
    talk_more: Duration = Field("1m", description="and again whenever it is nearly used")
    extend_before: Duration = Field("20s", description="how long before its end more is reserved")
    talk_most: Duration = Field("1h", description="the longest conversation")
    hold: Duration = Field("6h", description="a reservation that is not settled by then is the subscriber's again")
    service_number: Annotated[str, BeforeValidator(_service_number)] = Field(
        "", description="the number that callers know the service by; empty: none is shown")
    a_sees: Literal[*domain.A_SEES] = Field("service", description=(
        "the number that rings the caller: the service's, that of B whom he asked for, or none"))
    b_sees: Literal[*domain.B_SEES] = Field("a", description="the number that rings B: the caller's, the service's, or none")
    subscription: tuple[Literal["prepaid", "postpaid"], ...] = Field(
        ("postpaid",), description="kinds of account that must have subscribed; the others may unless they unsubscribe")
    postpaid: Postpaid = Field({}, description="what a billing cycle allows; null: any amount")
    marketed_as: Literal["money", "minutes"] = Field("money", description="how a balance for calls is told")
    minutes_of: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")] = Field(
        "", description="the destination whose minutes are told; empty: the first")


def contradictions(section: CallBack) -> Iterator[Fault]:
    """What is well-formed and cannot be meant; paths begin below the section."""
    yield from _repeated(section)
    names = [one.name for one in section.destinations]
    if section.minutes_of and section.minutes_of not in names:
        yield ("minutes_of",), f"expected a destination ({', '.join(names) or 'there is none'}), found {section.minutes_of!r}"
    for index, one in enumerate(section.destinations):
        for key in ("first", "then"):
            if not duration_s(getattr(one, key)):
                yield ("destinations", index, key), "expected some time, found 0s"
    before_s = duration_s(section.extend_before)
    for key in ("talk_first", "talk_more"):
        if duration_s(getattr(section, key)) <= before_s:
            yield (key,), f"expected more than extend_before ({section.extend_before}), or it would be used before it is there"
    for key in ("ring_a", "ring_b", "talk_least", "talk_most", "extend_before"):
        if not duration_s(getattr(section, key)):
            yield (key,), "expected some time, found 0s"
    whole_s = sum(duration_s(getattr(section, key)) for key in ("ring_a", "ring_b", "talk_most"))
    if duration_s(section.hold) <= whole_s:
        yield ("hold",), f"expected more than the longest call ({whole_s}s with its ringing), or it could not be charged"
    if duration_s(section.hold) > domain.HOLD_S_MAX:
        yield ("hold",), f"expected at most {domain.HOLD_S_MAX // 86_400}d, the longest that the ledger holds, found {section.hold}"


def _repeated(section: CallBack) -> Iterator[Fault]:
    names, prefixes = set(), {}
    for index, one in enumerate(section.destinations):
        if one.name in names:
            yield ("destinations", index, "name"), f"expected a name of its own, found {one.name!r} again"
        names.add(one.name)
        for place, prefix in enumerate(one.prefixes):
            if prefix in prefixes:
                yield ("destinations", index, "prefixes", place), \
                    f"expected a prefix of its own, found {prefix!r} again (also of {prefixes[prefix]})"
            prefixes.setdefault(prefix, one.name)


def rules_of(section: CallBack, currency: str) -> domain.CallBackRules:
    """The domain's rules of a validated section."""
    def minor(text: str | None) -> int | None:
        return None if text is None else money_minor(text, currency)

    limits, dear, bill = section.limits, section.high_cost, section.postpaid
    return domain.CallBackRules(
        enabled=section.enabled, destinations=tuple(_priced(one, minor) for one in section.destinations),
        refused_kinds=section.refused_kinds,
        limits=domain.CallLimits(limits.hour_max, limits.day_max, limits.b_hour_max, limits.range_hour_max),
        high_cost=domain.HighCost(duration_s(dear.talk_most), dear.day_max),
        ring_a_s=duration_s(section.ring_a), ring_b_s=duration_s(section.ring_b),
        talk_least_s=duration_s(section.talk_least), talk_first_s=duration_s(section.talk_first),
        talk_more_s=duration_s(section.talk_more), extend_before_s=duration_s(section.extend_before),
        talk_most_s=duration_s(section.talk_most), hold_s=duration_s(section.hold),
        service_number=section.service_number, a_sees=section.a_sees, b_sees=section.b_sees,
        subscription=section.subscription, marketed_as=section.marketed_as, minutes_of=section.minutes_of,
        postpaid=domain.PostpaidRules(None if bill.allowance is None else duration_s(bill.allowance),
                                      minor(bill.allowance_amount), bill.cycle_day))


def _priced(one: Destination, minor: Callable[[str], int]) -> Priced:
    rate = Rate(one.name, minor(one.setup), minor(one.minute), duration_s(one.first), duration_s(one.then))
    return Priced(one.name, one.prefixes, rate, one.high_cost)
