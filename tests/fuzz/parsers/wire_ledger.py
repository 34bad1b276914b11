"""The ledger's lines: a message of the protocol within its bounds, or BadMessage."""

from tectonics.domain.errors import BadMessage
from tectonics.wire.ledger import decode_answer, decode_request, encode
from tests.fuzz.contract import sentence

TOKENS = (b'{"do":"credit","n":1,', b'"do":"balance"', b'"do":"faults","changes":{', b'"do":"post"', b'"is":"done"',
          b'{"is":"value","n":1,"value":', b'"is":"hello"', b'"msisdn":"33600000001"', b'"op":"TEC-1"',
          b'"amount_minor":', b'"until_at":', b'"currency":"EUR"', b"1000000000000001", b"9007199254740993", b"1.0",
          b"1e999", b"18446744073709551616", b"[[[[", b"null", b'"\\ud800"', b"-1")


def check(data: bytes) -> None:
    for decode in (decode_request, decode_answer):
        try:
            message = decode(data)
        except BadMessage as error:
            sentence(error, 300)
            continue
        line = encode(message)
        assert line.count(b"\n") == 1 and decode(line) == message
        assert all(len(getattr(message, name, "")) <= 300 for name in ("op", "msisdn", "currency", "ref", "source")
                   if decode is decode_request)
