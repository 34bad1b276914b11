"""What a user of v3 sends who has the keys: answered or reported once, else counted; and the next good request is answered."""

from functools import cache

from tectonics.wire import snmp_usm, snmp_v3
from tectonics.wire.snmp import SET
from tectonics.wire.snmp_pdu import binding, request, write_pdu
from tests.fuzz.parsers.snmp_agent import TOKENS as AGENT
from tests.oam.snmp.lab import ENGINE_ID, HERE, USERS, Lab, keys, of

KEYS = keys(USERS)[b"reader"]
GOOD = request(0xA0, 7, [of("tectonicsNode")])
TOKENS = (*AGENT, snmp_v3.scoped(ENGINE_ID, GOOD), snmp_v3.scoped(ENGINE_ID, GOOD, b"context"), snmp_v3.scoped(ENGINE_ID, request(0xA5, 7, [(1, 3)], 0, 99)),
          snmp_v3.scoped(ENGINE_ID, write_pdu(SET, 1, 0, 0, [binding(of("tectonicsAdminState"), 2, 1)])))


@cache
def _lab() -> Lab:
    return Lab(rate=10**9)


def _sealed(data: bytes) -> bytes:
    return snmp_usm.seal(KEYS, snmp_v3.Message(5, 8192, 7, ENGINE_ID, 1, 0, b"reader", b"saltsalt", data))


def check(data: bytes) -> None:
    lab = _lab()
    before = _counted(lab)
    answered = lab.give(_sealed(data))
    assert len(answered) <= 1 and all(address == HERE and len(octets) <= 8192 for octets, address in answered)
    assert _counted(lab) > before, "neither answered nor counted"
    assert lab.world.policies.current.version == 1
    assert len(lab.give(_sealed(snmp_v3.scoped(ENGINE_ID, GOOD)))) == 1
    lab.port.sent.clear()


def _counted(lab: Lab) -> int:
    shown = lab.world.metrics.snapshot()
    return sum(sum(shown.get(name, {}).values()) for name in ("tectonics_snmp_requests_total", "tectonics_snmp_dropped_total"))
