"""v3 with pysnmp as the manager over real sockets: levels, keys, contexts, and messages of earlier lives."""

import asyncio
import gc

import pytest
import pytest_twisted
from pysnmp.hlapi.v3arch.asyncio import (
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    set_cmd,
    usmAesCfb128Protocol,
    usmHMAC192SHA256AuthProtocol,
)
from pysnmp.proto.rfc1902 import Integer32, OctetString
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from tectonics.oam.snmp.schema import BASE
from tests.oam.snmp.lab import ENGINE_ID, HERE, PHRASES, Lab, of


class Real:
    """A Lab's agent on a real port, on the reactor's time; datagrams that come are kept."""

    def __init__(self, boots=1):
        self.lab, self.came = Lab(boots=boots), []
        self.agent = self.lab.agent
        received = self.agent.datagramReceived

        def keep(datagram, addr):
            self.came.append(datagram)
            received(datagram, addr)
            self.lab.world.clock.advance(0)

        self.agent.datagramReceived = keep
        self.agent.transport = None
        self.port = reactor.listenUDP(0, self.agent, "127.0.0.1")


@pytest.fixture
def real():
    made = Real()
    yield made
    made.agent.stop()


def user(name="noc", authentication=PHRASES[0], privacy=PHRASES[1]):
    return UsmUserData(name, authentication, privacy, authProtocol=usmHMAC192SHA256AuthProtocol, privProtocol=usmAesCfb128Protocol)


async def asked(real, command, who, *variables, context=b"", counts=()):
    engine = SnmpEngine()
    target = await UdpTransportTarget.create(("127.0.0.1", real.port.getHost().port), timeout=3, retries=0)
    try:
        wrong, status, index, found = await command(
            engine, who, target, ContextData(contextName=context), *counts, *variables, lookupMib=False)
    finally:
        engine.close_dispatcher()
    return str(wrong or ""), int(status or 0), int(index or 0), [(tuple(name), value) for name, value in found]


def ask(real, command, who, *variables, **more):
    """(what went wrong, error status, index, variables)."""
    work = asyncio.ensure_future(asked(real, command, who, *variables, **more), loop=reactor._asyncioEventloop)
    return Deferred.fromFuture(work)


def one(name, *value):
    return ObjectType(ObjectIdentity(name), *value)


NODE = one(of("tectonicsNode"))
STATE = of("tectonicsAdminState")


@pytest_twisted.ensureDeferred
async def test_a_user_reads_walks_and_sets(real):
    assert (await ask(real, get_cmd, user(), NODE)) == ("", 0, 0, [(of("tectonicsNode"), b"n1")])
    wrong, _, _, found = (await ask(real, bulk_cmd, user(), one(BASE), counts=(0, 20)))
    assert not wrong and len(found) == 20 and found[0][0] == of("tectonicsVersion")
    assert (await ask(real, set_cmd, user(), one(STATE, Integer32(1))))[:2] == ("", 0)
    assert real.lab.world.policies.current.lending.accepting is False
    assert real.lab.world.policies.versions[-1].who == "snmp:noc"
    assert (await ask(real, set_cmd, user(), one(STATE, OctetString("locked"))))[:3] == ("", 7, 1)


@pytest_twisted.ensureDeferred
async def test_a_reader_sets_nothing(real):
    assert (await ask(real, set_cmd, user("reader"), one(STATE, Integer32(1))))[:3] == ("", 6, 1)
    assert (await ask(real, get_cmd, user("reader"), NODE))[1] == 0


@pytest.mark.parametrize("who, why", [
    (user("nobody"), "user"), (user(authentication="not the phrase"), "digest"), (user(privacy="not the phrase"), "decryption"),
    (UsmUserData("noc", PHRASES[0], authProtocol=usmHMAC192SHA256AuthProtocol), "level"), (UsmUserData("noc"), "level"),
], ids=["stranger", "wrong key", "wrong privacy", "no privacy", "nothing"])
@pytest_twisted.ensureDeferred
async def test_who_cannot_prove_himself_gets_a_report(real, who, why):
    wrong, _, _, found = (await ask(real, get_cmd, who, NODE))
    assert wrong and "timeout" not in wrong and not found
    assert real.lab.dropped()[why] == 1


@pytest_twisted.ensureDeferred
async def test_there_is_only_the_empty_context(real):
    wrong, _, _, found = (await ask(real, get_cmd, user(), NODE, context=b"other"))
    assert wrong and not found and real.lab.dropped()["context"] == 1


@pytest_twisted.ensureDeferred
async def test_a_message_of_an_earlier_life_is_not_in_time(real):
    (await ask(real, set_cmd, user(), one(STATE, Integer32(1))))
    replayed = real.came[-1]
    later = Lab(boots=2)
    answer, = later.give(replayed)
    assert b"\x2b\x06\x01\x06\x03\x0f\x01\x01\x02" in answer[0] or len(answer[0]) < 200
    assert later.dropped() == {"time": 1} and later.world.policies.current.version == 1


@pytest_twisted.ensureDeferred
async def test_a_message_for_another_engine_is_not_for_us(real):
    (await ask(real, get_cmd, user(), NODE))
    lab = Lab()
    (report, to), = lab.give(real.came[-1].replace(ENGINE_ID, ENGINE_ID[:-1] + b"\xff"))
    assert ENGINE_ID in report and to == HERE
    assert lab.dropped() == {"engine": 1}


@pytest_twisted.ensureDeferred
async def test_any_damaged_octet_is_noticed(real):
    (await ask(real, set_cmd, user(), one(STATE, Integer32(1))))
    octets, lab = real.came[-1], Lab(rate=10**9)
    for place in range(len(octets)):
        damaged = bytearray(octets)
        damaged[place] ^= 0x41
        lab.give(bytes(damaged), HERE)
    assert lab.world.policies.current.version == 1
    assert sum(lab.dropped().values()) == len(octets)


def test_nothing_is_kept_of_what_came():
    """Discoveries and messages that cannot prove themselves, and the time that pysnmp needs to forget them."""
    lab = Lab(rate=10**9)
    junk = bytes.fromhex("303e0201033011020400000001020300ffe3040104020103041030" "0e0400020100020100040004000400" "3014040004" "00a00e0204" "00000001020100020100" "3000")
    for _ in range(300):
        lab.give(junk)
    lab.world.clock.pump([1.0] * 700)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(300):
        lab.give(junk)
    lab.world.clock.pump([1.0] * 700)
    gc.collect()
    assert len(gc.get_objects()) - before < 300
    assert lab.dropped()
