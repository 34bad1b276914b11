"""Lines that say the same again and again: the first few are written, the others counted.

The same is: the same area, level and shape, which is the text without what differs from one request to the next
(numbers and ids), so that errors of different texts stay apart.  A window begins with the first such line; when it is over,
one line tells how many more there were.  Nothing is held back of a line's first window but what exceeds `most`.

Bound: KEYS_MAX windows at a time; the oldest ends early.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass

KEYS_MAX = 1000
SHAPE_CHARS_MAX = 300
_DIFFERS = re.compile(r"[0-9A-Za-z*]*[0-9][0-9A-Za-z*]*")


@dataclass(slots=True)
class Window:
    """`seen` lines since `began_s`; `first` is whatever the first one was noted with."""

    began_s: float
    first: object
    seen: int = 0


def shape(text: str) -> str:
    """The text without numbers and ids."""
    return _DIFFERS.sub("#", text[:SHAPE_CHARS_MAX])


class Repeats:
    """At most `most` lines of a kind within `within_s`; 0: every line. Seconds of a clock that never goes back."""

    def __init__(self, most: int, within_s: float) -> None:
        self.most, self.within_s = most, within_s
        self._windows: dict[Hashable, Window] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._windows)

    def admits(self, key: Hashable, first: object, now_s: float) -> bool:
        """Whether the line is written; ask `over` before."""
        if not self.most:
            return True
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(now_s, first)
        window.seen += 1
        return window.seen <= self.most

    def over(self, now_s: float, all_of_them: bool = False) -> list[tuple[object, int]]:
        """(the first line, how many more) of the windows that are over and hid something."""
        told = []
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if not all_of_them and now_s < window.began_s + self.within_s and len(self._windows) < KEYS_MAX:
                break
            del self._windows[key]
            if window.seen > self.most:
                told.append((window.first, window.seen - self.most))
        return told
