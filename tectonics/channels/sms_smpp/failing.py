"""When messages fail, an alarm: half of the last ones, and enough of them to tell.

It clears when four of five arrive again, so that a fault that comes and goes is one alarm.
"""

from collections import deque

from tectonics.ports import Alarms

LOOKED_AT = 50  # the last messages
ENOUGH = 20


class Failing:
    """Watches over what becomes of messages."""

    def __init__(self, alarms: Alarms, about: str) -> None:
        self._alarms, self._about = alarms, about
        self._last: deque[bool] = deque(maxlen=LOOKED_AT)
        self._raised = False

    def succeeded(self) -> None:
        """A message is at the centre, or has been delivered."""
        self._saw(True, "")

    def failed(self, why: str) -> None:
        """A message was refused, was lost, could not leave in time or was not delivered."""
        self._saw(False, why)

    def _saw(self, good: bool, why: str) -> None:
        self._last.append(good)
        bad, seen = self._last.count(False), len(self._last)
        if not good and seen >= ENOUGH and 2 * bad >= seen:
            self._raised = True
            self._alarms.raise_alarm("messages_failing", f"{bad} of the last {seen} messages failed, the last: {why}",
                                     self._about)
        elif self._raised and 5 * bad <= seen:
            self._raised = False
            self._alarms.clear("messages_failing", self._about)
