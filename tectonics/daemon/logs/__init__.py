"""The log: standard error, one sentence a line, for people, programs or the journal.

    event ──▶ level of its area? ──▶ said too often? ──▶ the line (masked) ──▶ outlet, which never waits

The log is the process's: it is begun once, before the daemon is made, and may be written by any thread (the batch
writers do), so one lock is around all of it; a lock that its holder may take again, as a destructor may log anywhere.
A failure that nobody handled is a fault of ours: `on_fault` hears of it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

from twisted.logger import LogLevel, globalLogBeginner

from tectonics.config.sections import Log as Section
from tectonics.daemon.logs.levels import LEVELS, Levels
from tectonics.daemon.logs.lines import Lines, area
from tectonics.daemon.logs.outlet import Outlet
from tectonics.daemon.logs.repeats import Repeats, shape
from tectonics.daemon.logs.strays import gather

__all__ = ["LEVELS", "ProcessLog", "begin_logging", "to_the_journal"]

TICK_S = 1.0  # how often `tick` is to be called
_FIRST_CHARS_MAX = 200


class ProcessLog:
    """An ILogObserver. `now_s` is a clock that never goes back."""

    def __init__(self, levels: Levels, lines: Lines, repeats: Repeats, outlet: Outlet,
                 now_s: Callable[[], float] = time.monotonic) -> None:
        self.levels, self.outlet = levels, outlet
        self.on_fault: Callable[[str], None] | None = None
        self._lines, self._repeats, self._now_s = lines, repeats, now_s
        self._lock = threading.RLock()

    def __call__(self, event: dict) -> None:
        """Writes the event, if it is to be written."""
        level = event["log_level"]
        if not self.levels.shows(event.get("log_namespace", ""), level):
            return
        with self._lock:
            self._tell(event, level)
        if level is LogLevel.critical and self.on_fault is not None and _nobody_s(event):
            self.on_fault(f"{area(event)}: {event['log_failure'].type.__name__}, see the log")

    def tick(self) -> None:
        """Tells what was held back and is over, and writes what waits."""
        with self._lock:
            self._sum_up()
            self.outlet.flush()

    def close(self) -> None:
        """Tells what was held back, writes what waits; after that it goes on as before."""
        with self._lock:
            self._sum_up(all_of_them=True)
            self.outlet.close()

    def shown(self) -> dict:
        """For operators: levels, and what was lost."""
        return {"level": self.levels.default, "areas": self.levels.shown(), "lost": self.outlet.lost}

    def change(self, area: str, level: str) -> None:
        """From now on `area` is written from `level` on; TheirFault where there is no such area."""
        self.levels.change(area, level)

    def reset(self) -> None:
        """All levels as configured again."""
        self.levels.reset()

    def _tell(self, event: dict, level: LogLevel) -> None:
        sentence = self._lines.sentence(event)
        if level is not LogLevel.debug and not event.get("always"):  # whoever asks for details wants all of them
            self._sum_up()
            key = (event.get("log_namespace"), level, event.get("log_format"), shape(sentence), _kind(event))
            if not self._repeats.admits(key, (event, sentence[:_FIRST_CHARS_MAX]), self._now_s()):
                return
        self._write(event, sentence)

    def _sum_up(self, all_of_them: bool = False) -> None:
        for (event, sentence), count in self._repeats.over(self._now_s(), all_of_them):
            self._say(event, f"{count} more like this in the last {self._repeats.within_s:g} s: {sentence}")

    def _say(self, like: dict, sentence: str) -> None:
        about = {key: like[key] for key in ("log_level", "log_namespace")}
        self._write(about | {"log_time": time.time()}, sentence)

    def _write(self, event: dict, sentence: str) -> None:
        lost = self.outlet.lost_untold
        self.outlet.write(self._lines.line(event, sentence))
        if lost and lost == self.outlet.lost_untold and not self.outlet.waiting_bytes:
            self.outlet.lost_untold = 0
            self._say({"log_level": LogLevel.warn, "log_namespace": __name__},
                      f"{lost} lines before could not be written and are lost")


def _kind(event: dict) -> str:
    failure = event.get("log_failure")
    return f"{failure.type.__name__}: {shape(failure.getErrorMessage())}" if failure is not None else ""


def _nobody_s(event: dict) -> bool:
    """Whether it is a failure that no part of the daemon has logged, so none has raised an alarm."""
    return "log_failure" in event and not event.get("log_namespace", "").startswith("tectonics.")


def begin_logging(section: Section, fd: int | None = None) -> ProcessLog:
    """From now on everything goes to `fd`, else to standard error. Once in a process."""
    fd = sys.stderr.fileno() if fd is None else fd
    log = ProcessLog(Levels(section.level, section.areas), Lines(section.format, to_the_journal(fd)),
                     Repeats(section.repeats_max, section.repeats_s), Outlet(fd))
    gather()
    globalLogBeginner.beginLoggingTo([log], redirectStandardIO=False, discardBuffer=True)
    return log


def to_the_journal(fd: int) -> bool:
    """Whether `fd` is the stream that systemd connected to the journal (JOURNAL_STREAM, systemd.exec(5))."""
    found = os.fstat(fd)
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
