"""The control socket's lines: a request or the failure to answer it with, an answer or BadMessage."""

from tectonics.domain.errors import BadMessage
from tectonics.wire.control import (
    Answer,
    Failure,
    Request,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
)
from tests.fuzz.contract import sentence

TOKENS = (b'{"id":1,"method":"status","params":{}}', b'"result":', b'"error":{"text":"no"}', b"9007199254740993",
          b"1e999", b"NaN", b"-0", b'"\\ud800"', b"[[", b"]]", b"null", b"true", b"\xff\xfe", b"\xef\xbb\xbf")


def check(data: bytes) -> None:
    request = decode_request(data)
    if isinstance(request, Request):
        data.decode()
        assert decode_request(encode_request(request)) == request
    else:
        sentence(request.text)
        assert decode_answer(encode_answer(request)) == request
    _answer(data)


def _answer(data: bytes) -> None:
    try:
        answer = decode_answer(data)
    except BadMessage as error:
        sentence(error)
        return
    assert isinstance(answer, Answer | Failure)
    line = encode_answer(answer)
    assert line.count(b"\n") == 1 and decode_answer(line) == answer
