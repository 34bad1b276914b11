"""The operators' trail: one log line for each change that was asked for, who asked and what came of it.

The proof of a change is its ticket or its policy version, written in the transaction that made it;
this line is for whoever reads the log, so it may be lost in a crash.  Numbers are masked, texts that
people typed and documents stay out of it.
"""

from collections.abc import Mapping

from twisted.logger import Logger

from tectonics.domain.msisdn import mask

_SHOWN = ("id", "op", "amount", "segment", "language", "outcome", "accepting", "note")
_log = Logger()


def changed(who: str, method: str, params: Mapping, answer: object) -> None:
    """`who` changed something."""
    text = answer.get("text", "done") if isinstance(answer, Mapping) else "done"
    _log.info("{who} asked {asked}: {text}", who=who, asked=_asked(method, params), text=text, always=True)


def refused(who: str, method: str, params: object, why: str) -> None:
    """`who` asked for a change that was not made."""
    asked = _asked(method, params if isinstance(params, Mapping) else {})
    _log.info("{who} asked {asked}, refused: {why}", who=who, asked=asked, why=why, always=True)


def _asked(method: str, params: Mapping) -> str:
    number = params.get("msisdn")
    words = [mask(number.strip()[:20])] if isinstance(number, str) else []
    words += [f"{name}={str(params[name])[:80]!r}" for name in _SHOWN if params.get(name) is not None]
    return " ".join([method, *words])
