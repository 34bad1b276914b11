"""How long this process has had a command, by a clock that nobody sets.

Times of day may be wrong: one node's against another's, or its own when it is set right.  So what depends on nobody
else being able to send a command any more ("not found" means "not done") is measured from the moment at which this
process wrote its row or took it over, on the monotonic clock.  Whose row is older than this process starts at nought.
At most COMMANDS_MAX are known; who was forgotten begins again, which only makes it wait longer.
"""

from collections.abc import Callable

COMMANDS_MAX = 200_000


class Ages:
    """Of the money commands of this process that have no outcome yet; times in seconds."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._since_s: dict[str, float] = {}

    def begin(self, op: str) -> None:
        """It is ours from now on."""
        self._since_s.pop(op, None)
        if len(self._since_s) >= COMMANDS_MAX:
            del self._since_s[next(iter(self._since_s))]
        self._since_s[op] = self._monotonic_s()

    def age_s(self, op: str) -> float:
        """How long it has been ours; 0.0, and counting, where that is not known."""
        if op not in self._since_s:
            self.begin(op)
        return self._monotonic_s() - self._since_s[op]

    def end(self, op: str) -> None:
        """It has its outcome, or another owner."""
        self._since_s.pop(op, None)
