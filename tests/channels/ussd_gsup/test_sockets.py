"""The channel over loopback sockets, with a peer that plays the register: TCP's own ways of going wrong."""

import re
import socket

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from tectonics.channels.ussd_gsup.channel import UssdGsup
from tectonics.config.gsup import UssdGsup as Section
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tests.channels.peers import Failures
from tests.channels.ussd_gsup.network import INFO, TEXTS, ScriptedDialogue, said
from tests.wire.gsup.octets import (
    BEGIN,
    CONTINUE,
    DIALLED_133,
    IDENTITY_REQUEST,
    IMSI,
    NOTE,
    PING,
    PONG,
    REQUEST,
    RESULT,
    answered,
    asking,
    dialling,
    frame,
    frames,
    last_word,
    ss,
)

FLOOD = 20_000  # dials, whose answers are more than the buffers of both ends hold
BUFFER_BYTES = 16_384


class Gsup(Protocol):
    """The register's GSUP port: asks who we are, and keeps what it hears."""

    def connectionMade(self):
        self.received, self.waits, self.greeted = bytearray(), [], False
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.transport.write(IDENTITY_REQUEST)

    def dataReceived(self, data):
        self.received += data
        if not self.greeted and self.received.endswith(PING + NOTE):
            self.greeted = True
            self.received.clear()
            self.transport.write(PONG + NOTE)
            self.factory.greeted.callback(self)
        if self.waits and len(self.received) >= self.waits[0][0]:
            self.waits.pop(0)[1].callback(None)

    async def hears(self, size):
        """The payloads of the next so many octets."""
        if len(self.received) < size:
            self.waits.append((size, Deferred()))
            await self.waits[-1][1]
        data = bytes(self.received[:size])
        del self.received[:size]
        return [payload for _, payload in frames(data)]


class Ctrl(Protocol):
    """The register's CTRL port: knows one number."""

    def dataReceived(self, data):
        if PING in data:
            self.transport.write(PONG)
        for number, imsi in re.findall(rb"GET (\d+) subscriber\.by-imsi-(\d+)\.info", data):
            info = INFO.format(imsi=imsi.decode(), msisdn="msisdn\t33600000001\n")
            text = f"GET_REPLY {number.decode()} subscriber.by-imsi-{imsi.decode()}.info {info}"
            self.transport.write(frame(0xEE, b"\0" + text.encode()))


class Register:
    """Both ports, and a channel that is started on them."""

    def __init__(self):
        self.gsup = Factory.forProtocol(Gsup)
        self.gsup.greeted = Deferred()
        self.ports = [reactor.listenTCP(0, factory, interface="127.0.0.1")
                      for factory in (self.gsup, Factory.forProtocol(Ctrl))]
        self.metrics, self.dialogue = MetricsRegistry(), ScriptedDialogue()
        endpoints = [TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port) for port in self.ports]
        self.channel = UssdGsup(
            *endpoints, self.dialogue, Section(), clock=reactor, metrics=self.metrics,
            alarms=AlarmTable(reactor, self.metrics), catalogue=TEXTS, codes=("*133#",), jitter=lambda: 0.999)

    async def connected(self):
        link = await self.gsup.greeted
        self.gsup.greeted = Deferred()
        return link

    def served(self):
        return sum(self.metrics.snapshot().get("tectonics_channel_requests_total", {}).values())


@pytest_twisted.async_yield_fixture
async def register():
    made = Register()
    made.channel.start()
    with Failures() as failures:
        yield made
        await made.channel.stop()
        for port in made.ports:
            await port.stopListening()
    assert failures == []


def octets(*payloads):
    """How many these are on the wire."""
    return sum(3 + len(payload) // 2 for payload in payloads)


async def hears(link, *payloads):
    assert await link.hears(octets(*payloads)) == list(payloads)


@pytest_twisted.ensureDeferred
async def test_a_session_in_pieces_over_a_connection_that_is_lost_between_its_steps(register):
    link = await register.connected()
    for at in range(0, len(ss(REQUEST, BEGIN, DIALLED_133)), 7):
        link.transport.write(ss(REQUEST, BEGIN, DIALLED_133)[at:at + 7])
        await deferLater(reactor, 0)
    await hears(link, said(REQUEST, CONTINUE, asking("*133#")))
    link.transport.abortConnection()
    link = await register.connected()
    link.transport.write(ss(REQUEST, CONTINUE, answered("9")))
    await hears(link, said(RESULT, 3, last_word("*133# 9")))
    assert [one.text for one in register.dialogue.asked] == ["", "9"]


@pytest_twisted.ensureDeferred
async def test_a_register_that_does_not_read_is_not_read_either(register):
    link = await register.connected()
    link.transport.pauseProducing()
    flood = b"".join(ss(REQUEST, BEGIN, dialling("*#"), session) for session in range(1, FLOOD + 1))
    link.transport.write(flood)
    ours = register.channel._line._connection.transport
    ours.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    while not ours.producerPaused:
        await deferLater(reactor, 0)
    served = register.served()
    await deferLater(reactor, 0)
    assert 0 < served == register.served() < FLOOD, "it reads no further"
    assert len(ours.dataBuffer) + sum(map(len, ours._tempDataBuffer)) < 1_000_000
    link.transport.resumeProducing()
    answer = said(RESULT, 3, last_word("No such code"), session=1)
    await link.hears((FLOOD - 1) * octets(answer))
    await hears(link, said(RESULT, 3, last_word("No such code"), session=FLOOD))
    assert register.served() == FLOOD


@pytest_twisted.ensureDeferred
async def test_a_stop_says_the_last_words_over_the_socket(register):
    link = await register.connected()
    link.transport.write(ss(REQUEST, BEGIN, DIALLED_133, imsi=IMSI))
    await hears(link, said(REQUEST, CONTINUE, asking("*133#")))
    await register.channel.stop()
    await hears(link, said(RESULT, 3, last_word("Dial again")))
