"""What goes wrong in a message centre: the next so many times, or in so many of a hundred; chance comes from a seed.

    throttle      ESME_RTHROTTLED            queue_full     ESME_RMSGQFUL       refuse   ESME_RSUBMITFAIL
    lose_request  not taken, not answered    lose_answer    taken, not answered
    late          taken, answered `late_s` later
    double        a delivery goes out twice
    cut           the connection breaks in the middle of the answer; what was submitted is taken
    garbage       octets that are no SMPP instead of the answer; what was submitted is taken
    silent        hears and says nothing any more, on the session that it strikes
"""

import random

from tectonics.domain.errors import TheirFault

THROTTLE, QUEUE_FULL, REFUSE = "throttle", "queue_full", "refuse"
LOSE_REQUEST, LOSE_ANSWER, LATE, DOUBLE = "lose_request", "lose_answer", "late", "double"
CUT, GARBAGE, SILENT = "cut", "garbage", "silent"
KINDS = (SILENT, CUT, GARBAGE, LOSE_REQUEST, THROTTLE, QUEUE_FULL, REFUSE, LOSE_ANSWER, LATE, DOUBLE)


class Faults:
    """Which faults strike, and how often each has."""

    def __init__(self, seed: int = 0, late_s: float = 2.0) -> None:
        self.late_s = late_s
        self.struck = dict.fromkeys(KINDS, 0)
        self._random = random.Random(seed)
        self._times = dict.fromkeys(KINDS, 0)
        self._percent = dict.fromkeys(KINDS, 0.0)

    def order(self, kind: str, times: int = 0, percent: float = 0.0) -> None:
        """Strikes the next `times` times, and after that in `percent` of all; replaces what was ordered before.

        TheirFault when there is no such fault.
        """
        if kind not in KINDS:
            raise TheirFault(f"no fault is called {kind}; there are {', '.join(KINDS)}")
        self._times[kind], self._percent[kind] = times, percent

    def strikes(self, kind: str) -> bool:
        """Whether it happens now."""
        if self._times[kind] > 0:
            self._times[kind] -= 1
        elif not (self._percent[kind] and self._random.uniform(0, 100) < self._percent[kind]):
            return False
        self.struck[kind] += 1
        return True
