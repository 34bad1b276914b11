"""How often a number, and the range that it belongs to, have been called back to in the last hour, by all subscribers.

Traffic that is pumped to somebody's own dear numbers comes from many subscribers at once, so a limit per subscriber does not
see it.  These counts stand in memory, of this process alone: they begin at nothing after a restart, and where
several processes share the work each allows the whole limit.  They are a brake on a loss, never the only one:
the limits per subscriber, the caps of dear destinations and the reservation hold without them.

Bound: CALLED_MAX numbers and as many ranges are remembered (about 0.3 kB each); beyond it the one that was called longest
ago is forgotten.  Of each at most MARKS_MAX moments: a limit may be at most that high.
"""

from collections import OrderedDict, deque

from tectonics.domain.call_rules import LIMIT_MAX
from tectonics.domain.events import CallAsked, Event
from tectonics.domain.numbers import Number
from tectonics.workflows.decision import Decision

HOUR_MS = 3_600_000
CALLED_MAX = 20_000
MARKS_MAX = LIMIT_MAX


class Called:
    """One of a process; moments are in ms."""

    def __init__(self, called_max: int = CALLED_MAX) -> None:
        self._called_max = called_max
        self._marks: dict[str, OrderedDict[str, deque[int]]] = {"number": OrderedDict(), "range": OrderedDict()}

    def recent(self, number: Number | None, now: int) -> tuple[int, int]:
        """Calls of the last hour to the number, and to its range."""
        if number is None:
            return 0, 0
        return self._count("number", number.digits, now), self._count("range", number.range, now)

    def heard(self, event: Event, decision: Decision, now: int) -> None:
        """Engine hook: a call was begun."""
        call = decision.account.standing.call
        if not isinstance(event, CallAsked) or event.b is None or call is None or call.trigger != event.trigger.id:
            return
        self._note("number", event.b.digits, now)
        self._note("range", event.b.range, now)

    def _count(self, kind: str, key: str, now: int) -> int:
        return sum(at > now - HOUR_MS for at in self._marks[kind].get(key, ()))

    def _note(self, kind: str, key: str, now: int) -> None:
        marks = self._marks[kind]
        marks.setdefault(key, deque(maxlen=MARKS_MAX)).append(now)
        marks.move_to_end(key)
        if len(marks) > self._called_max:
            marks.popitem(last=False)
