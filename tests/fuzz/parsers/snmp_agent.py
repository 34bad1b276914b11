"""The SNMP agent: whatever comes is answered or counted, at most once, and the next good request is answered."""

from functools import cache

from tests.fuzz.parsers.wire_snmp import TOKENS as OUTSIDE
from tests.oam.snmp.lab import HERE, Lab, message, of

GOOD = message("get", of("tectonicsNode"))
TOKENS = (*OUTSIDE, message("set", of("tectonicsAdminState")), message("getbulk", (1, 3)), b"\x2b\x06\x01\x04\x01\xbf\x08\xce\x0f\xce\x0f\x81\x05",
          b"\x03noc", b"\x04\x18", b"\x04\x08")


@cache
def _lab() -> Lab:
    return Lab(rate=10**9)


def check(data: bytes) -> None:
    lab = _lab()
    before = _counted(lab)
    answered = lab.give(data)
    assert len(answered) <= 1 and all(address == HERE for _, address in answered)
    assert _counted(lab) > before, "neither answered nor counted"
    assert lab.world.policies.current.version == 1
    assert len(lab.give(GOOD)) == 1
    lab.port.sent.clear()


def _counted(lab: Lab) -> int:
    shown = lab.world.metrics.snapshot()
    return sum(sum(shown.get(name, {}).values()) for name in ("tectonics_snmp_requests_total", "tectonics_snmp_dropped_total"))
