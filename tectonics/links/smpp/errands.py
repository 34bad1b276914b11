"""PDUs that wait to be sent: the urgent first, each until its time is over, with a bound.

An errand waits at a *place*: for anybody (ANYWHERE), for an account, or for one session.  Whoever can send takes the
best of the places that it may serve: the most urgent, and of equally urgent ones the one that came first.

Bound: `depth_max` errands.  At the bound an urgent one takes the place of the last of the least urgent; else it is not
taken.  What a peer has put off comes back to its place in front, beyond the bound if need be; those are at most the
windows of the sessions.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from itertools import count

from twisted.internet.defer import Deferred

from tectonics.links.smpp.outcome import Submission
from tectonics.wire.smpp.pdus import Request

ANYWHERE = None


class Errand:
    """A PDU to be sent, and who waits for its outcome."""

    __slots__ = ("done", "number", "place", "priority", "request", "until_s")

    def __init__(self, request: Request, priority: int, until_s: float, place: Hashable = ANYWHERE) -> None:
        self.request = request
        self.priority = priority  # the lowest goes first
        self.until_s = until_s  # not sent by then, it is not sent at all
        self.place = place
        self.number = 0
        self.done: Deferred[Submission] = Deferred()

    @property
    def rank(self) -> tuple[int, int]:
        """The lowest goes first."""
        return self.priority, self.number


class Errands:
    """What waits."""

    def __init__(self, depth_max: int) -> None:
        self.depth_max = depth_max
        self._depth = 0
        self._numbers = count(1)
        self._lines: dict[Hashable, dict[int, deque[Errand]]] = {}  # place -> priority -> in order; none is empty

    def __len__(self) -> int:
        return self._depth

    def put(self, errand: Errand) -> Errand | None:
        """Takes it; which errand has no room now: another, itself, or none."""
        errand.number = next(self._numbers)
        pushed_out = None
        if self._depth >= self.depth_max:
            last = max((line[-1] for line in self._all()), key=lambda one: one.rank, default=errand)
            if last.priority <= errand.priority:
                return errand
            pushed_out = self._remove(last.place, last.priority, deque.pop)
        self._line(errand).append(errand)
        self._depth += 1
        return pushed_out

    def put_back(self, errand: Errand) -> None:
        """Takes one again that was taken before, where it was: before all that came after it."""
        line = self._line(errand)
        later = next((at for at, one in enumerate(line) if one.number > errand.number), len(line))
        line.insert(later, errand)
        self._depth += 1

    def take(self, places: Iterable[Hashable]) -> Errand | None:
        """The best at these places."""
        heads = [line[0] for place in places if place in self._lines for line in self._lines[place].values()]
        if not heads:
            return None
        best = min(heads, key=lambda one: one.rank)
        return self._remove(best.place, best.priority, deque.popleft)

    def waits_at(self, place: Hashable) -> bool:
        """Whether anything does."""
        return place in self._lines

    def move(self, old: Hashable, new: Hashable) -> None:
        """What waited at `old` waits at `new`, in its order."""
        for line in self._lines.pop(old, {}).values():
            for errand in line:
                errand.place = new
            there = self._line(line[0])
            both = sorted([*there, *line], key=lambda one: one.number)
            there.clear()
            there.extend(both)

    def expired(self, now: float) -> list[Errand]:
        """Takes out all whose time is over. It looks at every one."""
        over: list[Errand] = []
        for line in list(self._all()):
            late = [errand for errand in line if errand.until_s <= now]
            if late:
                over += late
                self._keep(line, [errand for errand in line if errand.until_s > now])
        return over

    def drain(self) -> list[Errand]:
        """Takes out all."""
        left = sorted((errand for line in self._all() for errand in line), key=lambda one: one.rank)
        self._lines.clear()
        self._depth = 0
        return left

    def _all(self) -> Iterator[deque[Errand]]:
        return (line for lines in self._lines.values() for line in lines.values())

    def _line(self, errand: Errand) -> deque[Errand]:
        return self._lines.setdefault(errand.place, {}).setdefault(errand.priority, deque())

    def _keep(self, line: deque[Errand], kept: list[Errand]) -> None:
        self._depth -= len(line) - len(kept)
        place, priority = line[0].place, line[0].priority
        line.clear()
        line.extend(kept)
        self._forget_empty(place, priority)

    def _remove(self, place: Hashable, priority: int, pop) -> Errand:
        errand = pop(self._lines[place][priority])
        self._depth -= 1
        self._forget_empty(place, priority)
        return errand

    def _forget_empty(self, place: Hashable, priority: int) -> None:
        if not self._lines[place][priority]:
            del self._lines[place][priority]
            if not self._lines[place]:
                del self._lines[place]
