"""Our own module, as a manager reads it."""

from pathlib import Path

import pytest

from tectonics.domain.errors import BadMessage
from tectonics.oam.snmp import schema
from tectonics.simulators.mib_reader import Mib
from tectonics.wire.snmp_ber import INTEGER, OCTETS, OID
from tectonics.wire.snmp_pdu import COUNTER64, NO_SUCH_INSTANCE, TIME_TICKS

MIB = Mib((Path(__file__).parents[2] / "mibs/TECTONICS-MIB.txt").read_text())


def test_every_object_stands_where_the_schema_has_it():
    assert MIB.objects["tectonicsMIB"].arcs == schema.BASE
    for name, arcs in schema.arcs().items():
        assert MIB.objects[name].arcs == (*schema.BASE, *arcs)


@pytest.mark.parametrize("name, row, tag, held, shown", [
    ("tectonicsServiceGranted", ("advance",), COUNTER64, 7, 'tectonicsServiceGranted."advance" = 7'),
    ("tectonicsRefusals", ("advance", "tenure"), COUNTER64, 2, 'tectonicsRefusals."advance"."tenure" = 2'),
    ("tectonicsAlarmSeverity", (3,), INTEGER, 6, "tectonicsAlarmSeverity.3 = warning"),
    ("tectonicsAdminState", (), INTEGER, 2, "tectonicsAdminState.0 = unlocked"),
    ("tectonicsConsumerConnected", ("m",), INTEGER, 2, 'tectonicsConsumerConnected."m" = false'),
    ("tectonicsNode", (), OCTETS, "ü".encode(), "tectonicsNode.0 = ü"),
    ("tectonicsStartTime", (), OCTETS, bytes.fromhex("07ea0b160e170a002b0000"), "tectonicsStartTime.0 = 2026-11-22 14:23:10"),
    ("tectonicsStartTime", (), OCTETS, b"\1", "tectonicsStartTime.0 = 01"),
    ("tectonicsNode", (), NO_SUCH_INSTANCE, None, "tectonicsNode.0 = none"),
])
def test_what_a_person_reads(name, row, tag, held, shown):
    assert MIB.shown((MIB.of(name, *row), tag, held)) == shown


def test_what_is_not_in_the_module_keeps_its_numbers():
    assert MIB.shown(((1, 3, 6, 1, 2, 1, 1, 3, 0), TIME_TICKS, 250)) == "1.3.6.1.2.1.1.3.0 = 2.5 s"
    assert MIB.shown(((1, 3, 6, 1, 2, 1, 1, 2, 0), OID, (1, 3, 6))) == "1.3.6.1.2.1.1.2.0 = 1.3.6"


def test_an_arc_that_is_not_known_is_told():
    with pytest.raises(BadMessage, match="private"):
        Mib("x OBJECT IDENTIFIER ::= { private 1 }\n")
