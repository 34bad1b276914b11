"""The pages as text: templates of one file each, their sentences from the message catalogue, in the visitor's language."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tectonics.domain.messages import Catalogue

HERE = Path(__file__).parent
STATIC = {"me.css": b"text/css; charset=utf-8", "me.js": b"text/javascript; charset=utf-8",
          "icon.svg": b"image/svg+xml"}
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_ISOLATE, _END = "\u2068", "\u2069"  # a number or an amount keeps its own direction in a sentence (UAX #9)
_ACCEPTED_MAX = 20


class Pages:
    """Renders them; immutable once made."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._environment = _templates()
        self._names = {code: catalogue.text("language.name", code) for code in catalogue.languages}

    def render(self, name: str, language: str, /, **values: object) -> bytes:
        """The page `name` in that language."""
        direction = "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"

        def text(key: str, /, **variables: str) -> str:
            if direction == "rtl":
                variables = {name: f"{_ISOLATE}{value}{_END}" for name, value in variables.items()}
            return self._catalogue.text(f"web.{key}", language, **variables)

        return self._environment.get_template(f"{name}.html").render(
            values, t=text, language=language, direction=direction, languages=self._names).encode()

    def language(self, *wishes: str) -> str:
        """The first of these that is there, else the default; the last may be an Accept-Language (RFC 9110, 12.5.4)."""
        for wish in wishes:
            for one in _accepted(wish):
                for code in (one, one.partition("-")[0]):
                    if code in self._names:
                        return code
        return self._catalogue.default


@cache
def _templates() -> Environment:
    """All of them, read and compiled once in a process: they are what is shipped and never change."""
    return Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, auto_reload=False,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _accepted(header: str) -> list[str]:
    """The languages of the header, the dearest first."""
    found = []
    for part in header.split(",")[:_ACCEPTED_MAX]:
        tag, _, quality = part.strip().partition(";")
        found.append((_weight(quality), tag.strip()))
    return [tag for weight, tag in sorted(found, key=lambda one: -one[0]) if weight]


def _weight(quality: str) -> float:
    name, _, number = quality.strip().partition("=")
    try:
        return float(number) if name == "q" else 1.0
    except ValueError:
        return 0.0


def statics() -> dict[str, tuple[bytes, bytes]]:
    """Name -> content and type of what pages refer to."""
    return {name: ((HERE / "static" / name).read_bytes(), kind) for name, kind in STATIC.items()}
