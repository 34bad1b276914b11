"""An agent over the fakes of the administration, and a manager that speaks v2c with pysnmp's codec."""

from functools import cache
from ipaddress import ip_network

from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

from tectonics.oam.snmp.agent import Agent, Community
from tectonics.oam.snmp.engine import Engine, User
from tectonics.oam.snmp.figures import Figures, Sources
from tectonics.oam.snmp.notify import Manager, Notifier
from tectonics.oam.snmp.requests import OCTETS_MAX, Requests
from tectonics.oam.snmp.schema import BASE, arcs
from tectonics.oam.snmp.states import AdminStates
from tectonics.oam.snmp.tree import Snapshot
from tectonics.oam.snmp.views import EVERYTHING, NOTHING, Principal, View
from tectonics.simulators.snmp_manager import SnmpManager
from tectonics.wire.snmp_usm import keys_of
from tests.oam.fakes import NOW, World

ENGINE_ID = bytes.fromhex("80001f880501020304050607")
HERE, NOC = ("127.0.0.1", 40000), ("127.0.0.9", 162)
PHRASES = "authentication", "privacy-phrase"
USERS = User("noc", *PHRASES), User("reader", *PHRASES)
PDUS = {"get": v2c.GetRequestPDU, "getnext": v2c.GetNextRequestPDU, "getbulk": v2c.GetBulkRequestPDU, "set": v2c.SetRequestPDU,
        "trap": v2c.TrapPDU, "response": v2c.GetResponsePDU}


@cache
def keys(users):
    """The keys of these at our engine."""
    return {one.name.encode(): keys_of(one.authentication, one.privacy, ENGINE_ID) for one in users}


class Port:
    """A UDP port that keeps what is sent."""

    def __init__(self):
        self.sent, self.closed = [], False

    def write(self, octets, address):
        self.sent.append((octets, address))

    def stopListening(self):  # Twisted's name
        self.closed = True


class Late:
    """An engine that is made when it is first needed: pysnmp takes a sixth of a second to begin."""

    def __init__(self, make, time_s):
        self._make, self._made, self.time_s = make, None, time_s

    def tick(self, now_s):
        if self._made is not None:
            self._made.tick(now_s)

    def notify(self, *what):
        return self.__getattr__("notify")(*what)

    def __getattr__(self, name):
        if self._made is None:
            self._made = self._make()
            self._made._began_s = 0.0
        return getattr(self._made, name)


class Wire:
    """A manager's socket that ends at the agent of a lab; `sent` are the manager's datagrams, `came` the agent's."""

    def __init__(self, lab, address=("127.0.0.1", 40000)):
        self.lab, self.address, self.sent, self.came, self.waiting = lab, address, [], [], []

    def send(self, octets):
        self.sent.append(octets)
        answers = [answer for answer, to in self.lab.give(octets, self.address) if to == self.address]
        self.came += answers
        self.waiting += answers

    def recv(self, octets_max):
        if not self.waiting:
            raise TimeoutError
        return self.waiting.pop(0)

    def settimeout(self, seconds):
        pass

    def close(self):
        pass


def asking(lab, who=b"public"):
    """A manager of this agent; it and its wire."""
    manager, wire = SnmpManager(HERE, who), Wire(lab)
    manager.close()
    manager._socket = wire
    return manager, wire


class Lab:
    """One agent on a virtual clock. `managers` are told; services have `under_way` requests; the engine is `engine_s` old."""

    def __init__(self, managers=(), boots=1, rate=500, users=USERS):
        self.world = world = World()
        self.under_way, self.engine_s = 0, 0.0
        self.port = Port()
        self.channels = ("ussd_http", "sms_smpp")
        states = AdminStates(lambda: world.policies.current, world.administration, lambda service: self.under_way)
        self.figures = Figures(Sources(
            about={"version": "0.1", "node": "n1", "origin": "n1", "started_at": NOW - 5000}, metrics=world.metrics,
            alarms=world.alarms, clock=world.clock, policy=lambda: world.policies.current, ready=lambda: world.not_ready,
            channels=self.channels, billing="embedded", consumers=lambda: [("mediation", "n1", 25, 30, True)],
            newest_ticket=lambda: 30, states=states.words, sequence=lambda: self.agent.notifier.sequence,
            engine={"id": ENGINE_ID, "boots": boots, "octets_max": OCTETS_MAX}, system={"contact": "noc"}))
        local = (ip_network("127.0.0.0/8"),)
        view = View([(*BASE, 1, 8)])
        communities = [Community(b"public", local, Principal("public", EVERYTHING)),
                       Community(b"alarms", local, Principal("alarms", view))]
        secrets = [b"public", b"alarms", *(one.who for one in managers if isinstance(one.who, bytes))]
        self.agent = Agent(
            engine_id=ENGINE_ID, communities=communities,
            users={"noc": Principal("noc", EVERYTHING, EVERYTHING), "reader": Principal("reader", EVERYTHING, NOTHING)},
            figures=self.figures, states=states, rate=rate, clock=world.clock, metrics=world.metrics,
            make_engine=lambda failed, send: Late(lambda: Engine(
                ENGINE_ID, boots, secrets, users, failed=failed, send=send, seconds=lambda: self.engine_s), lambda: int(self.engine_s)),
            make_requests=lambda time_s: Requests(ENGINE_ID, boots, keys(users), time_s, 2**64 - 3),
            make_notifier=lambda send: Notifier(managers, self.figures, send, world.clock, world.metrics))
        world.alarms.watch(self.agent.notifier.alarm)
        self.agent.transport = self.port
        self.agent.startProtocol()

    def tree(self):
        """All variables as they are now."""
        return Snapshot(self.figures.gather, self.world.clock).tree()

    def give(self, octets, address=HERE):
        """What the agent sends when it has taken this datagram."""
        before = len(self.port.sent)
        self.agent.datagramReceived(octets, address)
        self.world.clock.advance(0)
        return self.port.sent[before:]

    def ask(self, operation, *names, **more):
        """A v2c request's answer: (status, index, [(name, value)]), None when there is none."""
        found = self.give(message(operation, *names, **more))
        return read(found[0][0]) if found else None

    def get(self, *names):
        """The values of these."""
        return [value for _, value in self.ask("get", *names)[2]]

    def dropped(self):
        """Why datagrams were thrown away."""
        return self.world.metrics.snapshot().get("tectonics_snmp_dropped_total", {})


def of(name, *instance):
    """The name of a scalar, or of a cell."""
    return (*BASE, *arcs()[name], *(instance or (0,)))


def message(operation, *names, community=b"public", request=7, repetitions=10, non_repeaters=0, version=1):
    """The octets of a request; a name with its value is a pair."""
    pdu = PDUS[operation]()
    (v2c.apiBulkPDU if operation == "getbulk" else v2c.apiPDU).set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request)
    if operation == "getbulk":
        v2c.apiBulkPDU.set_non_repeaters(pdu, non_repeaters)
        v2c.apiBulkPDU.set_max_repetitions(pdu, repetitions)
    pairs = [one if isinstance(one[0], tuple) else (one, v2c.Null("")) for one in names]
    v2c.apiPDU.set_varbinds(pdu, [(rfc1902.ObjectName(name), value) for name, value in pairs])
    made = v2c.Message()
    v2c.apiMessage.set_defaults(made)
    made.setComponentByPosition(0, version)
    v2c.apiMessage.set_community(made, community)
    v2c.apiMessage.set_pdu(made, pdu)
    return encoder.encode(made)


def read(octets):
    """(status, index, [(name, value)]) of an answer, or of a trap with -1 for both."""
    made, rest = decoder.decode(octets, asn1Spec=v2c.Message())
    assert not rest
    pdu = v2c.apiMessage.get_pdu(made)
    found = [(tuple(name), _plain(value)) for name, value in v2c.apiPDU.get_varbinds(pdu)]
    return int(v2c.apiPDU.get_error_status(pdu)), int(v2c.apiPDU.get_error_index(pdu)), found


def _plain(value):
    kind = type(value).__name__
    if kind in ("NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"):
        return kind
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return tuple(value) if isinstance(value, univ.ObjectIdentifier) else int(value)


def manager(inform=False, who=b"public", name="noc1"):
    """A manager to be told."""
    return Manager(name, NOC, who, inform)


