"""How one event of twisted.logger becomes a line, or a few where a failure brings its traceback.

    text     2026-11-22T08:00:00.000+00:00 info  engine.dispatch: BorrowConfirmed for 336*****01: lends 2.00 EUR  trace=5f0c...
    journal  <6>info  engine.dispatch: ...      the journal knows the time; the priority is sd-daemon(3)'s, on every line
    json     {"time":..,"level":..,"area":..,"message":..,"trace":..,"traceback":..}

`trace` is there where the line belongs to a request (domain/trace.py).
Bounds: MESSAGE_CHARS_MAX of the sentence, TRACEBACK_CHARS_MAX of the traceback, whose end says what happened.
"""

import json
from datetime import UTC, datetime

from twisted.logger import formatEvent

from tectonics.daemon.logs.masking import masked, one_line

MESSAGE_CHARS_MAX = 4000
TRACEBACK_CHARS_MAX = 16_000
PRIORITIES = {"debug": 7, "info": 6, "warn": 4, "error": 3, "critical": 2}  # syslog(3)


class Lines:
    """`form` is text or json; `journal`: the journal reads them."""

    def __init__(self, form: str, journal: bool = False) -> None:
        self._json, self._journal = form == "json", journal

    def sentence(self, event: dict) -> str:
        """What the event says, on one line; whatever cannot be formatted is said to be so."""
        return masked(one_line(formatEvent(event)[:MESSAGE_CHARS_MAX]))

    def line(self, event: dict, sentence: str) -> bytes:
        """What is written, with its newline."""
        whole = self._record(event, sentence) if self._json else self._text(event, sentence)
        if self._journal:
            prefix = f"<{PRIORITIES[event['log_level'].name]}>"
            whole = "\n".join(prefix + line for line in whole.splitlines())
        return whole.encode("utf-8", "replace") + b"\n"

    def _text(self, event: dict, sentence: str) -> str:
        line = f"{event['log_level'].name:<5} {area(event)}: {sentence}"
        if not self._journal:
            line = f"{_time(event)} {line}"
        if event.get("trace"):
            line = f"{line}  trace={event['trace']}"
        return f"{line}\n{_traceback(event)}" if "log_failure" in event else line

    def _record(self, event: dict, sentence: str) -> str:
        record = {"time": _time(event), "level": event["log_level"].name, "area": area(event), "message": sentence}
        if event.get("trace"):
            record["trace"] = event["trace"]
        if "log_failure" in event:
            record["traceback"] = _traceback(event)
        return json.dumps(record, ensure_ascii=False)


def area(event: dict) -> str:
    """The part of the daemon that speaks."""
    return str(event.get("log_namespace", "-")).removeprefix("tectonics.")


def _time(event: dict) -> str:
    return datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds")


def _traceback(event: dict) -> str:
    text = event["log_failure"].getTraceback()[-TRACEBACK_CHARS_MAX:].rstrip()
    return "\n".join(one_line(masked(line)) for line in text.splitlines())
