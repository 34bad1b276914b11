"""The settings of advertising: campaigns, and what protects the subscriber from them."""

import re
from string import Template
from typing import Annotated

from pydantic import BeforeValidator, Field

from tectonics.config.values import (
    Count,
    Duration,
    Flag,
    Money,
    Name,
    Section,
    duration_s,
    money_minor,
    number_range,
)
from tectonics.domain import advertising as domain
from tectonics.domain.messages import MESSAGES

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
TEXT_CHARS_MAX = 459  # three short messages


def _clock(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1440:
        value = f"{value // 60}:{value % 60:02d}"  # YAML 1.1 reads 21:30 as a number of base 60
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a time of day such as \"21:30\"")
    return f"{int(match[1]):02d}:{match[2]}"


def _text(value: object) -> str:
    known = MESSAGES["advert.offer"]
    template = Template(value if isinstance(value, str) else "")
    if not value or len(value) > TEXT_CHARS_MAX or not template.is_valid():
        raise ValueError(f"expected a text of at most {TEXT_CHARS_MAX} characters; $$ is a dollar sign")
    strange = sorted(frozenset(template.get_identifiers()) - known)
    if strange:
        raise ValueError(f"${strange[0]} is no variable of an advertisement (it has: "
                         f"{', '.join(f'${name}' for name in sorted(known))})")
    return value


Clock = Annotated[str, BeforeValidator(_clock)]
Range = Annotated[str, BeforeValidator(number_range)]
Offset = Annotated[int, Field(strict=True, ge=-720, le=840)]


class Campaign(Section):
    """One message, and to whom it goes."""

    name: Name = Field(description="its name in tickets")
    balance_max: Money | None = Field(None, description=(
        "for those whose balance falls to it; null: to the highest that may borrow"))
    segments: tuple[Name, ...] = Field((), max_length=32, description="only these; []: all")
    ranges: tuple[Range, ...] = Field((), max_length=1000, description="only these numbers, as \"low-high\"; []: all")
    texts: dict[str, Annotated[str, BeforeValidator(_text)]] = Field(
        {}, max_length=50, description="language: text of its own; a language without one gets advert.offer")


class Zone(Section):
    """Numbers whose clock is not the operator's."""

    ranges: tuple[Range, ...] = Field(min_length=1, max_length=1000, description="numbers, as \"low-high\"")
    utc_offset_minutes: Offset = Field(description="how far ahead of UTC")


class Advertising(Section):
    """Offers by SMS to those whose balance falls to a limit and who could really borrow."""

    sending: Flag = Field(False, description="the switch that starts and stops all of it at once")
    dial: str = Field("*133#", max_length=32, description="what the message asks to dial, its $code")
    day_max: Annotated[Count, Field(le=24)] = Field(1, description="messages to a subscriber on one of his days")
    week_max: Annotated[Count, Field(le=domain.KEPT_MAX)] = Field(3, description="and in seven days together")
    quiet_from: Clock = Field("21:00", description="nobody is disturbed from then, on the subscriber's clock")
    quiet_to: Clock = Field("08:00", description="until then; the same as quiet_from: no quiet hours")
    valid: Duration = Field("1h", description="a message that has not gone out by then is dropped")
    zones: tuple[Zone, ...] = Field((), max_length=100, description="[{ranges, utc_offset_minutes}] where clocks differ")
    campaigns: tuple[Campaign, ...] = Field(
        ({"name": "low"},), max_length=32, description="the first that fits speaks")


def rules_of(section: Advertising, currency: str, balance_minor_max: int | None) -> domain.AdvertisingRules:
    """The domain's rules of a validated section; at most `balance_minor_max` may borrow."""
    def limit(text: str | None) -> int:
        return (balance_minor_max or 0) if text is None else money_minor(text, currency)

    campaigns = tuple(domain.Campaign(
        one.name, limit(one.balance_max), one.segments, _ranges(one.ranges),
        tuple(sorted(one.texts.items()))) for one in section.campaigns)
    zones = tuple(domain.Zone(_ranges(one.ranges), one.utc_offset_minutes) for one in section.zones)
    return domain.AdvertisingRules(
        section.sending, campaigns, section.day_max, section.week_max,
        (_minutes(section.quiet_from), _minutes(section.quiet_to)), zones, duration_s(section.valid), section.dial)


def _ranges(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(tuple(text.split("-")) for text in texts)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
