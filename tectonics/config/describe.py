"""The configuration describes itself: etc/tectonics.yaml and docs/configuration.md as text.

Both are written from the sections' fields, so neither can fall behind; tests compare the files with
these functions.  `python -m tectonics.config.describe yaml|docs|messages` prints one.
"""

import sys
import textwrap
from collections.abc import Iterator
from typing import Annotated, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from tectonics.config.sections import Sections
from tectonics.config.values import Section
from tectonics.domain.messages import LONGEST, MESSAGES, required

_COMMENT_COLUMN = 40
_LINE_CHARS_MAX = 110
_NO_BOUND = f"at most {10**9:,}".replace(",", " ")  # of values.Count, which is only a guard
_HEAD = """\
# Every setting of tectonics with its default and what it means. A key that is left out keeps its default.
# `tectonics check-config` tells all errors at once. docs/configuration.md has the limits of each value.
# Money is text with the currency's decimals ("1.00"); a duration is 7d, 12h, 30m, 30s or seconds; an endpoint
# is a Twisted server endpoint string, "" switches it off; secrets stand in files of their own, never here.
"""


def nested(annotation: object) -> type[Section] | None:
    """The section that a field holds: itself, optional, or one form of a union with null."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return next((found for arg in get_args(annotation) if (found := nested(arg))), None)
    return None


def _listed(annotation: object) -> type[Section] | None:
    """The section of which a field holds a list."""
    return nested(get_args(annotation)[0]) if get_origin(annotation) is tuple else None


def _scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:g}" if value == int(value) and value < 1e6 else str(value).removesuffix(".0")
        case list() | tuple():
            return "[" + ", ".join(map(_scalar, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_scalar(item)}" for key, item in value.items()) + "}"
        case str() if value and not any(c in value for c in " :#*,[]{}\"'&!|>%@`") \
                and not value[0].isdigit() and value not in ("null", "true", "false") or _is_duration(value):
            return value
        case _:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_duration(value: str) -> bool:
    return value[:-1].isdigit() and value[-1] in "smhd"


# --- etc/tectonics.yaml

def example_yaml() -> str:
    """The text of etc/tectonics.yaml: every key, its default, one comment."""
    defaults = Sections().model_dump(mode="json")
    lines = [_HEAD.rstrip()]
    for name, field in Sections.model_fields.items():
        lines.append("")
        section = nested(field.annotation)
        if section is None:
            lines += _setting("", name, defaults[name], field.description)
        else:
            lines += [f"# {_theory(section)}", f"{name}:", *_body(section, defaults[name], "  ")]
    return "\n".join(lines) + "\n"


def _theory(section: type[Section]) -> str:
    return " ".join(section.__doc__.split())


def _body(section: type[Section], values: dict, indent: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner, listed = nested(field.annotation), _listed(field.annotation)
        if listed is not None and values[name]:
            yield f"{indent}{name}:  # {field.description}"
            for index, item in enumerate(values[name]):
                yield from _item(listed, item, indent + "  ", index == 0)
        elif inner is not None and values[name] is not None:
            yield f"{indent}{name}:  # {field.description}"
            yield from _body(inner, values[name], indent + "  ")
        else:
            yield from _setting(indent, name, values[name], field.description)


def _item(section: type[Section], values: dict, indent: str, explained: bool) -> Iterator[str]:
    """One entry of a list; only the first is explained."""
    for position, (name, field) in enumerate(section.model_fields.items()):
        start = indent + ("- " if position == 0 else "  ")
        listed = _listed(field.annotation)
        if listed is None:
            yield from _setting(start, name, values[name], field.description if explained else "")
            continue
        yield f"{start}{name}:" + (f"  # {field.description}" if explained else "")
        if explained:
            for inner, inner_field in listed.model_fields.items():
                yield from _wrapped(f"{start}  # ", f"{inner}: {inner_field.description}")
        for item in values[name]:
            yield f"{start}  - {_scalar(item)}"


def _setting(indent: str, name: str, value: object, description: str) -> Iterator[str]:
    line = f"{indent}{name}: {_scalar(value)}"
    whole = f"{line:<{_COMMENT_COLUMN - 1}}  # {description}"
    if not description:
        yield line
    elif len(whole) <= _LINE_CHARS_MAX:
        yield whole
    else:
        yield from _wrapped(f"{indent.replace('-', ' ')}# ", description)
        yield from textwrap.wrap(line, _LINE_CHARS_MAX, subsequent_indent=indent + "  ",
                                 break_long_words=False, break_on_hyphens=False)


def _wrapped(start: str, text: str) -> Iterator[str]:
    line = start
    for word in text.split():
        if len(line) + len(word) > _LINE_CHARS_MAX:
            yield line.rstrip()
            line = start + ("  " if ": " in text else "")
        line += word + " "
    yield line.rstrip()


# --- docs/configuration.md

def reference() -> str:
    """The text of docs/configuration.md."""
    lines = ["# Configuration", "", *(_HEAD.replace("# ", "").splitlines()), "",
             "Generated by `python -m tectonics.config.describe docs`.", ""]
    lines += ["| key | default | limits | meaning |", "|---|---|---|---|"]
    lines += [_row(name, field) for name, field in Sections.model_fields.items()
              if nested(field.annotation) is None]
    for name, field in Sections.model_fields.items():
        if section := nested(field.annotation):
            lines += ["", f"## {name}", "", _theory(section), "", "| key | default | limits | meaning |",
                      "|---|---|---|---|", *_rows(name, section)]
    return "\n".join(lines) + "\n"


def _rows(path: str, section: type[Section]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner, listed = nested(field.annotation), _listed(field.annotation)
        if inner is not None:
            yield from _rows(f"{path}.{name}", inner)
        elif listed is not None:
            yield f"| `{path}.{name}` | | {_limits(field)} | {field.description} |"
            yield from _rows(f"{path}.{name}[]", listed)
        else:
            yield _row(f"{path}.{name}", field)


def _row(path: str, field: FieldInfo) -> str:
    default = "" if field.is_required() else f"`{_scalar(field.default)}`"
    return f"| `{path}` | {default} | {_limits(field)} | {field.description} |".replace("||", "| |")


_BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}"}
_LENGTHS = {"min_length": "at least {} ", "max_length": "at most {} "}
_FORMS = {"_money": "an amount", "_duration": "a duration", "_seconds": "a duration", "_percent": "a percentage",
          "_endpoint": "an endpoint", "_currency": "a currency"}


def _limits(field: FieldInfo) -> str:
    """The forms and bounds of a value, as short text; of two bounds of a kind the later one holds."""
    unit = "characters" if field.annotation is str else "entries"
    words = _BOUNDS | {name: form + unit for name, form in _LENGTHS.items()}
    found = {}
    for item in [*field.metadata, *_inner_metadata(field.annotation)]:
        if form := _FORMS.get(getattr(getattr(item, "func", None), "__name__", "")):
            found["form"] = form
        if pattern := getattr(item, "pattern", None):
            found["pattern"] = "`" + pattern.replace("|", "\\|") + "`"
        found |= {name: words[name].format(f"{bound:,}".replace(",", " ")) for name in words
                  if (bound := getattr(item, name, None)) is not None}
    choices = " ".join(f"`{choice}`" for choice in _choices(field.annotation))
    return "; ".join(text for text in (choices, *found.values()) if text and text != _NO_BOUND)


def _inner_metadata(annotation: object) -> list:
    """Of an optional value: what is said about the value."""
    if get_origin(annotation) in (tuple, dict, Annotated):
        return []
    nested_metadata = [getattr(arg, "__metadata__", ()) for arg in get_args(annotation)]
    flat = [item for items in nested_metadata for item in items]
    return flat + [inner for item in flat if isinstance(item, FieldInfo) for inner in item.metadata]


def _choices(annotation: object) -> tuple:
    arguments = get_args(annotation)
    if arguments and all(isinstance(a, str) for a in arguments):
        return arguments
    return next((c for a in arguments if a is not ... and (c := _choices(a))), ())


# --- docs/messages.md

def messages_reference() -> str:
    """The text of docs/messages.md."""
    lines = ["# Messages", "",
             "What subscribers read stands in `etc/messages/<language>.yaml`, one text a key. A variable is written",
             "`$amount`, a dollar sign `$$`. `tectonics check-config` tells of missing texts, unknown keys and",
             "variables, a text that does not show what it must (bold below), and a screen that may not fit its",
             "channel when the values are long. Screens are cut into pages, never into halves of a sentence.",
             "A `word.*` holds the spellings of a keyword of short messages (docs/sms-keywords.md), parted by commas;",
             "the same word with two meanings, in one language or two, is an error.", "",
             "Generated by `python -m tectonics.config.describe messages`.", "",
             "| key | variables |", "|---|---|"]
    for key, variables in MESSAGES.items():
        shown = [f"**${name}**" if name in required(key) else f"${name}" for name in sorted(variables)]
        lines.append(f"| `{key}` | {', '.join(shown)} |")
    lines += ["", "The longest values that a screen must have room for:", "", "| variable | value |", "|---|---|"]
    lines += [f"| ${name} | {value} |" for name, value in LONGEST.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write({"yaml": example_yaml, "docs": reference, "messages": messages_reference}[sys.argv[1]]())
