"""Writes the module for prometheus-snmp-exporter, etc/prometheus/snmp.yml, from schema.py.

It is what the exporter's own generator makes of mibs/TECTONICS-MIB.txt (tests/interop holds the two together), in the format of
the exporter 0.21 that Debian 12 has; for later ones, which keep `auth` apart, run their generator over the module.
Counters and gauges become series of the object's name; an enumeration its number; texts become labels of a series
that is 1.  The rows of the alarm table get the alarm's id as a label, so that one can tell them apart by it.

`python -m tectonics.oam.snmp.exporter > etc/prometheus/snmp.yml`
"""

import sys

import yaml

from tectonics.oam.snmp import schema
from tectonics.oam.snmp.schema import Object, Table

MODULE = "tectonics"
SYS_UP_TIME = "1.3.6.1.2.1.1.3"
_TYPES = {schema.COUNTER: "counter", schema.TEXT: "DisplayString", schema.NAME: "DisplayString", schema.DATE: "DateAndTime"}
_HEAD = """\
# The module of prometheus-snmp-exporter (0.21) for TECTONICS-MIB. Written from tectonics/oam/snmp/schema.py.
# It asks by v2c as `public`, which only a demo answers; in production: version: 3, and under auth security_level: authPriv,
# username, password, auth_protocol: SHA256, priv_protocol: AES, priv_password.
"""


def describe(base: tuple[int, ...] = schema.BASE) -> str:
    """The whole file."""
    return _HEAD + yaml.safe_dump({MODULE: module(base)}, sort_keys=False, width=160)


def module(base: tuple[int, ...] = schema.BASE) -> dict:
    """What is asked, and what becomes of each object that can be read."""
    arcs = {name: _dotted(base + arc) for name, arc in schema.arcs().items()}
    up_time = {"name": "sysUpTime", "oid": SYS_UP_TIME, "type": "gauge", "help": "Hundredths of a second since the agent began."}
    scalars = [_metric(one, arcs, {}) for group in schema.GROUPS for one in group.objects if one.access != schema.NOTIFY]
    cells = [_metric(one, arcs, _told_apart(table, arcs)) for table in schema.TABLES for one in table.columns]
    return {"walk": [_dotted((*base, schema.OBJECTS))], "get": [f"{SYS_UP_TIME}.0"],
            "metrics": [up_time, *sorted(scalars + cells, key=lambda one: tuple(map(int, one["oid"].split("."))))],
            "version": 2, "auth": {"community": "public"}}


def _metric(one: Object, arcs: dict[str, str], told_apart: dict) -> dict:
    enumeration = schema.ENUMERATIONS.get(one.type)
    numbers = enumeration[1] if enumeration else {"true": 1, "false": 2} if one.type == schema.TRUTH else {}
    shown = {"name": one.name, "oid": arcs[one.name], "type": _TYPES.get(one.type, "gauge"), "help": one.meaning, **told_apart}
    return shown | ({"enum_values": {number: word for word, number in numbers.items()}} if numbers else {})


def _told_apart(table: Table, arcs: dict[str, str]) -> dict:
    """The labels of a table's rows."""
    kinds = {one.name: one.type for owner in schema.TABLES for one in owner.columns}
    indexes = {"indexes": [{"labelname": name, "type": _TYPES.get(kinds[name], "gauge")} for name in table.index]}
    if table is not schema.ALARMS:
        return indexes
    by_id = {"labels": [*table.index], "labelname": "tectonicsAlarmId", "oid": arcs["tectonicsAlarmId"], "type": "DisplayString"}
    return indexes | {"lookups": [by_id]}


def _dotted(oid: tuple[int, ...]) -> str:
    return ".".join(map(str, oid))


if __name__ == "__main__":
    sys.stdout.write(describe())
