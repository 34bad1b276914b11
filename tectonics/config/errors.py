"""What is wrong with a configuration: where it stands, which key, and what was expected.

All errors of a file are reported at once, in the order of the file.  A value is quoted at most 40
characters long, and never that of an unknown key: it might be a secret that somebody meant well with.
"""

import difflib
from dataclasses import dataclass

from tectonics.domain.errors import TheirFault

ERRORS_MAX = 200  # a file of nonsense gives that many sentences and no more
_QUOTED_CHARS_MAX = 40
_KEY_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One error; `line` 0 means that it stands in no line (a file is missing, an override)."""

    file: str
    line: int
    column: int
    key: str  # policy.segments[0].tiers[1].amount
    text: str  # expected ..., found ...


class ConfigErrors(TheirFault):
    """A configuration that cannot be used; `errors` has every reason."""

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = tuple(errors[:ERRORS_MAX])
        super().__init__("\n".join(map(format_error, self.errors)))


def format_error(error: ConfigError) -> str:
    """One line: `etc/tectonics.yaml:12: node.name: expected ..., found ...`."""
    place = f"{error.file}:{error.line}" if error.line else error.file
    return ": ".join(part for part in (place, error.key, error.text) if part)


def dotted(path: tuple) -> str:
    """A path as people write it.

    >>> dotted(("policy", "segments", 0, "name"))
    'policy.segments[0].name'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path)
    return text.removeprefix(".")


def _key(name: str) -> str:
    """A key of the file, which can be any text, so that it stands in one line."""
    return name if name.isprintable() and len(name) <= _KEY_CHARS_MAX else repr(name[:_KEY_CHARS_MAX])


def found(value: object) -> str:
    """A value as an error quotes it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str() if len(value) > _QUOTED_CHARS_MAX:
            return repr(value[:_QUOTED_CHARS_MAX]) + "..."
        case _:
            return repr(value)


def complaints(errors: list[dict], known_keys: frozenset[str]) -> list[tuple[tuple, str]]:
    """(path, sentence) of each of pydantic's `errors()`, without those that only follow from others.

    (A list counts as too short there when its entries are wrong.)
    """
    return [(_location(error), _sentence(error, known_keys)) for error in errors
            if error["type"] != "too_short" or len(error["input"]) < error["ctx"]["min_length"]]


def _location(error: dict) -> tuple:
    """Pydantic's location without the names of the forms of a union; an unknown key may look like one."""
    where = error["loc"]
    known = len(where) - (error["type"] == "extra_forbidden")
    return tuple(part for part in where[:known] if not (isinstance(part, str) and part.startswith("<"))) + where[known:]


def _sentence(error: dict, known_keys: frozenset[str]) -> str:
    """What pydantic complains about (one of its `errors()`) in our words."""
    message, value = error["msg"], error["input"]
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(error["loc"][-1]), known_keys, n=1)
            return "no such key" + (f"; did you mean {near[0]}?" if near else "")
        case "missing":
            return "this key is missing"
        case "value_error":
            return f"{message.removeprefix('Value error, ')}, found {found(value)}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"expected a mapping, found {found(value)}"
        case "tuple_type" | "list_type":
            return f"expected a list, found {found(value)}"
        case "string_type":
            return f"expected text, found {found(value)}"
        case "too_short" | "too_long":
            side, limit = ("least", "min_length") if error["type"] == "too_short" else ("most", "max_length")
            return f"expected at {side} {error['ctx'][limit]} entries, found {len(value)}"
        case "string_pattern_mismatch":
            return f"expected text of the form {error['ctx']['pattern']}, found {found(value)}"
        case "bool_type":
            return f"expected true or false, found {found(value)}"
        case _:
            wanted = message.removeprefix("Input should be ")
            return f"expected {wanted[:1].lower()}{wanted[1:]}, found {found(value)}"
