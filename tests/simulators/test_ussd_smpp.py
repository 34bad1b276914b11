"""The gateway simulator: what it says the channel reads, in every dialect, and what it does with screens that have no place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.channels.ussd_smpp.heard import ABORT, BEGIN, INPUT, SHOWN, Reader
from tectonics.channels.ussd_smpp.said import END, MENU, NOTICE, Writer
from tectonics.simulators.screens import NoScreen
from tectonics.simulators.smsc.faults import CUT, DOUBLE, Faults
from tectonics.simulators.ussd_smpp.gateway import RETRY_S, UssdGateway
from tectonics.simulators.ussd_smpp.voice import Screen, Voice
from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import Answered, Asked
from tectonics.wire.smpp.pdus import BindTransceiver, DeliverSmResp
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.status import Status
from tests.channels.ussd_smpp.speaking import MSISDN, SHIPPED, shipped

numbers = st.integers(0, 100_000)


def heard(name, pdu):
    return Reader(shipped(name)).read(decode(encode(pdu)))


@given(st.sampled_from(SHIPPED), numbers, st.sampled_from(["*133#", "*133*2#", "*144*33600000002#"]),
       st.text("0123456789*é", min_size=1, max_size=20))
def test_the_channel_reads_what_the_gateway_says(name, number, code, typed):
    voice = Voice(shipped(name))
    correlator = voice.correlator(number)
    dialled = heard(name, voice.dial(MSISDN, code, correlator))
    assert (dialled.kind, dialled.msisdn, dialled.dialled, dialled.correlator) == (BEGIN, MSISDN, code, correlator)
    seen = Screen("menu", True, unit=1)
    answer = heard(name, voice.typed(MSISDN, code, [typed], correlator, seen))
    assert (answer.kind, answer.text, answer.correlator) == (INPUT, typed, correlator)
    assert heard(name, voice.hung_up(MSISDN, correlator)).kind == ABORT
    assert heard(name, voice.confirmed(MSISDN, correlator)).kind == SHOWN


@given(st.sampled_from(SHIPPED), numbers, st.sampled_from([MENU, END]), st.text("abcé سلام€", max_size=60), st.booleans())
def test_the_gateway_reads_what_the_channel_says(name, number, kind, text, echo):
    voice, writer = Voice(shipped(name), echo), Writer(shipped(name))
    correlator = voice.correlator(number)
    dialled = heard(name, voice.dial(MSISDN, "*133#", correlator))
    pdu = decode(encode(writer.screen(kind, text, dialled.between, correlator, dialled.unit)))
    msisdn, found, screen = voice.read(pdu)
    assert (msisdn, found, screen.text, screen.more, screen.notice) == (MSISDN, correlator, text, kind == MENU, False)
    if shipped(name).counts:
        typed = heard(name, voice.typed(MSISDN, "*133#", ["1"], correlator, screen))
        assert typed.unit == (1 if echo else 2)
    assert voice.read(writer.screen(NOTICE, text, dialled.between, correlator, None))[2].notice


class Daemon:
    """Our end, without a channel: it binds, and answers what it hears as it is told."""

    def __init__(self, gateway, clock):
        self.session, self.clock = Esme(clock.seconds(), Limits(window=50)), clock
        self.transport = StringTransport()
        self.protocol = gateway.buildProtocol(None)
        self.heard, self.answers, self.status = [], [], Status.ROK
        self.protocol.makeConnection(self.transport)
        self.session.bind(BindTransceiver(), clock.seconds())
        self.pump()

    def pump(self):
        while out := self.session.take():
            self.protocol.dataReceived(out)
            data = self.transport.value()
            self.transport.clear()
            self.take(data)
        data = self.transport.value()
        if data:
            self.transport.clear()
            self.take(data)
            self.pump()

    def take(self, data):
        for event in self.session.receive(data, self.clock.seconds()):
            if isinstance(event, Asked):
                self.heard.append(event.request)
                self.session.answer(event.request, DeliverSmResp(status=self.status))
            elif isinstance(event, Answered):
                self.answers.append(event.answer.status)

    def show(self, pdu):
        self.session.send(pdu, None, self.clock.seconds())
        self.pump()
        return self.answers[-1]


@pytest.fixture
def world():
    clock = Clock()
    gateway = UssdGateway(clock, shipped("standard"), patience_s=30, faults=Faults())
    return gateway, Daemon(gateway, clock), clock


def menu(daemon, kind=MENU, text="menu", number=0):
    between = heard("standard", daemon.heard[number]).between
    its = heard("standard", daemon.heard[number])
    return Writer(shipped("standard")).screen(kind, text, between, its.correlator, its.unit)


def test_a_session(world):
    gateway, daemon, _ = world
    handset, seen = gateway.dial(MSISDN), []
    daemon.pump()
    handset.next().addCallback(seen.append)
    assert daemon.show(menu(daemon)) == Status.ROK and seen[0].more
    handset.type("1").addCallback(seen.append)
    daemon.pump()
    assert daemon.heard[1].short_message == b"1"
    assert daemon.show(menu(daemon, END, "bye", 1)) == Status.ROK
    assert seen[1].text == "bye" and handset.over == "the last screen was shown"


def test_a_screen_without_a_place_is_refused(world):
    gateway, daemon, _ = world
    handset = gateway.dial(MSISDN)
    daemon.pump()
    assert daemon.show(menu(daemon)) == Status.ROK
    assert daemon.show(menu(daemon)) == Status.RSUBMITFAIL  # a menu is shown already
    handset.hang_up()
    daemon.pump()
    assert daemon.show(menu(daemon)) == Status.RSUBMITFAIL
    assert gateway.counts["out of place"] == 2


def test_the_network_waits_so_long(world):
    gateway, _, clock = world
    failed = []
    gateway.dial(MSISDN).next().addErrback(failed.append)
    clock.advance(30)
    assert failed[0].check(NoScreen)


def test_what_was_put_off_is_said_again(world):
    gateway, daemon, clock = world
    daemon.status = Status.RTHROTTLED
    gateway.dial(MSISDN)
    daemon.pump()
    daemon.status = Status.ROK
    clock.advance(RETRY_S)
    daemon.pump()
    assert len(daemon.heard) == 2 and gateway.counts["slowed"] == 1 and gateway.refused == []


def test_what_is_refused_ends_the_session(world):
    gateway, daemon, _ = world
    daemon.status = Status.RX_P_APPN
    handset = gateway.dial(MSISDN)
    daemon.pump()
    assert gateway.refused == [Status.RX_P_APPN] and "0x65" in handset.over


def test_a_pdu_goes_out_twice(world):
    gateway, daemon, _ = world
    gateway.faults.order(DOUBLE, times=1)
    gateway.dial(MSISDN)
    octets = daemon.transport.value()
    assert octets[:len(octets) // 2] == octets[len(octets) // 2:]


def test_a_connection_breaks_in_the_middle_of_a_pdu_which_is_said_again(world):
    gateway, daemon, clock = world
    gateway.faults.order(CUT, times=1)
    gateway.dial(MSISDN)
    assert daemon.transport.disconnecting and 0 < len(daemon.transport.value()) < 60
    daemon.protocol.connectionLost()
    again = Daemon(gateway, clock)
    again.pump()
    assert again.heard[0].short_message == b"*133#"
