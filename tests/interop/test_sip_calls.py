"""Call-backs through a real switch (Kamailio) to telephones of sipp: the call server is ours, over its own socket."""

import contextlib
import socket

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tectonics.callservers.sip import sip_call_server
from tectonics.config.call_server import SipCalls
from tectonics.domain.call import Answered
from tectonics.domain.commands import Connect, HangUp, Ring, Talk
from tectonics.links.sip.datagrams import DATAGRAM_OCTETS_MAX
from tests.engine.world import Counted
from tests.interop import sipp_phone as phone
from tests.interop.bad_line import BadLine
from tests.interop.baresip import Baresip
from tests.interop.kamailio import Kamailio
from tests.links.smpp.loopback import until

A, B = "33600000001", "33700000002"
HAS_TIME_S = 90


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class World:
    """The server, the switch, and a phone for A and one for B."""

    def __init__(self, made):
        self.made, self.counted = made, Counted()
        self.ports = free_port(), free_port(), free_port()
        self.phones, self.here = [], 0

    def over(self, seed, **chances):
        """The line between the server and the switch from now on."""
        line = BadLine(("127.0.0.1", self.ports[0]), seed, **chances)
        self.made.callback(line.close)
        return line

    def start(self, *steps, of_b=(), route=True, line=None, **section):
        switch = Kamailio(*self.ports, route)
        self.made.callback(switch.close)
        for port, what, options in zip(self.ports[1:], steps, ((), of_b), strict=False):
            one = phone.SippPhone(port, what, *options)
            self.made.callback(one.close)
            self.phones.append(one)
        if line is None:
            self.begin(f"127.0.0.1:{self.ports[0]}", **section)
        else:
            self.begin("{}:{}".format(*line.address), public="{}:{}".format(*line.beyond), **section)
        return self

    async def baresips(self):
        """Phones that check what they are told, in the place of sipp."""
        for port, number in zip(self.ports[1:], (A, B), strict=True):
            one = Baresip(port, number)
            self.made.callback(one.close)
            self.phones.append(one)
        for one in self.phones:
            await until(lambda one=one: "baresip is ready" in one.said())

    def begin(self, trunk, **section):
        given = {"trunks": [{"name": "switch", "address": trunk, "domain": "switch.example"}], "keep_alive_s": 1}
        self.server = sip_call_server(SipCalls(**given | section), passwords={}, clock=reactor, metrics=self.counted,
                                      alarms=self.counted)
        self.server.port = reactor.listenUDP(self.here, self.server.datagrams, "127.0.0.1", DATAGRAM_OCTETS_MAX)
        self.here = self.server.port.getHost().port  # the next life's too: sipp follows no Contact but the first
        self.server.start()
        self.made.callback(lambda: pytest_twisted.blockon(self.server.stop()))

    async def is_up(self):
        await until(lambda: self.server.shown()[0]["state"] == "up")

    async def ring(self, ring_s=30, leg="LEGA", number=A):
        return await _bounded(self.server.ring(Ring(leg, A, "CALL", number, "33800133000", ring_s)))

    async def connect(self, a, ring_s=30, number=B):
        return await _bounded(self.server.connect(Connect("LEGB", A, "CALL", number, A, ring_s, "LEGA", a.handle)))

    def talk(self, a, b, for_s=60):
        until_at = int((reactor.seconds() + for_s) * 1000)
        return _bounded(self.server.talk(Talk("T", A, "CALL", "LEGA", a.handle, "LEGB", b.handle, until_at)))

    async def ended(self):
        """Every phone has had the call that its steps describe."""
        for one in self.phones:
            with contextlib.suppress(Exception):
                await until(lambda one=one: one.code is not None)
        assert [one.code for one in self.phones] == [0] * len(self.phones), "\n".join(one.said() for one in self.phones)


def _bounded(deferred: Deferred) -> Deferred:
    return deferred.addTimeout(HAS_TIME_S, reactor)


@pytest.fixture
def world():
    with contextlib.ExitStack() as made:
        yield World(made)


@pytest.mark.parametrize("flow", ["IV", "III"])
@pytest.mark.parametrize("who", ["a", "b"])
@pytest_twisted.ensureDeferred
async def test_they_talk_until_one_hangs_up(world, who, flow):
    ends = [phone.HANGS_UP, phone.IS_HUNG_UP] if who == "a" else [phone.IS_HUNG_UP, phone.HANGS_UP]
    begins = phone.ANSWERS_NOTHING if flow == "IV" else phone.ANSWERS.replace("7000", "6000")
    world.start(begins + phone.JOINS + ends[0], phone.ANSWERS + ends[1], flow=flow)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert isinstance(a, Answered) and isinstance(b, Answered)
    assert (await world.talk(a, b)).cause == f"by_{who}"
    await world.ended()
    assert "m=audio 7000" in world.phones[0].said() and "m=audio 6000" in world.phones[1].said()
    assert "Record-Route" in world.phones[0].said()


@pytest_twisted.ensureDeferred
async def test_b_rings_for_forty_seconds_while_a_waits(world):
    slow = phone.invited() + phone.says(phone.RINGING, first=True) + phone.waits(40_000)
    slow += phone.says(phone.OK, phone.audio(7000), first=True) + phone.heard("ACK") + phone.HANGS_UP
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + phone.IS_HUNG_UP, slow)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a, 60)
    assert isinstance(b, Answered) and b.at - a.at > 39_000
    assert (await world.talk(a, b)).cause == "by_b"
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_b_is_busy(world):
    world.start(phone.ANSWERS_NOTHING + phone.IS_HUNG_UP, phone.REFUSES)
    await world.is_up()
    down = await world.connect(await world.ring())
    assert (down.cause, down.q850) == ("busy", 17)
    await world.ended()
    assert 'Reason: Q.850;cause=17' in world.phones[0].said()


@pytest_twisted.ensureDeferred
async def test_b_does_not_answer(world):
    world.start(phone.ANSWERS_NOTHING + phone.IS_HUNG_UP, phone.NEVER_ANSWERS)
    await world.is_up()
    down = await world.connect(await world.ring(), 2)
    assert (down.cause, down.q850) == ("no_answer", 19)
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_a_is_busy(world):
    world.start(phone.REFUSES)
    await world.is_up()
    down = await world.ring()
    assert (down.cause, down.q850) == ("busy", 17)
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_a_does_not_answer(world):
    world.start(phone.NEVER_ANSWERS)
    await world.is_up()
    assert (await world.ring(2)).cause == "no_answer"
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_a_hangs_up_while_b_rings(world):
    world.start(phone.ANSWERS_NOTHING + phone.HANGS_UP, phone.NEVER_ANSWERS)
    await world.is_up()
    assert (await world.connect(await world.ring())).cause == "by_a"
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_b_holds_and_a_hears_of_it(world):
    holds = phone.heard("INVITE") + phone.says(phone.OK, phone.audio(6000, 2, "recvonly")) + phone.heard("ACK")
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + holds + phone.HANGS_UP, phone.ANSWERS + phone.HOLDS + phone.IS_HUNG_UP)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert (await world.talk(a, b)).cause == "by_a"
    await world.ended()
    assert "a=sendonly" in world.phones[0].said() and "a=recvonly" in world.phones[1].said()


@pytest_twisted.ensureDeferred
async def test_the_limit_and_hanging_up(world):
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + phone.IS_HUNG_UP, phone.ANSWERS + phone.IS_HUNG_UP)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert (await world.talk(a, b, 1)).cause == "limit"
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_another_life_takes_a_conversation_over(world):
    offers = phone.heard("INVITE") + phone.says(phone.OK, phone.audio(6000, 2)) + phone.heard("ACK")
    answers = phone.heard("INVITE") + phone.says(phone.OK, phone.audio(7000, 2)) + phone.heard("ACK")
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + offers + phone.IS_HUNG_UP, phone.ANSWERS + answers + phone.HANGS_UP)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    world.talk(a, b).addErrback(lambda _: None)
    await deferLater(reactor, 0.2)
    await world.server.stop()
    world.begin(f"127.0.0.1:{world.ports[0]}")
    over = world.talk(a, b, 20)
    assert (await over).cause == "by_b", "\n".join(one.said() for one in world.phones)
    await world.ended()


@pytest_twisted.ensureDeferred
async def test_hanging_up_by_handles(world):
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + phone.IS_HUNG_UP, phone.ANSWERS + phone.IS_HUNG_UP)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    await deferLater(reactor, 1.2)
    await world.server.stop()
    world.begin(f"127.0.0.1:{world.ports[0]}")
    await _bounded(world.server.hang_up(HangUp("h", A, "CALL", (("LEGA", a.handle), ("LEGB", b.handle)))))
    await world.ended()


@pytest.mark.parametrize("flow", ["IV", "III"])
@pytest_twisted.ensureDeferred
async def test_every_packet_comes_twice(world, flow):
    """Both ways between us and the switch; the phones have one call each, and nothing that they do not expect."""
    begins = phone.ANSWERS_NOTHING if flow == "IV" else phone.ANSWERS.replace("7000", "6000")
    line = world.over(1, lost=0, held=0, twice=1)
    world.start(begins + phone.JOINS + phone.HANGS_UP, phone.ANSWERS + phone.IS_HUNG_UP, line=line, flow=flow)
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert (await world.talk(a, b)).cause == "by_a"
    await world.ended()
    assert line.fates["twice"] > 15 and line.fates["lost"] == 0


@pytest.mark.parametrize(("seed", "flow"), [(1, "IV"), (2, "III"), (3, "IV")])
@pytest_twisted.ensureDeferred
async def test_packets_lost_doubled_and_out_of_order(world, seed, flow):
    """Between us and the switch; baresip, because sipp gives up where anything comes in another order."""
    line = world.over(seed)
    world.start(line=line, flow=flow)
    await world.baresips()
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert isinstance(a, Answered) and isinstance(b, Answered), "".join(one.said() for one in world.phones)
    over = world.talk(a, b, 8)
    await until(lambda: all("Call established" in one.said() for one in world.phones))
    assert (await over).cause == "limit"
    await until(lambda: all("BYE sip:" in one.said() for one in world.phones))
    assert all(one.said().count("Call established") == 1 for one in world.phones)
    assert min(line.fates.values()) > 0


@pytest_twisted.ensureDeferred
async def test_packets_are_lost(world):
    """Only B's: sipp as A gives up where a re-INVITE overtakes an ACK that was lost."""
    world.start(phone.ANSWERS_NOTHING + phone.JOINS + phone.IS_HUNG_UP, phone.ANSWERS + phone.HANGS_UP, of_b=("-lost", "20"))
    await world.is_up()
    a = await world.ring()
    b = await world.connect(a)
    assert isinstance(a, Answered) and isinstance(b, Answered)
    assert (await world.talk(a, b)).cause == "by_b"


@pytest.mark.parametrize("route", [True, False])
@pytest.mark.parametrize("flow", ["III", "IV"])
@pytest_twisted.ensureDeferred
async def test_two_baresips_talk(world, flow, route):
    """Without a Record-Route our later requests go to the phones directly."""
    world.start(route=route, flow=flow)
    await world.baresips()
    await world.is_up()
    a = await world.ring()
    assert isinstance(a, Answered), world.phones[0].said()
    b = await world.connect(a)
    assert isinstance(b, Answered), "".join(one.said() for one in world.phones)
    over = world.talk(a, b, 4)
    await deferLater(reactor, 1)
    assert not over.called
    await until(lambda: all("Call established" in one.said() for one in world.phones))
    assert (await over).cause == "limit"
    await until(lambda: all("BYE sip:" in one.said() for one in world.phones))
