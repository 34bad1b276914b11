"""What goes wrong at a mail server, the next so many times.

Taking a mail:    busy    421 instead of a greeting          later    451 instead of 250       refuse   550 instead of 250
                  slow    250 after `slow_s`                 lose     taken, and cut before 250
                  cut     cut before it is taken             mute     nothing is answered any more on that connection
Sending one:      drip    octet by octet, `slow_s` apart     part     cut in the middle of the mail
                  leave   sent whole, and cut before the answer
"""

from collections import Counter

from tectonics.domain.errors import TheirFault

BUSY, LATER, REFUSE, SLOW, LOSE, CUT, MUTE, DRIP, PART, LEAVE = (
    "busy", "later", "refuse", "slow", "lose", "cut", "mute", "drip", "part", "leave")
KINDS = (BUSY, LATER, REFUSE, SLOW, LOSE, CUT, MUTE, DRIP, PART, LEAVE)


class Faults:
    """Which faults strike, and how often each has."""

    def __init__(self, slow_s: float = 0.2) -> None:
        self.slow_s = slow_s
        self.struck: Counter[str] = Counter()
        self._times: Counter[str] = Counter()

    def order(self, kind: str, times: int) -> None:
        """Strikes the next `times` times. TheirFault when there is no such fault."""
        if kind not in KINDS:
            raise TheirFault(f"no fault is called {kind}; there are {', '.join(KINDS)}")
        self._times[kind] = times

    def strikes(self, kind: str) -> bool:
        """Whether it happens now."""
        if self._times[kind] <= 0:
            return False
        self._times[kind] -= 1
        self.struck[kind] += 1
        return True
