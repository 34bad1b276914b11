"""What a check does, line by line: which arcs of the product's code it takes, and how many lines it runs.

An arc is a step from one line to the next within a function, so a set of arcs says what an input is good
for, and the number of lines how much work it makes, without a clock.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

import yaml

ROOT = Path(__file__).parents[2]
PRODUCT = f"{ROOT / 'tectonics'}/"
WORK = (PRODUCT, f"{Path(yaml.__file__).parent}/")  # PyYAML is Python too, and reads what operators write

Arc = tuple[str, str, int, int]


@dataclass(slots=True)
class Trace:
    """One run of a check."""

    arcs: set[Arc] = field(default_factory=set)
    lines: int = 0


def trace(check: Callable[[bytes], None], data: bytes) -> Trace:
    """Runs the check, which may raise, and says what it did; arcs of what it raised in are lost."""
    seen = Trace()
    before = sys.gettrace()
    sys.settrace(lambda frame, event, _: _follow(seen, frame))
    try:
        check(data)
    finally:
        sys.settrace(before)
    return seen


def _follow(seen: Trace, frame: FrameType) -> Callable | None:
    code: CodeType = frame.f_code
    if not code.co_filename.startswith(WORK):
        return None
    name, counted = code.co_filename.removeprefix(PRODUCT), code.co_filename.startswith(PRODUCT)
    last = 0

    def line(frame: FrameType, event: str, _: object) -> Callable:
        nonlocal last
        if event == "line":
            seen.lines += 1
            if counted:
                seen.arcs.add((name, code.co_qualname, last, frame.f_lineno))
                last = frame.f_lineno
        return line

    return line
