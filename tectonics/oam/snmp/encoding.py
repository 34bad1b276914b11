"""Variables as they stand in an answer, encoded once and kept.

Between two looks most of what a walk passes has not changed: its octets are kept from one snapshot to the next, and made
anew where the value is another.  So a step of a walk mostly joins octets that are there.

Bound: KEPT_MAX variables; then all are forgotten at once.
"""

from tectonics.oam.snmp import values
from tectonics.oam.snmp.tree import VARIABLES_MAX
from tectonics.oam.snmp.values import Name, Value
from tectonics.wire import snmp_ber, snmp_pdu

KEPT_MAX = VARIABLES_MAX
TAGS = {values.INTEGER: snmp_ber.INTEGER, values.OCTETS: snmp_ber.OCTETS, values.OID: snmp_ber.OID,
        values.TICKS: snmp_pdu.TIME_TICKS, values.GAUGE: snmp_pdu.GAUGE32, values.COUNTER: snmp_pdu.COUNTER64,
        values.UNSIGNED: snmp_pdu.GAUGE32, values.COUNTER32: snmp_pdu.COUNTER32, values.NO_OBJECT: snmp_pdu.NO_SUCH_OBJECT,
        values.NO_INSTANCE: snmp_pdu.NO_SUCH_INSTANCE, values.END_OF_VIEW: snmp_pdu.END_OF_VIEW}
_TYPES = {tag: name for name, tag in TAGS.items() if name != values.UNSIGNED}


def plain(variable: snmp_pdu.Variable) -> Value:
    """The value of a request; what is no type of ours has no `held`."""
    _, tag, held = variable
    return Value(_TYPES[tag], held) if tag in _TYPES else Value("Null")


class Encodings:
    """What was encoded last of each variable."""

    def __init__(self) -> None:
        self._kept: dict[Name, tuple[Value, bytes]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, name: Name, value: Value) -> bytes:
        """The variable's octets."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == value:
            return kept[1]
        octets = snmp_pdu.binding(name, TAGS[value.type], value.held)
        if value.held is not None:  # anybody may ask for names that are nobody's; those are not kept
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[name] = value, octets
        return octets
