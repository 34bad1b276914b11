"""USSD that does not work although every part of it does: answers that come too late, sessions that fall silent.

A look compares the registry's counters with those of a window ago, channel by channel.  A subscriber who reads and
hangs up without a word from the gateway is a silent session too, so the share of those that is an alarm is high.

Bound: SAMPLES looks are kept, evenly over the window.
"""

from collections import deque

from tectonics.config.alarms import AlarmLimits
from tectonics.oam.derived import Counts
from tectonics.ports import Alarms

SAMPLES = 30
STEPS, LATE = "tectonics_dialogue_answers_total", "tectonics_dialogue_late_total"
SESSIONS = "tectonics_dialogue_sessions_total"


class UssdWatch:
    """`metrics` has snapshot()."""

    def __init__(self, metrics, alarms: Alarms, limits: AlarmLimits) -> None:
        self._metrics, self._alarms, self._limits = metrics, alarms, limits
        self._kept: deque[tuple[float, dict[str, tuple[float, ...]]]] = deque([(float("-inf"), {})], maxlen=SAMPLES + 2)

    def look(self, now_s: float) -> None:
        """Raises or clears ussd_late and ussd_timeouts of each channel that was ever used."""
        now = _figures(Counts(self._metrics.snapshot()))
        window_s = self._limits.ussd_window_s
        while len(self._kept) > 1 and self._kept[1][0] <= now_s - window_s:
            self._kept.popleft()
        then = self._kept[0][1]
        if now_s - self._kept[-1][0] >= window_s / SAMPLES:
            self._kept.append((now_s, now))
        for channel, figures in now.items():
            before = then.get(channel, (0,) * len(figures))
            self._judge(channel, *(new - old for new, old in zip(figures, before, strict=True)))

    def _judge(self, channel: str, steps: float, late: float, sessions: float, silent: float) -> None:
        limits, minutes = self._limits, f"{self._limits.ussd_window_s / 60:g} minutes"
        self._set("ussd_late", channel, late, steps, limits.ussd_late_percent,
                  f"{late:.0f} of {steps:.0f} steps in the last {minutes} were answered when their budget was over")
        self._set("ussd_timeouts", channel, silent, sessions, limits.ussd_timeouts_percent,
                  f"in {silent:.0f} of {sessions:.0f} sessions that ended in the last {minutes} nothing came after a screen")

    def _set(self, kind: str, channel: str, part: float, whole: float, percent: int, text: str) -> None:
        if whole >= self._limits.ussd_steps_min and 100 * part >= percent * whole:
            self._alarms.raise_alarm(kind, text, channel)
        else:
            self._alarms.clear(kind, channel)


def _figures(counts: Counts) -> dict[str, tuple[float, ...]]:
    """Channel -> steps, late ones, sessions that ended, silent ones."""
    found: dict[str, list[float]] = {}
    for (channel, _), count in counts.rows(STEPS, 2):
        found.setdefault(channel, [0, 0, 0, 0])[0] += count
    for (channel,), count in counts.rows(LATE, 1):
        found.setdefault(channel, [0, 0, 0, 0])[1] += count
    for (channel, end), count in counts.rows(SESSIONS, 2):
        own = found.setdefault(channel, [0, 0, 0, 0])
        own[2] += count
        own[3] += count if end == "silent" else 0
    return {channel: tuple(figures) for channel, figures in found.items()}
