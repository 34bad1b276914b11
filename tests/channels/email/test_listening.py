"""The connections on a virtual clock: silence, endlessness, crowds, and answers in their order."""

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection

from tectonics.channels.email.listening import CLOSE_S, VERDICT_S, NoPlace, SmtpFactory
from tectonics.config.email import Email as Section
from tectonics.wire.smtp.syntax import Reply
from tests.engine.world import Counted

TAKEN = Reply(250, "2.0.0 taken")
MAIL = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<sos@vas.example>\r\nDATA\r\nhello\r\n.\r\n"


class Transport(StringTransportWithDisconnection):
    """Whose peer does not close by itself."""

    def loseConnection(self):
        self.disconnecting = True

    def abortConnection(self):
        super().loseConnection()


class Port:
    """A factory and its peers; a mail waits in `mails` for its verdict."""

    def __init__(self, **changes):
        self.clock, self.counted, self.mails = Clock(), Counted(), []
        self.section = Section(**{"connections_max": 3, "host_connections_max": 2, "idle_s": 10, "session_s": 30, **changes})
        self.factory = SmtpFactory(self.section, self.take, lambda address: None, lambda host: host == "192.0.2.25", self.clock,
                                   self.counted)

    def take(self, mail, host):
        waiting = Deferred(lambda one: one.callback(Reply(451, "4.3.0 later")))
        self.mails.append((mail, host, waiting))
        return waiting

    def connect(self, host="198.51.100.7"):
        protocol, transport = self.factory.buildProtocol(IPv4Address("TCP", host, 1)), Transport()
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return protocol, transport

    def results(self):
        return {labels[0]: count for (name, labels), count in self.counted.counts.items() if name.endswith("connections_total")}


@pytest.fixture
def port():
    return Port()


def codes(transport):
    said = [int(line[:3]) for line in transport.value().decode().splitlines() if line[3:4] == " "]
    transport.clear()
    return said


def test_a_mail_waits_for_its_verdict(port):
    protocol, transport = port.connect()
    protocol.dataReceived(MAIL + b"NOOP\r\n")
    assert codes(transport) == [220, 250, 250, 250, 354] and transport.producerState == "paused"
    mail, host, waiting = port.mails[0]
    assert (mail.sender, mail.content, host) == ("a@b.example", b"hello\r\n", "198.51.100.7")
    waiting.callback(TAKEN)
    assert codes(transport) == [250, 250] and transport.producerState == "producing"
    protocol.dataReceived(b"QUIT\r\n")
    assert codes(transport) == [221] and transport.disconnecting
    transport.abortConnection()
    assert port.results() == {"served": 1} and len(port.factory) == 0 and port.clock.getDelayedCalls() == []


def test_two_mails_at_once_are_judged_one_after_the_other(port):
    protocol, transport = port.connect()
    protocol.dataReceived(MAIL + MAIL.replace(b"hello", b"again"))
    assert len(port.mails) == 1
    port.mails[0][2].callback(TAKEN)
    assert [one[0].content for one in port.mails] == [b"hello\r\n", b"again\r\n"]
    port.mails[1][2].callback(TAKEN)
    assert codes(transport) == [220, 250, 250, 250, 354, 250, 250, 250, 250, 354, 250]


def test_silence_ends_a_connection(port):
    protocol, transport = port.connect()
    port.clock.advance(9)
    protocol.dataReceived(b"NOOP\r\n")
    port.clock.advance(9)
    assert not transport.disconnecting
    port.clock.advance(1)
    assert codes(transport) == [220, 250, 421] and transport.disconnecting
    protocol.dataReceived(MAIL)
    assert port.mails == [] and codes(transport) == []
    port.clock.advance(CLOSE_S)
    assert not transport.connected and port.results() == {"slow": 1} and port.clock.getDelayedCalls() == []


def test_who_goes_on_and_on_is_ended_too(port):
    protocol, transport = port.connect()
    protocol.dataReceived(MAIL[:-5])
    for _ in range(29):
        port.clock.advance(1)
        protocol.dataReceived(b"x")
    assert not transport.disconnecting
    port.clock.advance(1)
    assert transport.disconnecting and port.mails == []


def test_a_verdict_has_its_time():
    port = Port(session_s=600)
    protocol, transport = port.connect()
    protocol.dataReceived(MAIL)
    port.clock.advance(VERDICT_S - 1)
    assert codes(transport)[-1] == 354
    port.clock.advance(1)
    assert codes(transport) == [451] and not transport.disconnecting
    port.clock.advance(10)
    assert codes(transport) == [421]


def test_who_is_gone_gets_no_answer(port):
    protocol, transport = port.connect()
    protocol.dataReceived(MAIL)
    transport.abortConnection()
    transport.clear()
    port.mails[0][2].callback(TAKEN)
    assert codes(transport) == [] and port.clock.getDelayedCalls() == []


def test_crowds(port):
    first, _ = port.connect()
    port.connect()
    refused, transport = port.connect()
    assert isinstance(refused, NoPlace) and codes(transport) == [421] and transport.disconnecting
    port.connect("203.0.113.1")
    assert isinstance(port.connect("203.0.113.2")[0], NoPlace)
    first.transport.abortConnection()
    assert not isinstance(port.connect("203.0.113.2")[0], NoPlace)
    assert port.results() == {"crowded": 1, "full": 1, "served": 1}


def test_a_relay_may_have_more(port):
    assert [isinstance(port.connect("192.0.2.25")[0], NoPlace) for _ in range(4)] == [False] * 3 + [True]


def test_a_stop_waits_for_what_is_judged(port):
    _, idle_transport = port.connect()
    busy, _ = port.connect()
    busy.dataReceived(MAIL)
    judged, = port.factory.stop()
    assert codes(idle_transport) == [220, 421] and not judged.called
    port.mails[0][2].callback(TAKEN)
    assert judged.called


def test_what_is_refused_is_counted(port):
    protocol, _ = port.connect()
    protocol.dataReceived(b"x" * 2000)
    assert port.counted.counts["tectonics_email_refused_total", ("line",)] == 1
