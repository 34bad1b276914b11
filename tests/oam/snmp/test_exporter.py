"""The module of prometheus-snmp-exporter names every object that can be read, where the agent has it."""

from pathlib import Path

import yaml

from tectonics.oam.snmp import schema
from tectonics.oam.snmp.exporter import describe, module
from tectonics.oam.snmp.schema import BASE, COUNTER, NOTIFY, OBJECTS, arcs
from tests.oam.snmp.lab import Lab

FILE = Path(__file__).parents[3] / "etc/prometheus/snmp.yml"


def test_the_file_is_up_to_date():
    assert FILE.read_text() == describe(), "python -m tectonics.oam.snmp.exporter > etc/prometheus/snmp.yml"


def test_it_names_every_object_that_can_be_read():
    named = {one["name"]: one for one in module()["metrics"]}
    readable = {one.name: one for one in schema.objects().values() if one.access != NOTIFY}
    assert set(named) == set(readable) | {"sysUpTime"}
    for name, one in readable.items():
        assert named[name]["oid"] == ".".join(map(str, BASE + arcs()[name]))
        assert (named[name]["type"] == "counter") == (one.type == COUNTER) and named[name]["help"] == one.meaning


def test_what_the_agent_shows_is_named():
    lab = Lab()
    lab.world.alarms.raise_alarm("billing_down", "")
    oids = {tuple(map(int, one["oid"].split("."))) for one in module()["metrics"]}
    shown = [name for name, _ in lab.tree().all() if name[:len(BASE) + 1] == (*BASE, OBJECTS)]
    assert len(shown) > 50 and [name for name in shown if not any(name[:len(oid)] == oid for oid in oids)] == []


def test_rows_are_told_apart_by_their_index_and_alarms_by_their_id():
    metrics = {one["name"]: one for one in yaml.safe_load(FILE.read_text())["tectonics"]["metrics"]}
    assert [one["labelname"] for one in metrics["tectonicsRefusals"]["indexes"]] == ["tectonicsServiceName", "tectonicsRefusalReason"]
    assert metrics["tectonicsAlarmSeverity"]["lookups"][0]["labelname"] == "tectonicsAlarmId"
    assert metrics["tectonicsAlarmSeverity"]["enum_values"][3] == "critical" and "indexes" not in metrics["tectonicsOpenAdvances"]


def test_another_base_moves_all_of_it():
    moved = module((1, 3, 6, 1, 4, 1, 99999, 1))
    assert moved["walk"] == ["1.3.6.1.4.1.99999.1.1"]
    assert all(one["oid"].startswith("1.3.6.1.4.1.99999.1.1.") for one in moved["metrics"] if one["name"] != "sysUpTime")
