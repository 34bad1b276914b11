"""What the demo prints: titles, what a subscriber and an operator see, and which steps held.

Colours only on a terminal and without NO_COLOR (https://no-color.org); every line is written at once,
so that one can watch.  Quiet, it only remembers the checks, for --json.
"""

import os
import textwrap
from dataclasses import dataclass
from typing import TextIO
from unicodedata import combining

BOX_COLUMNS = 34  # as wide as a telephone
MARGIN = 4
LINE_COLUMNS = 150  # of what an operator sees; the rest of a longer line is cut
BOLD, DIM, GREEN, RED, CYAN = "1", "2", "32", "31", "36"


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion of the story and whether it held."""

    chapter: str
    sentence: str
    held: bool
    found: str = ""


class Transcript:
    """Writes the story to `stream`; `checks` are what it asserted."""

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self.checks: list[Check] = []
        self._stream = stream
        self._quiet = quiet
        self._colours = stream.isatty() and not os.environ.get("NO_COLOR")
        self._chapter = ""
        self._number = 0

    def title(self, text: str) -> None:
        """A chapter begins."""
        self._number += 1
        self._chapter = text
        self.line()
        self.line(self._paint(f"{self._number:2}. {text}", BOLD))
        self.line(self._paint("─" * (len(text) + 4), DIM))

    def say(self, text: str) -> None:
        """What is going on, in a sentence."""
        for line in textwrap.wrap(text, 96):
            self.line(f"  {line}")

    def screen(self, who: str, text: str, more: bool) -> None:
        """What a subscriber sees."""
        self._box(f"{who}", text, "" if more else "session ended")

    def message(self, who: str, text: str) -> None:
        """A short message that a subscriber got."""
        self._box(f"SMS to {who}", text, "")

    def operator(self, text: str) -> None:
        """What an operator typed or sees."""
        for line in text.splitlines():
            shown = line if len(line) <= LINE_COLUMNS else line[:LINE_COLUMNS - 1] + "…"
            self.line(" " * MARGIN + self._paint(f"│ {shown}", CYAN))

    def check(self, sentence: str, found: object, wanted: object = True) -> bool:
        """Asserts that `found` is `wanted`; told either way."""
        held = found == wanted
        told = "" if held else f"expected {wanted!r}, found {found!r}"
        self.checks.append(Check(self._chapter, sentence, held, told))
        mark = self._paint("ok  ", GREEN) if held else self._paint("FAIL", RED)
        self.line(f"  {mark} {sentence}" + (f" ({told})" if told else ""))
        return held

    def verdict(self, seconds: float) -> bool:
        """The last line; True when every step held, and there was one."""
        failed = [one for one in self.checks if not one.held]
        self.line()
        for one in failed:
            self.line(self._paint(f"FAIL {one.chapter}: {one.sentence} ({one.found})", RED))
        word = "every step held" if not failed else f"{len(failed)} steps FAILED"
        self.line(self._paint(f"{word}: {len(self.checks)} checks in {seconds:.1f} s", RED if failed else GREEN))
        return bool(self.checks) and not failed

    def line(self, text: str = "") -> None:
        """One line, at once."""
        if not self._quiet:
            self._stream.write(text + "\n")
            self._stream.flush()

    def _box(self, head: str, text: str, foot: str) -> None:
        inner = BOX_COLUMNS + 2
        self.line(" " * MARGIN + f"╭─ {head} " + "─" * max(0, inner - len(head) - 3) + "╮")
        for part in text.split("\n"):
            for line in textwrap.wrap(part, BOX_COLUMNS) or [""]:
                self.line(" " * MARGIN + f"│ {line}{' ' * (BOX_COLUMNS - _columns(line))} │")
        foot = f"─ {foot} " if foot else ""
        self.line(" " * MARGIN + f"╰{foot}" + "─" * (inner - len(foot)) + "╯")

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def _columns(text: str) -> int:
    return sum(not combining(letter) for letter in text)
