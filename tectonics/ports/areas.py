"""Which areas of the log are told in detail: asked before a line that is made for every request.

A line that nobody sees costs 6 us all the same, because it is made before it is thrown away; asking first costs
0.03 us.  An area is the path of a module without `tectonics.`, and what is set for a path holds for all below it.

The table is the process's, as standard error is: two daemons in one process share a log, and its levels.
Bound: one entry for each module that asks.
"""

from collections.abc import Callable

_PACKAGE = "tectonics."


class Area:
    """One module's part of the log; `debug` says whether its details are shown."""

    __slots__ = ("debug", "name")

    def __init__(self, name: str) -> None:
        self.name, self.debug = name, False


_areas: dict[str, Area] = {}
_shown: list[Callable[[str], bool]] = []  # what was said last, for modules that are imported later


def area(module: str) -> Area:
    """The area of `module`, its `__name__`."""
    if module not in _areas:
        one = _areas[module] = Area(module.removeprefix(_PACKAGE))
        one.debug = any(shown(one.name) for shown in _shown)
    return _areas[module]


def tell_in_detail(shown: Callable[[str], bool]) -> None:
    """From now on each area is told in detail for whose name `shown` is true."""
    _shown[:] = [shown]
    for one in _areas.values():
        one.debug = shown(one.name)
