"""The module that managers load says what the agent's tree has: names, numbers, types."""

import re
from pathlib import Path

from tectonics.oam.snmp import schema
from tectonics.oam.snmp.module import describe
from tests.oam.snmp.lab import Lab

MODULE = Path(__file__).parents[3] / "mibs" / "TECTONICS-MIB.txt"
TEXT = MODULE.read_text(encoding="ascii")


def test_the_module_is_up_to_date():
    assert describe() == TEXT, "run: python -m tectonics.oam.snmp.module > mibs/TECTONICS-MIB.txt"


def defined():
    """Name -> (type, access, OID) of every object, read from the text alone."""
    nodes = {"enterprises": (1, 3, 6, 1, 4, 1)}
    found = {}
    bare = re.sub(r'"[^"]*"', '""', TEXT)
    for name, kind, body, parent, arcs in re.findall(
            r"^(\w+)\s+(OBJECT-TYPE|NOTIFICATION-TYPE|MODULE-IDENTITY|OBJECT IDENTIFIER)\s(.*?)::= \{ (\w+) ([^}]*)\}",
            bare, re.MULTILINE | re.DOTALL):
        nodes[name] = (*nodes[parent], *(int(re.search(r"\d+", arc)[0]) for arc in re.findall(r"\w+\(\d+\)|\d+", arcs)))
        if kind in ("OBJECT-TYPE", "NOTIFICATION-TYPE"):
            syntax = re.search(r"SYNTAX (\w+)", body)
            access = re.search(r"MAX-ACCESS ([\w-]+)", body)
            found[name] = syntax and syntax[1], access and access[1], nodes[name]
    return found


def test_names_numbers_and_types_agree():
    found = defined()
    objects, arcs = schema.objects(), schema.arcs()
    assert len(arcs) >= 60
    for name, below in arcs.items():
        one = objects.get(name)
        expected = (one.type, one.access) if one else (None, None)
        assert found[name] == (*expected, (*schema.BASE, *below)), name
    others = set(found) - set(arcs)
    assert others == {part for table in schema.TABLES for part in (table.name, table.name.removesuffix("Table") + "Entry")}


def test_the_numbers_are_those_of_the_contract():
    root = ".".join(map(str, schema.BASE))
    assert root == "1.3.6.1.4.1.8072.9999.9999.133"
    assert {table.name: schema.table_arcs(table) for table in schema.TABLES} == {
        "tectonicsServiceTable": (2,), "tectonicsRefusalTable": (3,), "tectonicsChannelTable": (4,),
        "tectonicsBillingNodeTable": (5,), "tectonicsConsumerTable": (7, 5), "tectonicsActiveAlarmTable": (8,)}
    assert {group.name: group.number for group in schema.GROUPS} == {"tectonicsDaemon": 1, "tectonicsDebt": 6, "tectonicsTickets": 7}


TYPES = {"Counter64": "Counter64", "Gauge32": "Gauge32", "Unsigned32": "Unsigned32", "TectonicsText": "OctetString",
         "TectonicsName": "OctetString", "DateAndTime": "OctetString"}


def test_every_variable_of_the_tree_has_the_type_of_the_module():
    lab = Lab()
    lab.world.metrics.count("tectonics_refused_total", "advance", "tenure")
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    lab.world.alarms.acknowledge("billing_down", "ann", "seen")
    tree, found, seen = lab.tree(), defined(), set()
    by_oid = {oid: (name, syntax, access) for name, (syntax, access, oid) in found.items() if syntax}
    variable = tree.after(schema.BASE)
    while variable is not None and variable[0][:len(schema.BASE)] == schema.BASE:
        name, value = variable
        column = tree.object_of(name)
        object_name, syntax, access = by_oid[column]
        assert access in ("read-only", "read-write"), object_name
        assert value.type == TYPES.get(syntax, "Integer32"), object_name
        seen.add(object_name)
        variable = tree.after(name)
    readable = {name for name, (syntax, access, _) in found.items() if access in ("read-only", "read-write")}
    assert seen == readable
