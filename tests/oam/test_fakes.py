"""The fakes have the ports' methods and signatures, so a test against them says something."""

import inspect

import pytest

from tectonics import ports
from tectonics.oam.admin import Administration
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tests.oam import fakes

PAIRS = [
    (ports.Ids, fakes.FakeIds), (ports.Queries, fakes.FakeQueries), (ports.Desk, fakes.FakeDesk),
    (ports.Policies, fakes.FakePolicies), (ports.PolicyLog, fakes.FakePolicyLog),
    (ports.TicketLog, fakes.FakeTicketLog), (ports.Billing, fakes.FakeBilling),
    (ports.Intake, fakes.FakeIntake), (ports.Metrics, MetricsRegistry), (ports.Alarms, AlarmTable),
]


@pytest.mark.parametrize("port, filled", PAIRS, ids=lambda c: c.__name__)
def test_signatures_are_those_of_the_port(port, filled):
    names = [n for n, f in vars(port).items() if inspect.isfunction(f) and not n.startswith("_")]
    assert names
    for name in names:
        assert inspect.signature(getattr(filled, name)) == inspect.signature(getattr(port, name)), name


def test_the_administration_fills_its_port():
    call = inspect.signature(ports.Administration.call).parameters
    assert list(inspect.signature(Administration.call).parameters) == list(call)
