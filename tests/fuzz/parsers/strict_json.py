"""JSON from outside: data that any other reader understands alike and that can be written again, or BadMessage."""

import json

from tectonics.domain.errors import BadMessage
from tectonics.wire.strict_json import DEPTH_MAX, decode
from tests.fuzz.contract import sentence

TOKENS = (b"[", b"]", b'{"a":', b"}", b",", b"1e999", b"-0.0", b'"\\ud83d\\ude00"', b'"\\ud800"', b"\xef\xbb\xbf", b"null", b"true", b"NaN",
          b"18446744073709551616", b"0.1", b"1E-7", b'"\\u0000"', b"[" * 33 + b"]" * 33)


def check(data: bytes) -> None:
    try:
        value = decode(data)
    except BadMessage as error:
        sentence(error, 200)
        return
    assert json.loads(data.decode()) == value
    assert decode(json.dumps(value).encode()) == value
    assert _depth(value) <= DEPTH_MAX


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
