"""How answers look: tables and fields for people, JSON for programs.

The daemon answers plain data whose names are the documented ones, so most of it is shown by its shape: values
as fields, a list of records as a table.  Colours and widths follow the terminal; piped, a table is as wide as
it needs to be.  What a subscriber wrote can hold anything: control characters are shown, never sent to the terminal.
"""

import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tectonics.cli.palette import STATES

PIPED_COLUMNS = 400
GOOD = {"done", "open", "serving", "ready", "active", "repaid", "granted", "connected", "committed"}
BAD = {"failed", "refused", "unknown", "overdue", "critical", "major", "barred", "black", "stopped"}


def console() -> Console:
    """Standard output; text is never taken for markup."""
    width = None if sys.stdout.isatty() else PIPED_COLUMNS
    return Console(width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def json_text(answer: object) -> None:
    """The answer for programs."""
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def sentence(answer: object) -> None:
    """The sentence that says what was done, else whatever came."""
    if isinstance(answer, dict) and isinstance(answer.get("text"), str):
        console().print(plain(answer["text"]))
    else:
        document(answer)


def document(answer: object) -> None:
    """Any answer: its values as fields, then each list of records as a table."""
    if isinstance(answer, dict):
        fields({name: value for name, value in answer.items() if not is_records(value)})
        for name, value in answer.items():
            if is_records(value):
                table(value, title=label(name))
    elif is_records(answer):
        table(answer)
    else:
        console().print(plain(answer))


def fields(record: dict) -> None:
    """One value a line, names at the left."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in record.items():
        grid.add_row(label(name), cell(value))
    if record:
        console().print(grid)


def table(records: Sequence[dict], columns: Iterable[str] = (), title: str = "") -> None:
    """Records below each other; all their names are columns unless `columns` chooses."""
    names = list(columns) or list(dict.fromkeys(name for record in records for name in record))
    shown = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold",
                  box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        shown.add_column(label(name), overflow="fold", justify="right" if is_numeric(records, name) else "left")
    for record in records:
        shown.add_row(*(cell(record.get(name)) for name in names))
    console().print(shown if records else Text(f"no {title or 'entries'}", style="dim"))


def cell(value: object) -> Text:
    """A value as it stands in a table; well-known words of state are coloured."""
    text = plain(value)
    return Text(text, style="green" if text in GOOD else "red" if text in BAD else STATES.get(text, ""))


def plain(value: object) -> str:
    """A value as text on one line, with every control character made visible."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ({}, []):
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{label(name)} {plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in str(value))


def label(name: str) -> str:
    """A name as people read it."""
    return plain(name).replace("_", " ")


def is_records(value: object) -> bool:
    """Whether the value is a list of records."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def is_numeric(records: Sequence[dict], name: str) -> bool:
    """Whether the column holds numbers or amounts only."""
    values = [record[name] for record in records if record.get(name) not in (None, "")]
    return bool(values) and all(str(v).replace(".", "", 1).lstrip("-").isdigit() for v in values) \
        and not name.endswith(("msisdn", "id"))
