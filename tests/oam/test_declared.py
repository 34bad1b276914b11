"""Every name that the house counts or raises is declared, of that kind and with that many labels."""

import ast
from pathlib import Path

import pytest

import tectonics
from tectonics.oam.alarm_kinds import KINDS
from tectonics.oam.metrics_declared import COUNTER, DECLARATIONS, GAUGE, HISTOGRAM

ROOT = Path(tectonics.__file__).parent
DECLARED = {d.name: d for d in DECLARATIONS}
KIND_OF = {"count": COUNTER, "gauge": GAUGE, "observe": HISTOGRAM, "source": GAUGE}
VALUES = {"count": 0, "gauge": 1, "observe": 1}  # positional arguments between the name and the labels


def calls():
    """(where, method, name, call) of each call whose first argument is a text."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if named and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.func.attr, node.args[0].value, node


FIGURES = [call for call in calls() if call[1] in KIND_OF and call[2].startswith("tectonics_")]
ALARMS = [call for call in calls() if call[1] in ("raise_alarm", "clear")]


@pytest.mark.parametrize("where, method, name, call", FIGURES, ids=lambda value: value if isinstance(value, str) else "")
def test_figures_are_declared(where, method, name, call):
    assert name in DECLARED and DECLARED[name].kind == KIND_OF[method]
    if method in VALUES and not any(isinstance(argument, ast.Starred) for argument in call.args):
        assert len(call.args) - 1 - VALUES[method] == len(DECLARED[name].labels)


@pytest.mark.parametrize("where, method, kind, call", ALARMS, ids=lambda value: value if isinstance(value, str) else "")
def test_alarms_are_declared(where, method, kind, call):
    assert kind in KINDS


def test_what_is_declared_is_counted_somewhere():
    readers = {ROOT / "oam" / name for name in ("metrics_declared.py", "derived.py", "alarm_rules.py")}
    source = "".join(path.read_text() for path in ROOT.rglob("*.py") if path not in readers and "snmp/figures" not in str(path))
    assert [one.name for one in DECLARATIONS if f'"{one.name}"' not in source] == []


def test_the_search_finds_something():
    assert len(FIGURES) > 5 and len(ALARMS) > 1
