"""Over a real socket: whatever a peer says, it gets the right answer and a counter; the session survives or ends cleanly."""

import socket

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tectonics.links.smpp.outcome import Accepted
from tectonics.wire.smpp import events
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.pdus import (
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    QuerySm,
    SubmitSm,
    SubmitSmResp,
    message_octets,
)
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import VALUE_OCTETS_MAX, Tag, Tlv
from tests.links.smpp.loopback import until

DELIVERED = encode(DeliverSm(sequence=9, source_addr="33600000001", destination_addr="133", short_message=b"BAL"))


def pdu(body: bytes, command: int = 5, length: int | None = None, sequence: int = 9) -> bytes:
    """A PDU that says it has `length` octets."""
    return (16 + len(body) if length is None else length).to_bytes(4) + bytes(
        [*command.to_bytes(4), 0, 0, 0, 0, *sequence.to_bytes(4)]) + body


WRONG = {  # name: (octets, the answer that it gets, the counter that moves)
    "unknown command": (pdu(b"", 0x0999), GenericNack(sequence=9, status=Status.RINVCMDID), "bad_pdus"),
    "command of 5.0": (pdu(b"\0" * 20, 0x0111), GenericNack(sequence=9, status=Status.RINVCMDID), "bad_pdus"),
    "vendor's command": (pdu(b"x", 0x00010200), GenericNack(sequence=9, status=Status.RINVCMDID), "bad_pdus"),
    "body cut short": (pdu(DELIVERED[16:19]), DeliverSmResp(sequence=9, status=Status.RINVCMDLEN), "bad_pdus"),
    "no body": (pdu(b""), DeliverSmResp(sequence=9, status=Status.RINVCMDLEN), "bad_pdus"),
    "text longer than its PDU": (pdu(DELIVERED[16:-4] + b"\xc8BAL"),
                                 DeliverSmResp(sequence=9, status=Status.RINVMSGLEN), "bad_pdus"),
    "address without an end": (pdu(b"\0\1\1" + b"3" * 60),
                               DeliverSmResp(sequence=9, status=Status.RINVSRCADR), "bad_pdus"),
    "parameter longer than its PDU": (pdu(DELIVERED[16:] + b"\x04\x24\x10\x00abc"),
                                      DeliverSmResp(sequence=9, status=Status.RINVOPTPARSTREAM), "bad_pdus"),
    "half a parameter": (pdu(DELIVERED[16:] + b"\x04\x24"),
                         DeliverSmResp(sequence=9, status=Status.RINVOPTPARSTREAM), "bad_pdus"),
    "an ESME's request": (encode(SubmitSm(sequence=9)), SubmitSmResp(sequence=9, status=Status.RINVCMDID), "misplaced"),
    "a bind": (encode(BindTransceiver(sequence=9)), None, "misplaced"),
    "a question to a centre": (encode(QuerySm(sequence=9)), None, "misplaced"),
    "an answer to nothing": (encode(SubmitSmResp(sequence=123)), None, "misplaced"),
    "an unreadable answer to nothing": (pdu(b"x" * 70, 0x80000004), None, "bad_pdus"),
}
FATAL = {
    "length of four": pdu(b"", length=4),
    "length of zero": pdu(b"", length=0),
    "length of two gigabytes": pdu(b"", length=0x7FFFFFFF),
    "one octet more than any PDU": pdu(b"", length=70_001),
    "another protocol": b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
}


def counted(loopback, name: str) -> int:
    return sum(loopback.counted(f"{name}_total").values())


def strays(loopback) -> list:
    return [event.pdu for _, event in loopback.centre.events if isinstance(event, events.Stray)]


@pytest.mark.parametrize("octets, answer, counter", WRONG.values(), ids=WRONG)
@pytest_twisted.ensureDeferred
async def test_the_session_survives(loopback, octets, answer, counter):
    await loopback.up()
    loopback.centre.sessions[0].raw(octets)
    assert await loopback.send("still there") == Accepted("smsc1", "1")
    await loopback.until(lambda: counted(loopback, counter) == 1)
    if answer is not None:
        await loopback.until(lambda: strays(loopback) == [answer])
    assert loopback.centre.counts["bound"] == 1 and loopback.heard == []


@pytest.mark.parametrize("octets", FATAL.values(), ids=FATAL)
@pytest_twisted.ensureDeferred
async def test_the_session_ends_cleanly_and_another_begins(loopback, octets):
    await loopback.up()
    loopback.centre.sessions[0].raw(octets)
    await loopback.until(lambda: loopback.centre.counts["bound"] == 2)
    assert counted(loopback, "bad_pdus") == 1
    [nack] = strays(loopback)
    assert (type(nack), nack.status) == (GenericNack, Status.RINVCMDLEN)
    assert isinstance(await loopback.send("back again"), Accepted)


@pytest_twisted.ensureDeferred
async def test_garbage_before_the_bind(loopback):
    greeted = []
    connected = loopback.centre.connected

    def greets(session) -> None:
        connected(session)
        if not greeted:
            session.raw(b"220 mail.example.org ESMTP\r\n")
            greeted.append(session)
    loopback.centre.connected = greets
    await loopback.up()
    assert counted(loopback, "bad_pdus") == 1 and isinstance(await loopback.send("m"), Accepted)


@pytest_twisted.ensureDeferred
async def test_the_end_in_the_middle_of_a_pdu(loopback):
    await loopback.up()
    session = loopback.centre.sessions[0]
    session.raw(DELIVERED[:-2])
    session.transport.loseConnection()
    session.transport.unregisterProducer()
    await loopback.until(lambda: loopback.centre.counts["bound"] == 2)
    assert loopback.heard == []


@pytest_twisted.ensureDeferred
async def test_a_payload_of_64_kB_is_heard_and_a_stream_octet_by_octet(loopback):
    await loopback.up()
    payload = Tlv(Tag.MESSAGE_PAYLOAD, b"\xaa" * VALUE_OCTETS_MAX)
    assert await loopback.centre.deliver(DeliverSm(tlvs=(payload,))) == 0
    assert len(message_octets(loopback.heard[0][1])) == VALUE_OCTETS_MAX
    session = loopback.centre.sessions[0]
    for octet in DELIVERED:
        session.raw(bytes([octet]))
        turn: Deferred[None] = Deferred()
        session._clock.callLater(0, turn.callback, None)
        await turn
    await until(lambda: len(loopback.heard) == 2)


@pytest_twisted.ensureDeferred
async def test_a_flood_from_a_peer_that_does_not_read_is_not_listened_to(loopback):
    """What we owe to it would else pile up: every bad PDU is answered with a larger one."""
    await loopback.up()
    session, line = loopback.centre.sessions[0], loopback.binds._accounts["smsc1"]._seats[0].line
    session.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    line.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    session.transport.unregisterProducer()
    session.transport.pauseProducing()
    session.raw(pdu(b"", 0x0999) * 20_000)
    await until(lambda: line.transport.producerPaused)
    unsent = len(line.transport.dataBuffer) + sum(map(len, line.transport._tempDataBuffer))
    assert counted(loopback, "bad_pdus") < 15_000 and unsent < 300_000
    assert loopback.binds.shown()[0]["state"] == "bound_trx" and line.room == 0
    session.transport.resumeProducing()
    await until(lambda: counted(loopback, "bad_pdus") == 20_000)
    assert await loopback.send("still there") == Accepted("smsc1", "1")
