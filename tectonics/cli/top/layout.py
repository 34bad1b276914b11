"""Lines that fit: tables and paragraphs laid out by hand into a width and a height, so that nothing ever overflows.

A screen is a list of blocks.  Where it is higher than the terminal, first the blank lines between blocks go, then the longest
tables lose rows, and say how many; a table keeps one row.  What is cut at the right ends in an ellipsis.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from tectonics.cli import show

GAP = 2  # columns between two of a table
NAME_MIN = 8  # a first column is not made narrower


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What the terminal's character set has."""

    bars: str = " ▁▂▃▄▅▆▇█"
    more: str = "…"


UNICODE, ASCII = Glyphs(), Glyphs(" .:-=+*#@", "~")


@dataclass(slots=True)
class Paragraph:
    """Lines that are never left out."""

    lines: list[Text]


@dataclass(slots=True)
class Table:
    """A heading and rows; the first `names` columns stand to the left. `rows` may be cut, not below one."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str | Text]] = field(default_factory=list)
    names: int = 1


def fit(blocks: Sequence[Paragraph | Table], width: int, height: int, glyphs: Glyphs = UNICODE) -> list[Text]:
    """At most `height` lines of at most `width` columns."""
    blocks = [block for block in blocks if not isinstance(block, Table) or block.rows]
    shown = [len(block.rows) if isinstance(block, Table) else 0 for block in blocks]
    gap = 1 if _height(blocks, shown, 1) <= height else 0
    while _height(blocks, shown, gap) > height and max(shown, default=0) > 1:
        longest = max(range(len(blocks)), key=shown.__getitem__)
        shown[longest] -= 1
    lines: list[Text] = []
    for block, rows in zip(blocks, shown, strict=True):
        if lines and gap:
            lines.append(Text())
        lines += block.lines if isinstance(block, Paragraph) else _table(block, rows, width, glyphs)
    if len(lines) > height:
        lines[max(0, height - 1):] = [Text(f"{glyphs.more} more", "dim")] if height else []
    return [crop(line, width, glyphs) for line in lines]


def crop(line: Text, width: int, glyphs: Glyphs = UNICODE) -> Text:
    """The line, in `width` columns at most."""
    if cell_len(line.plain) <= width:
        return line
    kept = line.copy()
    kept.right_crop(len(line.plain) - len(set_cell_size(line.plain, max(0, width - 1)).rstrip()))
    return kept.append(glyphs.more if width else "")


def spark(values: Sequence[float | None], width: int, glyphs: Glyphs = UNICODE) -> str:
    """The newest of them as bars, from zero to the greatest; blank where there was nothing."""
    newest = list(values)[-width:] if width > 0 else []
    finite = [value for value in newest if value is not None and value != inf]
    top, steps = max(finite, default=0), len(glyphs.bars) - 1

    def bar(value: float | None) -> str:
        if value is None:
            return " "
        return glyphs.bars[1 if not top and value != inf else max(1, round(steps * min(1.0, value / top)) if top else steps)]

    return "".join(map(bar, newest)).rjust(width)


def rate(value: float | None) -> str:
    """A number in six columns at most."""
    if value is None:
        return "-"
    if value == inf:
        return "inf"
    for limit, form in ((0.005, "0"), (9.995, "{:.2f}"), (99.95, "{:.1f}"), (99_999.5, "{:.0f}")):
        if value < limit:
            return form.format(value)
    for unit in ("k", "M", "G", "T"):
        value /= 1000
        if value < 999.5:
            return f"{value:.0f}{unit}" if value >= 9.95 else f"{value:.1f}{unit}"
    return "much"


def bound_ms(value: float | None, greatest_s: float) -> str:
    """A bound of durations in ms; beyond all bounds it says so."""
    if value is None:
        return "-"
    return f">{1000 * greatest_s:g}" if value == inf else f"{value:g}"


def cells(row: Sequence[str | Text]) -> list[Text]:
    """As Text, with control characters made visible."""
    return [cell if isinstance(cell, Text) else Text(show.plain(cell)) for cell in row]


def _height(blocks: Sequence[Paragraph | Table], shown: Sequence[int], gap: int) -> int:
    heights = [len(block.lines) if isinstance(block, Paragraph) else 1 + rows + (rows < len(block.rows))
               for block, rows in zip(blocks, shown, strict=True)]
    return sum(heights) + gap * max(0, len(heights) - 1)


def _table(table: Table, rows: int, width: int, glyphs: Glyphs) -> list[Text]:
    body = [cells(row) for row in table.rows]
    widths = [max(cell_len(head), *(cell_len(row[place].plain) for row in body)) for place, head in enumerate(table.heads)]
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    widths[0] = max(min(NAME_MIN, widths[0]), widths[0] - max(0, excess))
    head = _row([Text(one) for one in table.heads], widths, table.names, glyphs)
    head.stylize("bold")
    lines = [head, *(_row(row, widths, table.names, glyphs) for row in body[:rows])]
    if rows < len(body):
        lines.append(Text(f"{glyphs.more} {len(body) - rows} more", "dim"))
    return lines


def _row(row: Sequence[Text], widths: Sequence[int], names: int, glyphs: Glyphs) -> Text:
    line = Text()
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        cell = crop(cell, width, glyphs)
        room = " " * (width - cell_len(cell.plain))
        line = line + (cell + room if place < names else Text(room) + cell) + " " * (GAP if place < len(widths) - 1 else 0)
    line.rstrip()
    return line
