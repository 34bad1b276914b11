"""The control socket's protocol: how the command line talks to the running daemon.

One JSON object a line, UTF-8, either way (JSON Lines, RFC 8259):

    {"id": 1, "method": "subscribers.show", "params": {"msisdn": "33600000001"}}
    {"id": 1, "result": {...}}   or   {"id": 1, "error": {"text": "one sentence"}}

Sans-I/O: bytes in, objects out; the daemon and the command line use the same file.  Requests may be
pipelined; answers carry the request's id and may come in any order.  A line that is wrong is answered
(with id null when its own cannot be read), and the next one is served.  Lines are cut by wire/lines.py;
one beyond its bound is TOO_LONG.
"""

import json
from dataclasses import dataclass, field
from math import isinf

from tectonics.domain.errors import BadMessage
from tectonics.wire import strict_json

REQUEST_BYTES_MAX = 1 << 20  # a whole lending policy takes a few dozen kilobytes
ANSWER_BYTES_MAX = 16 << 20  # a thousand tickets of the longest kind
ID_MAX = 2**53  # what every JSON implementation reads back exactly (RFC 8259 section 6)


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks."""

    id: int
    method: str
    params: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon found or did: plain data."""

    id: int
    result: object


@dataclass(frozen=True, slots=True)
class Failure:
    """Why not, in one sentence; `id` is None when the request's own could not be read."""

    id: int | None
    text: str


TOO_LONG = Failure(None, f"the request is longer than {REQUEST_BYTES_MAX} bytes")


def encode_request(request: Request) -> bytes:
    """The line of a request; BadMessage when the daemon would not read it."""
    line = _line({"id": request.id, "method": request.method, "params": request.params})
    if len(line) > REQUEST_BYTES_MAX:
        raise BadMessage(TOO_LONG.text)
    return line


def encode_answer(answer: Answer | Failure) -> bytes:
    """The line of an answer; one that is too long becomes the failure that says so."""
    if isinstance(answer, Failure):
        return _line({"id": answer.id, "error": {"text": answer.text}})
    line = _line({"id": answer.id, "result": answer.result})
    if len(line) > ANSWER_BYTES_MAX:
        return encode_answer(Failure(answer.id, "the answer is too long; ask for a smaller page"))
    return line


def decode_request(line: bytes) -> Request | Failure:
    """The request in `line`, or the failure to answer it with."""
    try:
        record = _record(strict_json.decode(line))
    except BadMessage as error:
        return Failure(None, str(error))
    identity, method, params = record.get("id"), record.get("method"), record.get("params", {})
    if not _is_id(identity):
        return Failure(None, f"`id` must be a whole number from 0 to {ID_MAX}")
    if not isinstance(method, str) or not method or len(method) > 64:
        return Failure(identity, "`method` must be a name such as \"status\"")
    if not isinstance(params, dict):
        return Failure(identity, "`params` must be an object")
    if unknown := sorted(set(record) - {"id", "method", "params"}):
        return Failure(identity, f"unknown member {unknown[0][:40]!r}")
    return Request(identity, method, params)


def decode_answer(line: bytes) -> Answer | Failure:
    """The answer in `line`; BadMessage when it is none."""
    record = _record(_answer_json(line))
    identity, error = record.get("id"), record.get("error")
    if isinstance(error, dict) and isinstance(error.get("text"), str):
        return Failure(identity if _is_id(identity) else None, error["text"])
    if "result" not in record or not _is_id(identity):
        raise BadMessage("neither a result nor an error")
    return Answer(identity, record["result"])


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= ID_MAX


def _answer_json(line: bytes) -> object:
    """Lenient: an answer may quote half a character, such as of a file's name."""
    try:
        return json.loads(line.decode(), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not a line of JSON in UTF-8") from error


def _record(value: object) -> dict:
    if not isinstance(value, dict):
        raise BadMessage("not a JSON object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise ValueError(f"{digits} is beyond all numbers")
    return value


def _line(record: dict) -> bytes:
    # ASCII escapes: half of a surrogate pair in a string must not make the line impossible to encode.
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
