"""What is counted of call-backs as the call server answers, and when it is called away.

A call server that answers nothing but faults (`failed`: its own, or nobody reached it at all) FAULTS_MAX times in a row
is away; one leg that it could try again, whatever became of it, says that it is there.
"""

from tectonics.domain.call import FAILED, Answered, Ended, Rung
from tectonics.domain.commands import Connect, Ring
from tectonics.ports import Alarms, Metrics

FAULTS_MAX = 5
ALARM = "call_server_down"


class CallFigures:
    """Of one process."""

    def __init__(self, metrics: Metrics, alarms: Alarms) -> None:
        self._metrics, self._alarms = metrics, alarms
        self._faults = 0

    def leg(self, command: Ring | Connect, result: Rung) -> None:
        """A was rung, or B."""
        answered = isinstance(result, Answered)
        self._metrics.count("tectonics_call_legs_total", "a" if isinstance(command, Ring) else "b",
                            "answered" if answered else result.cause)
        self._watch(not answered and result.cause == FAILED)

    def ended(self, result: Ended) -> None:
        """A conversation is over."""
        self._metrics.count("tectonics_calls_ended_total", result.cause)

    def _watch(self, fault: bool) -> None:
        if not fault:
            if self._faults >= FAULTS_MAX:
                self._alarms.clear(ALARM, "calls")
            self._faults = 0
            return
        self._faults += 1
        if self._faults >= FAULTS_MAX:
            self._alarms.raise_alarm(ALARM, f"{self._faults} calls in a row could not be set up at all", "calls")
