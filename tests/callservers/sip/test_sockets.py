"""Over loopback sockets: the call server of the catalogue's kind, a switch full of phones, strangers and floods."""

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from tectonics.callservers.sip import sip_call_server
from tectonics.config.call_server import SipCalls
from tectonics.domain.call import Answered
from tectonics.domain.commands import Connect, Ring, Talk
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.script import Script
from tectonics.simulators.phones.switch import Switch
from tests.engine.world import Counted
from tests.links.smpp.loopback import until

A, B = "33600000001", "33700000002"


class Port:
    """Both sides."""

    def __init__(self, line=None, **section):
        self.counted, self.switch = Counted(), Switch(reactor, line=line)
        self.switch.scripts[""] = Script(ring=0.01, answer=0.02)
        self.away = reactor.listenUDP(0, self.switch, "127.0.0.1")
        given = {"trunks": [{"name": "t1", "address": self.switch.shown}]}
        self.server = sip_call_server(SipCalls(**given | section), passwords={}, clock=reactor, metrics=self.counted,
                                      alarms=self.counted)
        self.server.port = reactor.listenUDP(0, self.server.datagrams, "127.0.0.1")
        self.server.start()

    async def call(self, n):
        a = await self.server.ring(Ring(f"A{n}", A, f"C{n}", f"{A}{n}", "133", 20))
        b = await self.server.connect(Connect(f"B{n}", A, f"C{n}", f"{B}{n}", A, 20, f"A{n}", a.handle))
        assert isinstance(b, Answered)
        until_at = int((reactor.seconds() + 60) * 1000)
        return a, b, self.server.talk(Talk(f"T{n}", A, f"C{n}", f"A{n}", a.handle, f"B{n}", b.handle, until_at))

    async def close(self):
        await self.server.stop()
        self.switch.close()
        await self.away.stopListening()


@pytest.fixture
def port():
    made = []

    def start(**given):
        made.append(Port(**given))
        return made[-1]
    yield start
    for one in made:
        pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))


@pytest_twisted.ensureDeferred
async def test_many_talk_at_a_time(port):
    here = port(line=Line(1, 3, 3))
    overs = []
    for begun in [Deferred.fromCoroutine(here.call(n)) for n in range(30)]:
        overs.append((await begun)[2])
    assert here.server.loads()[0] == ("SIP calls", 30, 2000)
    for phone in list(here.switch.phones):
        if phone.number.startswith(A):
            phone.hang_up()
    assert {(await over).cause for over in overs} == {"by_a"}
    assert max(here.switch.rung.values()) == 1 and len(here.switch.rung) == 60


@pytest_twisted.ensureDeferred
async def test_strangers_are_not_heard(port):
    here = port(trunks=[{"name": "t1", "address": "127.0.0.9:5060"}])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"OPTIONS sip:x SIP/2.0\r\n\r\n", ("127.0.0.1", here.server.port.getHost().port))
        await until(lambda: here.counted.counts.get(("tectonics_sip_dropped_total", ("stranger",))))


@pytest_twisted.ensureDeferred
async def test_what_is_not_asked_for_is_turned_away(port):
    here = port()
    address = "127.0.0.1", here.server.port.getHost().port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind(("127.0.0.1", 0))
        for n, (method, tag) in enumerate((("INVITE", ""), ("OPTIONS", ""), ("BYE", ";tag=x"), ("REGISTER", ""), ("INVITE", ";tag=x"))):
            caller.sendto((f"{method} sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK{n}\r\n"
                           f"From: <sip:a@b>;tag=a\r\nTo: <sip:x@y>{tag}\r\nCall-ID: c{n}\r\nCSeq: 1 {method}\r\n\r\n").encode(), address)
        caller.setblocking(False)
        heard = []

        def all_heard():
            try:
                heard.append(caller.recv(4000)[8:11].decode())
            except BlockingIOError:
                pass
            return len(heard) >= 5
        await until(all_heard)
    assert sorted(heard[:5]) == ["200", "405", "405", "481", "481"]
