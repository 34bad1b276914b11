"""The times of RFC 3261 (table 4), in seconds, and how a message is repeated."""

from msgspec import Struct


class Timers(Struct, frozen=True):
    """T1 is the estimate of a round trip, T2 the longest pause between repetitions, T4 how long a message lives."""

    t1_s: float = 0.5
    t2_s: float = 4.0
    t4_s: float = 5.0
    completed_s: float = 32.0  # timer D: how long repetitions of a refusal are acknowledged

    @property
    def patience_s(self) -> float:
        """Timers B, F, H, J, L and M."""
        return 64 * self.t1_s


TIMERS = Timers()


class Repetition:
    """When a message is sent again over a transport that loses: after T1, then twice as long, up to `longest_s`."""

    def __init__(self, now: float, pause_s: float, longest_s: float) -> None:
        self._pause_s, self._longest_s = pause_s, longest_s
        self.due_at: float | None = now + pause_s

    def again(self, now: float) -> None:
        """It has been sent once more."""
        self._pause_s = min(2 * self._pause_s, self._longest_s)
        self.due_at = now + self._pause_s

    def over(self) -> None:
        """No more."""
        self.due_at = None
