"""Money, durations, percentages, endpoints: one canonical form that means itself, or one sentence."""

from pydantic import TypeAdapter, ValidationError

from tectonics.config import values
from tests.fuzz.contract import sentence

KINDS = {name: TypeAdapter(getattr(values, name))
         for name in ("Money", "Duration", "Seconds", "Percent", "Endpoint", "Count", "Share", "Flag", "Name")}
TOKENS = (b"7d", b"12h", b"30m", b"0s", b"2.5", b"12.50", b"100", b"-1", b"1e9", b"tcp:8080:interface=127.0.0.1", b"unix:/x",
          b"systemd:domain=INET:index=0", b"tcp:99999", "\u0667d".encode(), b"999999999d", b"udp:1", b"ssl:port=1:")


def check(data: bytes) -> None:
    text = data.decode(errors="replace")
    for value in (text, *_numbers(text)):
        for name, kind in KINDS.items():
            _canonical(name, kind, value)


def _numbers(text: str) -> list:
    found: list = []
    for number in (int, float):
        try:
            found.append(number(text))
        except ValueError:
            pass
    return found


def _canonical(name: str, kind: TypeAdapter, value: object) -> None:
    for currency in ("EUR", "JPY"):
        context = {"currency": currency}
        try:
            given = kind.validate_python(value, context=context)
        except ValidationError as error:
            for complaint in error.errors(include_url=False):
                sentence(complaint["msg"])
            continue
        assert name == "Seconds" or kind.validate_python(given, context=context) == given
        _meaning(name, given, currency)


def _meaning(name: str, given, currency: str) -> None:
    match name:
        case "Money":
            assert values.money_minor(given, currency) >= 0
        case "Duration":
            assert values.format_duration(values.duration_s(given)) == given
        case "Seconds":
            assert 0 <= given < 10**14
        case "Percent":
            assert 0 <= values.percent_hundredths(given) <= 10_000
        case "Endpoint":
            port = values.endpoint_port(given)
            assert port is None or 0 <= port <= 65_535 and values.endpoint_port(values.moved(given, 1)) == port + bool(port)
        case "Name":
            assert given.isascii() and given.isprintable()
