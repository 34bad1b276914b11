"""Writes the SMIv2 module that managers load, mibs/TECTONICS-MIB.txt, from schema.py.

Its syntax is that of RFC 2578 (objects), 2579 (textual conventions) and 2580 (conformance).  Every object is in a
group and every group in the one compliance statement.  `python -m tectonics.oam.snmp.module > mibs/TECTONICS-MIB.txt`
"""

import sys
import textwrap

from tectonics.oam.snmp import schema
from tectonics.oam.snmp.schema import Notification, Object, Table

REVISION = "202611220000Z"
_WIDTH = 90


def describe() -> str:
    """The whole module."""
    return "\n\n".join([_head(), *_conventions(), _arcs(), *_objects(), *map(_notification, schema.ALL_NOTIFICATIONS),
                        *_conformance(), "END"]) + "\n"


def _head() -> str:
    base = "netSnmp(8072) netSnmpExperimental(9999) netSnmpPlaypen(9999) 133"
    return f"""TECTONICS-MIB DEFINITIONS ::= BEGIN

-- Written from tectonics/oam/snmp/schema.py.

IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, Counter64, Gauge32, Unsigned32, enterprises
        FROM SNMPv2-SMI
    TEXTUAL-CONVENTION, DateAndTime, TruthValue
        FROM SNMPv2-TC
    MODULE-COMPLIANCE, OBJECT-GROUP, NOTIFICATION-GROUP
        FROM SNMPv2-CONF;

tectonicsMIB MODULE-IDENTITY
    LAST-UPDATED "{REVISION}"
    ORGANIZATION "tectonics"
    CONTACT-INFO "The operator of the daemon; see sysContact."
    DESCRIPTION
{_text("Airtime advances and call-backs for prepaid subscribers: what the daemon does, what is owed, and what is wrong.")}
    REVISION "{REVISION}"
    DESCRIPTION
{_text("The first version.")}
    ::= {{ enterprises {base} }}"""


def _conventions() -> list[str]:
    texts = ((schema.TEXT, "A sentence or a word in UTF-8; longer ones are cut off.", 0, 255),
             (schema.NAME, "A name in ASCII that rows are told apart by.", 1, 32))
    shown = [f"""{name} ::= TEXTUAL-CONVENTION
    DISPLAY-HINT "{most}{'t' if name == schema.TEXT else 'a'}"
    STATUS current
    DESCRIPTION
{_text(meaning)}
    SYNTAX OCTET STRING (SIZE ({least}..{most}))""" for name, meaning, least, most in texts]
    for name, (meaning, numbers) in schema.ENUMERATIONS.items():
        listed = ", ".join(f"{word}({number})" for word, number in numbers.items())
        shown.append(f"{name} ::= TEXTUAL-CONVENTION\n    STATUS current\n    DESCRIPTION\n{_text(meaning)}\n"
                     f"    SYNTAX INTEGER {{ {listed} }}")
    return shown


def _arcs() -> str:
    lines = [f"{name:<26} OBJECT IDENTIFIER ::= {{ tectonicsMIB {number} }}" for name, number in (
        ("tectonicsNotifications", schema.NOTIFICATIONS), ("tectonicsObjects", schema.OBJECTS),
        ("tectonicsConformance", schema.CONFORMANCE))]
    lines += [f"{group.name:<26} OBJECT IDENTIFIER ::= {{ tectonicsObjects {group.number} }}" for group in schema.GROUPS]
    lines += [f"{name:<26} OBJECT IDENTIFIER ::= {{ tectonicsConformance {number} }}"
              for name, number in (("tectonicsCompliances", 1), ("tectonicsGroups", 2))]
    return "\n".join(lines)


def _objects() -> list[str]:
    owned = [(group.number, [_object(one, group.name) for one in group.objects]) for group in schema.GROUPS]
    for table in schema.TABLES:
        owned.append((schema.table_arcs(table)[0] + 0.5 * (len(schema.table_arcs(table)) > 1), _table(table)))
    return [text for _, texts in sorted(owned, key=lambda one: one[0]) for text in texts]


def _table(table: Table) -> list[str]:
    group = next((group.name for group in schema.GROUPS if table in group.tables), "tectonicsObjects")
    entry = table.name.removesuffix("Table") + "Entry"
    type_name = entry[0].upper() + entry[1:]
    sequence = ",\n".join(f"    {one.name} {one.type}" for one in table.columns)
    return [f"""{table.name} OBJECT-TYPE
    SYNTAX SEQUENCE OF {type_name}
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION
{_text(table.meaning)}
    ::= {{ {group} {table.number} }}""", f"""{entry} OBJECT-TYPE
    SYNTAX {type_name}
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION
{_text("One row.")}
    INDEX {{ {", ".join(table.index)} }}
    ::= {{ {table.name} 1 }}""", f"{type_name} ::= SEQUENCE {{\n{sequence}\n}}",
        *(_object(one, entry) for one in table.columns)]


def _object(one: Object, parent: str) -> str:
    syntax = f"{one.type} (1..4294967295)" if one.type == schema.UNSIGNED and one.access == schema.HIDDEN else one.type
    units = f'\n    UNITS "{one.units}"' if one.units else ""
    return (f"{one.name} OBJECT-TYPE\n    SYNTAX {syntax}{units}\n    MAX-ACCESS {one.access}\n    STATUS current\n"
            f"    DESCRIPTION\n{_text(one.meaning)}\n    ::= {{ {parent} {one.number} }}")


def _notification(one: Notification) -> str:
    return (f"{one.name} NOTIFICATION-TYPE\n    OBJECTS {{ {_listed(one.objects)} }}\n    STATUS current\n"
            f"    DESCRIPTION\n{_text(one.meaning)}\n    ::= {{ tectonicsNotifications {one.number} }}")


def _conformance() -> list[str]:
    names = [one.name for one in schema.objects().values() if one.access != schema.HIDDEN]
    told = [one.name for one in schema.ALL_NOTIFICATIONS]
    return [f"""tectonicsCompliance MODULE-COMPLIANCE
    STATUS current
    DESCRIPTION
{_text("What an agent of this module has: all of it.")}
    MODULE
        MANDATORY-GROUPS {{ tectonicsObjectGroup, tectonicsNotificationGroup }}
    ::= {{ tectonicsCompliances 1 }}""", f"""tectonicsObjectGroup OBJECT-GROUP
    OBJECTS {{ {_listed(names)} }}
    STATUS current
    DESCRIPTION
{_text("Every object.")}
    ::= {{ tectonicsGroups 1 }}""", f"""tectonicsNotificationGroup NOTIFICATION-GROUP
    NOTIFICATIONS {{ {_listed(told)} }}
    STATUS current
    DESCRIPTION
{_text("Every notification.")}
    ::= {{ tectonicsGroups 2 }}"""]


def _listed(names) -> str:
    return (",\n" + " " * 8).join(names)


def _text(text: str) -> str:
    lines = textwrap.wrap(text, _WIDTH, break_on_hyphens=False)
    return textwrap.indent('"' + "\n ".join(lines) + '"', " " * 8)


if __name__ == "__main__":
    sys.stdout.write(describe())
