"""The log: standard error, one sentence a line, as text or JSON.

A failure's traceback goes to the log of the operator and nowhere else.
"""

import json
import sys
from datetime import UTC, datetime

from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogBeginner,
)

_LEVELS = {"debug": LogLevel.debug, "info": LogLevel.info, "warn": LogLevel.warn, "error": LogLevel.error}


def begin_logging(level: str, form: str, stream=sys.stderr) -> None:
    """Everything from `level` on goes to `stream`."""
    write = _json if form == "json" else _text

    def observe(event: dict) -> None:
        stream.write(write(event) + "\n")
        stream.flush()

    chosen = LogLevelFilterPredicate(defaultLogLevel=_LEVELS[level])
    chosen.setLogLevelForNamespace("log_legacy", LogLevel.warn)  # Twisted's word on each port
    globalLogBeginner.beginLoggingTo([FilteringLogObserver(observe, [chosen])], redirectStandardIO=False,
                                     discardBuffer=True)


def _text(event: dict) -> str:
    line = f"{_time(event)} {event['log_level'].name:<5} {_area(event)}: {formatEvent(event)}"
    return f"{line}\n{_traceback(event)}".rstrip() if "log_failure" in event else line


def _json(event: dict) -> str:
    record = {"time": _time(event), "level": event["log_level"].name, "area": _area(event),
              "message": formatEvent(event)}
    if "log_failure" in event:
        record["traceback"] = _traceback(event)
    return json.dumps(record, ensure_ascii=False)


def _time(event: dict) -> str:
    return datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds")


def _area(event: dict) -> str:
    return str(event.get("log_namespace", "-")).removeprefix("tectonics.")


def _traceback(event: dict) -> str:
    return event["log_failure"].getTraceback()
