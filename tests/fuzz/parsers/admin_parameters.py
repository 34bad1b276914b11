"""A call of the administration as it comes off the control socket: plain data or TheirFault, never anything else.

What the methods take may be stored and compared by a database, so every text must be one that it can hold.
"""

from twisted.python.failure import Failure as Fault

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin.parameters import decode
from tectonics.wire.control import Answer, Request, decode_answer, decode_request, encode_answer
from tests.fuzz.contract import NoFaults, sentence
from tests.oam.fakes import World

TABLE = World().administration.table()
TOKENS = (*(b'{"id":1,"method":"%s","params":{' % name.encode() for name in TABLE),
          *(b'"%s":' % name.encode() for name in sorted({n for method in TABLE.values() for n in method.takes})), b"}}",
          b'"33600000001"', b'"5.00"', b'"2026-11-22T08:00:00Z"', b'"1:n1:2"', b'"1:\\u0000:2"', b'"1:\\ud800:2"', b"1e999", b"true",
          b"[]", b"{}", b"[" * 40 + b"]" * 40, b"20", b'"done"', b'"TEC-9"', b'"ADV1"', b'"why"', b'"20261122T08Z"')


def check(data: bytes) -> None:
    request = decode_request(data)
    if not isinstance(request, Request):
        return
    with NoFaults():
        _call(request)
    if request.method in TABLE:
        _storable(request)


def _call(request: Request) -> None:
    told: list = []
    World().administration.call(request.method, request.params, "cli:ann").addBoth(told.append)
    answer = told[0]
    if isinstance(answer, Fault):
        if not answer.check(TheirFault):
            answer.raiseException()
        sentence(answer.value)
        return
    assert isinstance(decode_answer(encode_answer(Answer(request.id, answer))), Answer)


def _storable(request: Request) -> None:
    try:
        values = decode(request.method, TABLE[request.method].takes, request.params)
    except TheirFault:
        return
    for value in values.values():
        for text in value if isinstance(value, tuple) else [value]:
            assert not isinstance(text, str) or text.isprintable() and text.encode() is not None
