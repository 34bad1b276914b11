"""The call server and switches full of phones on a virtual clock, with a network in memory between them."""

from twisted.internet.task import Clock

from tectonics.callservers.sip import sip_call_server
from tectonics.config.call_server import SipCalls
from tectonics.domain.commands import Connect, HangUp, Ring, Talk
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.script import Script
from tectonics.simulators.phones.switch import Switch
from tests.engine.world import Counted

US, PORT = "192.0.2.200", 5072
A, B = "33600000001", "33700000002"
LATENCY_S = 0.005


class Result:
    """What a Deferred came to, once it has."""

    def __init__(self, deferred):
        self.value, self.times = None, 0
        deferred.addCallback(self._take)

    def _take(self, value):
        self.value, self.times = value, self.times + 1


class World:
    """`switches` are the trunks, `server` the call server of this life."""

    def __init__(self, trunks=1, line=None, trunk=None, seconds=1_700_000_000, **section):
        self.clock, self.counted = Clock(), Counted()
        self.clock.advance(seconds)
        self.switches = [Switch(self.clock, f"192.0.2.{n}", 5060, line or Line(), self._to_server(f"192.0.2.{n}"))
                         for n in range(1, trunks + 1)]
        self.switch, self.line = self.switches[0], self.switches[0].line
        declared = [{"name": f"t{n}", "address": one.host} | (trunk or {}) for n, one in enumerate(self.switches, 1)]
        self.section = SipCalls(**{"public": f"{US}:{PORT}", "trunks": declared, "keep_alive_s": 3600} | section)
        self.passwords = {f"t{n}": "secret" for n in range(1, trunks + 1)}
        self.sent, self.server = [], None
        self.begin()

    def begin(self):
        """A life of the call server."""
        self.server = sip_call_server(self.section, passwords=self.passwords, clock=self.clock, metrics=self.counted,
                                      alarms=self.counted)
        self.server.datagrams._exchange.datagrams = _Socket(self, self.server)
        self.server.start()
        self.run(0.1)

    def die(self):
        """Nothing of it is left."""
        server, self.server = self.server, None
        server.datagrams._exchange.datagrams = None
        server.stop()

    def again(self):
        """Dies, and lives again."""
        self.die()
        self.begin()

    def _to_server(self, host):
        def written(octets, place):
            self.clock.callLater(LATENCY_S, self._arrives, octets, (host, 5060))
        return written

    def _arrives(self, octets, addr):
        if self.server is not None:
            self.server.datagrams.datagramReceived(octets, addr)

    def run(self, seconds):
        """Time passes, from one event to the next."""
        end = self.clock.seconds() + seconds
        while True:
            due = [call.getTime() for call in self.clock.getDelayedCalls()]
            if not due or min(due) > end:
                break
            self.clock.advance(max(0.0, min(due) - self.clock.seconds()))
        self.clock.advance(max(0.0, end - self.clock.seconds()))

    def until(self, result, seconds=60):
        """What it came to."""
        end = self.clock.seconds() + seconds
        while result.value is None and self.clock.seconds() < end:
            due = min((call.getTime() for call in self.clock.getDelayedCalls()), default=end)
            self.clock.advance(max(0.0, min(due, end) - self.clock.seconds()))
        assert result.value is not None and result.times == 1
        return result.value

    @property
    def at(self):
        return int(self.clock.seconds() * 1000)

    def script(self, number, **script):
        for switch in self.switches:
            switch.scripts[number] = Script(**script)

    # --- the port

    def ring(self, leg="LEGA", number=A, ring_s=30, caller="33800133000", again=False, call="CALL"):
        return Result(self.server.ring(Ring(leg, A, call, number, caller, ring_s, "fr"), again))

    def connect(self, a, leg="LEGB", number=B, ring_s=30, again=False, call="CALL", a_leg="LEGA"):
        return Result(self.server.connect(Connect(leg, A, call, number, A, ring_s, a_leg, a.handle), again))

    def talk(self, a, b, for_s=600, again=False, call="CALL", a_leg="LEGA", b_leg="LEGB"):
        return Result(self.server.talk(Talk(f"{call}-talk", A, call, a_leg, a.handle, b_leg, b.handle,
                                            self.at + for_s * 1000), again))

    def hang_up(self, *legs, call="CALL"):
        return Result(self.server.hang_up(HangUp("op", A, call, legs)))

    def up(self, for_s=600):
        """Two who talk: A's answer, B's, and the talk."""
        a = self.until(self.ring())
        b = self.until(self.connect(a))
        over = self.talk(a, b, for_s)
        self.run(1)
        return a, b, over

    @property
    def a(self):
        return self.switch.of(A)

    @property
    def b(self):
        return self.switch.of(B)

    def states(self):
        return [phone.state for switch in self.switches for phone in switch.phones]

    def peace(self, seconds=100):
        """After a while nothing is left: no timers but the keep-alive's, no calls."""
        self.run(seconds)
        name, count, _ = self.server.loads()[1]
        return (name, count), self.server.loads()[0][1], [one.number for switch in self.switches for one in switch.open]


class _Socket:
    def __init__(self, world, server):
        self._world, self._server = world, server

    def write(self, octets, place):
        world = self._world
        world.sent.append(octets)
        for switch in world.switches:
            if place == (switch.host, switch.port):
                world.clock.callLater(LATENCY_S, switch.datagramReceived, octets, (US, PORT))
