"""The kinds of value that a configuration holds, and how each is written.

Money is text or a whole number, with no more decimals than the currency has; a duration is `7d`,
`12h`, `30m`, `30s` or seconds; a percentage has at most two decimals.  In policies these three stay
text, in one canonical form, because the policy is kept as JSON and compared by people; the
functions here turn them into what the domain calculates with.  An endpoint is a Twisted server
endpoint string, and empty means off.
"""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from tectonics.domain.errors import BadMoney
from tectonics.domain.money import decimals, format_minor, parse_minor

_DURATION = re.compile(r"(\d{1,9})([smhd]?)", re.ASCII)
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?", re.ASCII)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
DURATION_S_MAX = 3650 * 86_400
_PORT = re.compile(r"(tcp6?|udp|ssl):(?:port=)?(\d{1,5})(?=$|:)", re.ASCII)
_OTHER_ENDPOINT = re.compile(r"(?:unix|systemd|fd):[^:].*")


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def known_keys() -> frozenset[str]:
    """Every key of every section, to guess what a wrong one was meant to be."""
    sections, names = [Section], set()
    while sections:
        section = sections.pop()
        names |= set(section.model_fields)
        sections += section.__subclasses__()
    return frozenset(names)


def money_minor(text: str, currency: str) -> int:
    """The minor units of a validated amount."""
    return parse_minor(text, currency)


def _money(value: object, info: ValidationInfo) -> str:
    currency = (info.context or {}).get("currency", "EUR")
    places = decimals(currency)
    text = repr(value) if isinstance(value, float) else str(value)
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadMoney("not an amount")
        amount_minor = parse_minor(text, currency)
    except BadMoney as error:
        example = "250" if places == 0 else f"2.{'50'.ljust(places, '0')[:places]}"
        raise ValueError(f"expected an amount in {currency} such as {example}") from error
    if amount_minor < 0:
        raise ValueError("expected an amount that is not negative")
    return format_minor(amount_minor, currency)


def duration_s(text: str) -> int:
    """The seconds of a validated duration."""
    number, unit = _DURATION.fullmatch(text).groups()
    return int(number) * _UNIT_S[unit]


def format_duration(seconds: int) -> str:
    """Seconds in the largest unit that divides them: 604800 is "7d"."""
    unit = next((u for u in ("d", "h", "m") if seconds and seconds % _UNIT_S[u] == 0), "s")
    return f"{seconds // _UNIT_S[unit]}{unit}"


def _duration(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _DURATION.fullmatch(text):
        raise ValueError("expected a duration such as 7d, 12h, 30m, 30s or whole seconds")
    if duration_s(text) > DURATION_S_MAX:
        raise ValueError("expected a duration of at most ten years")
    return format_duration(duration_s(text))


def _seconds(value: object) -> float:
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise ValueError("expected seconds such as 2.5, or a duration such as 30s, 5m, 12h, 7d")
    return float(match[1]) * _UNIT_S[match[2]]


def percent_hundredths(text: str) -> int:
    """Hundredths of a percent of a validated percentage: "12.5" is 1250."""
    whole, fraction = _PERCENT.fullmatch(text).groups()
    return int(whole) * 100 + int((fraction or "").ljust(2, "0"))


def _percent(value: object) -> str:
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not _PERCENT.fullmatch(text) or percent_hundredths(text) > 10_000:
        raise ValueError("expected a percentage from 0 to 100 with at most two decimals")
    whole, fraction = divmod(percent_hundredths(text), 100)
    return f"{whole}.{fraction:02d}".rstrip("0").rstrip(".") if fraction else str(whole)


def endpoint_port(text: str) -> int | None:
    """The port of a tcp, udp or ssl endpoint; None when it has none."""
    match = _PORT.match(text)
    return int(match[2]) if match else None


def moved(text: str, offset: int) -> str:
    """The endpoint with `offset` added to its port. Port 0, which the system chooses, stays."""
    match = _PORT.match(text)
    if match is None or int(match[2]) == 0:
        return text
    return f"{text[:match.start(2)]}{int(match[2]) + offset}{text[match.end(2):]}"


def _endpoint(value: object) -> str:
    text = value if isinstance(value, str) else "?"
    port = endpoint_port(text)
    if text and not _OTHER_ENDPOINT.fullmatch(text) and (port is None or port > 65_535):
        raise ValueError("expected a Twisted server endpoint such as tcp:8080:interface=127.0.0.1, "
                         "unix:/run/x.sock, or \"\" for off")
    return text


def number_range(value: object) -> str:
    """A validated range of numbers, "low-high"."""
    low, dash, high = value.partition("-") if isinstance(value, str) else ("", "", "")
    numbers = all(n.isascii() and n.isdigit() and 7 <= len(n) <= 15 for n in (low, high))
    if not (dash and numbers and len(low) == len(high) and low <= high):
        raise ValueError("expected two international numbers of equal length, lower first, such as "
                         "\"33600000000-33600999999\"")
    return value


Money = Annotated[str, BeforeValidator(_money)]
Duration = Annotated[str, BeforeValidator(_duration)]
Seconds = Annotated[float, BeforeValidator(_seconds)]
Percent = Annotated[str, BeforeValidator(_percent)]
Endpoint = Annotated[str, BeforeValidator(_endpoint)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Share = Annotated[int, Field(strict=True, ge=0, le=100)]
Flag = Annotated[bool, Field(strict=True)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
