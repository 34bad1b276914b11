"""Hearing the log: a fault of our own in any process is a trouble of the world.

While it listens nothing else does, so that a run does not fill anybody's terminal.
"""

from collections.abc import Callable

from twisted.logger import LogLevel, formatEvent, globalLogPublisher

from tectonics.simulation.machine.timeline import Killed

TEXT_MAX = 2000
COLLECTED = "cannot reuse already awaited coroutine"  # what a dead life waited for was collected before the waiter


class Ears:
    """Listens from `open` to `close`; `heard(text)` gets each critical event."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        self._heard = heard
        self._others: list = []

    def open(self) -> None:
        """Listens instead of everybody else."""
        self._others = list(globalLogPublisher._observers)
        for observer in self._others:
            globalLogPublisher.removeObserver(observer)
        globalLogPublisher.addObserver(self._observe)

    def close(self) -> None:
        """Gives the log back."""
        globalLogPublisher.removeObserver(self._observe)
        for observer in self._others:
            globalLogPublisher.addObserver(observer)

    def _observe(self, event: dict) -> None:
        if event.get("log_level") is not LogLevel.critical:
            return
        failure = event.get("log_failure")
        if failure is not None and (failure.check(Killed) or str(failure.value) == COLLECTED):
            return
        text = formatEvent(event) if failure is None else f"{formatEvent(event)}: {failure.getTraceback()}"
        self._heard(text[-TEXT_MAX:])
