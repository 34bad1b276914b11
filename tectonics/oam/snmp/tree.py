"""The tree that managers walk: every variable in order, as it was at one moment.

A look-up, and the step to the next one, is a bisection.  A snapshot is kept for some seconds, so that a walk of
thousands of steps gathers the figures a few times and not thousands; what must be exact at each look, such as
sysUpTime, is a function.  A snapshot is gathered in slices with pauses between them, in which dialogues go on.
Bound: VARIABLES_MAX; what comes after them in the order of the tree is not shown.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Mapping

from tectonics.oam.snmp.values import NO_INSTANCE, NO_OBJECT, Name, Value
from tectonics.ports import Clock

VARIABLES_MAX = 10_000  # three times what the bounds of the registry and of the alarms allow
SNAPSHOT_S = 3.0
Shown = Value | Callable[[], Value]


class Tree:
    """`objects` are the names of scalars and columns, without instances, whether or not they have any now.

    Variables that come in sorted runs cost least.
    """

    def __init__(self, variables: Mapping[Name, Shown], objects: frozenset[Name]) -> None:
        self._names = sorted(variables)[:VARIABLES_MAX]
        self._values = [variables[name] for name in self._names]
        self._objects = objects
        self._lengths = sorted({len(name) for name in objects})

    def __len__(self) -> int:
        return len(self._names)

    def all(self) -> list[tuple[Name, Value]]:
        """Every variable, in order."""
        return [(name, _shown(value)) for name, value in zip(self._names, self._values, strict=True)]

    def get(self, name: Name) -> Value:
        """The variable, or which of the exceptions it is."""
        at = bisect_left(self._names, name)
        if at < len(self._names) and self._names[at] == name:
            return _shown(self._values[at])
        return Value(NO_INSTANCE if self.object_of(name) else NO_OBJECT)

    def after(self, name: Name) -> tuple[Name, Value] | None:
        """The first variable behind `name`."""
        at = bisect_right(self._names, name)
        return None if at == len(self._names) else (self._names[at], _shown(self._values[at]))

    def object_of(self, name: Name) -> Name | None:
        """The scalar or column that `name` is, or would be, an instance of."""
        return next((name[:length] for length in self._lengths if name[:length] in self._objects), None)


def _shown(one: Shown) -> Value:
    return one if isinstance(one, Value) else one()


class Snapshot:
    """The newest tree; `gather()` makes one, a slice between one `yield` and the next."""

    def __init__(self, gather: Callable[[], Generator[None, None, Tree]], clock: Clock, age_s: float = SNAPSHOT_S) -> None:
        self._gather, self._clock, self._age_s = gather, clock, age_s
        self._tree: Tree | None = None
        self._gathering: Generator[None, None, Tree] | None = None
        self._gathered_s = 0.0

    def prepare(self) -> bool:
        """Works for one slice, if there is something to do; whether the tree is now fresh."""
        if self._tree is not None and 0 <= self._clock.seconds() - self._gathered_s < self._age_s:
            return True
        gathering = self._gathering if self._gathering is not None else self._gather()
        self._gathering = None  # where it fails, the next look begins anew
        try:
            next(gathering)
        except StopIteration as done:
            self._tree, self._gathered_s = done.value, self._clock.seconds()
            return True
        self._gathering = gathering
        return False

    def tree(self) -> Tree:
        """As it was when it was prepared."""
        while self._tree is None:
            self.prepare()
        return self._tree

    def forget(self) -> None:
        """Something was set: the next look gathers anew."""
        self._tree = self._gathering = None
