"""What a method of the administration takes: each parameter with its meaning, type and bounds.

Whatever arrives here came from outside (a socket, a web form, a script).  `decode` either gives the
handler exactly the values that it declared, or fails with one sentence that says what to send
instead; unknown parameters are refused, because a misspelt one would silently do something else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tectonics.domain.errors import TheirFault
from tectonics.domain.money import parse_minor
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.ticket import parse_rfc3339, rfc3339

TEXT_MAX = 200
ID_MAX = 128
PAGE_MAX = 1000
COUNT_MAX = 10**6
TIME_MAX = 253_402_300_799_999  # the last millisecond of the year 9999
_REQUIRED = object()


class NotThere(TheirFault):
    """What was asked for does not exist (HTTP says 404)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `read` turns what came into the value, or fails with what is expected."""

    read: Callable[[object], object]
    meaning: str
    default: object = _REQUIRED
    schema: Mapping = field(default_factory=lambda: {"type": "string"})  # JSON Schema, for OpenAPI

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is _REQUIRED


def decode(method: str, declared: Mapping[str, Parameter], params: object) -> dict:
    """The values of `declared`, by name; TheirFault names the first parameter that is wrong."""
    if not isinstance(params, dict):
        raise TheirFault(f"{method} takes named parameters")
    unknown = [str(name)[:40] for name in params if name not in declared]
    if unknown:
        known = ", ".join(declared) or "none"
        raise TheirFault(f"{method} has no parameter {unknown[0]!r}; it takes: {known}")
    return {name: _value(name, parameter, params) for name, parameter in declared.items()}


def _value(name: str, parameter: Parameter, params: dict) -> object:
    given = params.get(name)
    if given is None:
        if parameter.required:
            raise TheirFault(f"{name} is missing: {parameter.meaning}")
        return parameter.default
    try:
        return parameter.read(given)
    except (TheirFault, ValueError) as error:
        raise TheirFault(f"{name}: {error}") from None


def text(meaning: str, default: object = _REQUIRED, length_max: int = TEXT_MAX) -> Parameter:
    """One line of text without control characters; empty is as good as missing."""

    def read(given: object) -> str:
        if not isinstance(given, str):
            raise TheirFault("a text is expected")
        line = given.strip()
        if len(line) > length_max:
            raise TheirFault(f"at most {length_max} characters, got {len(line)}")
        if not line.isprintable():
            raise TheirFault("one line of printable characters is expected")
        if not line and default is _REQUIRED:
            raise TheirFault(f"it is empty; {meaning}")
        return line

    least = 1 if default is _REQUIRED else 0
    return Parameter(read, meaning, default, {"type": "string", "minLength": least, "maxLength": length_max})


def msisdn(country_code: str, default: object = _REQUIRED) -> Parameter:
    """A telephone number, as E.164 digits."""

    def read(given: object) -> str:
        if not isinstance(given, str):
            raise TheirFault("a telephone number as text is expected, such as \"33612345678\"")
        return parse_msisdn(given[:64], country_code)

    return Parameter(read, "a telephone number in international form, such as 33612345678", default)


def amount(currency: Callable[[], str]) -> Parameter:
    """An amount of money above zero, as text, in minor units of the policy's currency."""

    def read(given: object) -> int:
        if not isinstance(given, str):
            raise TheirFault("an amount as text is expected, such as \"5.00\"")
        minor = parse_minor(given[:64], currency())
        if minor <= 0:
            raise TheirFault("an amount above zero is expected")
        return minor

    return Parameter(read, "an amount as text, such as \"5.00\"")


def whole(meaning: str, low: int, high: int, default: object = _REQUIRED) -> Parameter:
    """A whole number within bounds."""

    def read(given: object) -> int:
        number = int(given) if isinstance(given, str) and given.isdecimal() and len(given) < 20 else given
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise TheirFault(f"a whole number from {low} to {high} is expected")
        return number

    return Parameter(read, meaning, default, {"type": "integer", "minimum": low, "maximum": high})


def number(meaning: str, high: float, default: object = _REQUIRED) -> Parameter:
    """A duration or share: a number from zero to `high`."""

    def read(given: object) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= high:
            raise TheirFault(f"a number from 0 to {high:g} is expected")
        return given

    return Parameter(read, meaning, default, {"type": "number", "minimum": 0, "maximum": high})


def flag(meaning: str, default: object = _REQUIRED) -> Parameter:
    """true or false, nothing else."""

    def read(given: object) -> bool:
        if not isinstance(given, bool):
            raise TheirFault("true or false is expected")
        return given

    return Parameter(read, meaning, default, {"type": "boolean"})


def word(meaning: str, words: tuple[str, ...], default: object = _REQUIRED) -> Parameter:
    """One of a few words."""

    def read(given: object) -> str:
        if given not in words:
            raise TheirFault(f"one of {', '.join(words)} is expected")
        return given

    return Parameter(read, meaning, default, {"type": "string", "enum": list(words)})


def moment(meaning: str, default: int) -> Parameter:
    """An RFC 3339 time, as milliseconds since 1970."""

    def read(given: object) -> int:
        try:
            at = parse_rfc3339(given) if isinstance(given, str) else -1
        except (ValueError, OverflowError):
            at = -1
        if not 0 <= at <= TIME_MAX:
            raise TheirFault(f"a time with its zone is expected, such as {rfc3339(0)}")
        return at

    return Parameter(read, meaning, default, {"type": "string", "format": "date-time"})


def document(meaning: str) -> Parameter:
    """A JSON object; what it says is checked by who takes it."""

    def read(given: object) -> dict:
        if not isinstance(given, dict):
            raise TheirFault("an object is expected")
        return given

    return Parameter(read, meaning, schema={"type": "object"})


def limit(default: int = 100) -> Parameter:
    """How many rows a page may have."""
    return whole(f"rows at most, up to {PAGE_MAX}", 1, PAGE_MAX, default)


def cursor(parts: int) -> Parameter:
    """Where the page before ended: a whole number, then `parts - 1` texts, joined by colons."""

    def read(given: object) -> tuple | None:
        if given == "":
            return None
        readable = isinstance(given, str) and len(given) <= 2 * ID_MAX and given.isprintable()
        fields = given.split(":") if readable else []
        whole_ok = fields and fields[0].isascii() and fields[0].isdecimal() and len(fields[0]) <= 15
        if len(fields) != parts or not whole_ok:
            raise TheirFault("send the `after` of the page before, as it was")
        return (int(fields[0]), *fields[1:])

    return Parameter(read, "the `after` of the page before", None)
