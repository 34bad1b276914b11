"""What others write goes the way of our own lines: Python's `logging`, threads and destructors that fail.

Twisted's lines, its old ones and Python's warnings come by twisted.logger's own beginning; unhandled failures of Deferreds
too.  asyncio, which runs under Twisted, uses `logging`.
"""

import logging
import sys
import threading

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

_LEVELS = ((logging.CRITICAL, LogLevel.critical), (logging.ERROR, LogLevel.error), (logging.WARNING, LogLevel.warn),
           (logging.INFO, LogLevel.info))
_python = Logger(namespace="python")


class Stray(logging.Handler):
    """Hands on what libraries tell Python's `logging`, under the logger's name."""

    def emit(self, record: logging.LogRecord) -> None:
        """Never fails: what cannot be formatted is said to be so."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = f"{record.msg} (its arguments do not fit)"
        level = next((ours for theirs, ours in _LEVELS if record.levelno >= theirs), LogLevel.debug)
        more = {}
        if record.exc_info and record.exc_info[1] is not None:
            more["log_failure"] = _failure(*record.exc_info)
        Logger(namespace=record.name).emit(level, "{text}", text=text, **more)


def gather() -> None:
    """From now on, for the whole process."""
    root = logging.getLogger()
    root.handlers[:] = [Stray(logging.WARNING)]
    threading.excepthook = lambda told: _failed("A thread failed", told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _failed(f"{told.err_msg or 'A destructor failed'}: {type(told.object).__name__}",
                                              told.exc_type, told.exc_value, told.exc_traceback)


def _failed(what: str, kind, error, traceback) -> None:
    if error is not None:  # a thread that was told to exit has none
        _python.failure("{what}", _failure(kind, error, traceback), what=what)


def _failure(kind, error, traceback) -> Failure:
    return Failure(error, kind, traceback)
