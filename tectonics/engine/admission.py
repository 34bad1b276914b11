"""How many requests of sessions may be under way before a dial is told "busy".

A fixed number cannot be right: too many wait so long in our own queues that nobody is served well, too few
turn people away while they only wait for a slow billing system.  So the number follows what our own work
takes: the time from an event until its unit is durable, in which no billing system has a part.  Each
WINDOW_MS the mean is looked at: above the target the number shrinks by a tenth; below it, and if somebody
was turned away, it grows by a tenth.  While nobody is turned away it stays as it is, so that a storm does
not find a number that has grown in the calm.

The target is low because more under way do not make more whole: once the interpreter has no pause left, each
more only waits longer, at every one of the steps from a confirmation to its screen (a balance, a unit, a
credit, a unit), of which the target measures one.

Bounds: it begins at LEAST and never falls below it: with fewer under way the batches of the database get so
small that all get slower, not faster; and a feed that keeps the store busy, or a store whose commits take
longer than the target by themselves, shuts nobody out altogether.
It never exceeds `most`.  Only dials are turned away: who has dialled is served to the end.
"""

LEAST = 100
WINDOW_MS = 100
SHRINK, GROW = 0.9, 1.1


class Admission:
    """One of a process; `target_ms` is what a decision may take on average. Moments are in ms."""

    def __init__(self, most: int, target_ms: float) -> None:
        self._least, self._most, self._target_s = min(most, LEAST), most, target_ms / 1000
        self._allowed = float(self._least)
        self._until = 0
        self._forget()

    @property
    def allowed(self) -> int:
        """How many may be under way now."""
        return int(self._allowed)

    def decided(self, took_s: float, now: int) -> None:
        """A decision is durable, or has failed."""
        self._look(now)
        self._count += 1
        self._took_s += took_s

    def admits(self, under_way: int, now: int) -> bool:
        """Whether one more may begin."""
        self._look(now)
        if under_way < self.allowed:
            return True
        self._turned_away = True
        return False

    def _look(self, now: int) -> None:
        """At the end of a window: the next number."""
        if now < self._until:
            return
        if self._count and self._took_s > self._target_s * self._count:
            self._allowed = max(self._least, self._allowed * SHRINK)
        elif self._turned_away:
            self._allowed = min(self._most, self._allowed * GROW)
        self._until = now + WINDOW_MS
        self._forget()

    def _forget(self) -> None:
        self._count, self._took_s, self._turned_away = 0, 0.0, False
