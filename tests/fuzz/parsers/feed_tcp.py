"""The feed's connection: each record one line of answer that names it, the same in any pieces."""

import re

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.billing.feed_tcp import REASON_CHARS_MAX, FeedFactory
from tests.billing.worlds import Counts, Ears
from tests.fuzz.contract import NoFaults, alike
from tests.fuzz.parsers.wire_feed import TOKENS as WORDS

NOW_S = 1_795_000_000
ANSWER = re.compile(r"(OK|DUP) \S{1,128}|ERR \S{1,128} \S.*")
TOKENS = (*WORDS, b'{"id":"r1","type":"recharge","msisdn":"33600000001","amount":"5","currency":"EUR","time":"2026-11-18T10:00:00Z"}\n',
          b"\n", b"\r\n", b'{"id":"a\\nOK b","amount":[]}\n', b'{"id":"a b","amount":[]}\n')


def check(data: bytes) -> None:
    with NoFaults():
        answers = alike(_answers, data)
    records = [line for line in data.split(b"\n")[:-1] if len(line) > 4096 or line.removesuffix(b"\r").strip()]
    assert len(answers) - len(records) in (0, int(len(data.rpartition(b"\n")[2]) > 4096))
    for answer in answers:
        assert ANSWER.fullmatch(answer) and len(answer) <= REASON_CHARS_MAX + 140, answer


def _answers(pieces: list[bytes]) -> list[str]:
    clock = Clock()
    clock.advance(NOW_S)
    protocol = FeedFactory(Ears(), "EUR", Counts(), clock, country_code="33").buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    for piece in pieces:
        protocol.dataReceived(piece)
    protocol.connectionLost()
    return transport.value().decode().split("\n")[:-1]
