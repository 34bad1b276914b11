"""The alarm table: pairs, damping, bounds; the document that is made from the kinds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.domain.errors import OurFault
from tectonics.oam.alarms import (
    ACTIVE_MAX,
    CLEARED,
    DISPLACED,
    HISTORY_MAX,
    HOLD_S,
    KINDS,
    RAISED,
    SEVERITIES,
    AlarmTable,
    describe,
)
from tectonics.oam.metrics import MetricsRegistry

DOCUMENT = Path(__file__).parents[2] / "docs" / "alarms.md"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics():
    return MetricsRegistry()


@pytest.fixture
def alarms(clock, metrics):
    return AlarmTable(clock, metrics)


def test_raised_alarm_shows_what_and_what_to_do(alarms, clock):
    clock.advance(5)
    alarms.raise_alarm("feed_lag", "No record for 10 minutes.", "tcp")
    [alarm] = alarms.active()
    assert (alarm.id, alarm.severity, alarm.since_at) == ("feed_lag:tcp", "major", 5000)
    assert alarm.text == "No record for 10 minutes." and alarm.advice == KINDS["feed_lag"].advice


def test_raising_again_changes_the_text_only(alarms, clock):
    alarms.raise_alarm("billing_down", "one")
    clock.advance(60)
    alarms.raise_alarm("billing_down", "two")
    [alarm] = alarms.active()
    assert (alarm.text, alarm.since_at) == ("two", 0)
    assert [c.what for c in alarms.history()] == [RAISED]


def test_without_a_text_the_meaning_is_shown(alarms):
    alarms.raise_alarm("fenced", "")
    assert alarms.active()[0].text == KINDS["fenced"].meaning


def test_a_clear_takes_effect_after_the_hold_down(alarms, clock):
    alarms.raise_alarm("billing_down", "down")
    alarms.clear("billing_down")
    clock.advance(HOLD_S - 0.1)
    assert alarms.active()
    clock.advance(0.2)
    assert not alarms.active()
    assert [c.what for c in alarms.history()] == [RAISED, CLEARED]


def test_flapping_is_one_alarm(alarms, clock):
    for _ in range(50):
        alarms.raise_alarm("billing_down", "down")
        alarms.clear("billing_down")
        alarms.clear("billing_down")
        clock.advance(HOLD_S / 2)
    assert len(alarms.active()) == 1 and len(alarms.history()) == 1
    clock.advance(HOLD_S)
    assert not alarms.active() and len(alarms.history()) == 2


def test_clearing_what_is_not_raised_does_nothing(alarms, clock):
    alarms.clear("billing_down")
    assert not clock.getDelayedCalls() and not alarms.history()


def test_an_undeclared_kind_is_our_fault(alarms):
    with pytest.raises(OurFault):
        alarms.raise_alarm("no_such_kind", "x")
    with pytest.raises(OurFault):
        alarms.clear("no_such_kind")


def test_the_gravest_come_first(alarms, clock):
    for kind in ("policy_differs", "feed_lag", "billing_down", "ticket_consumer_lag"):
        alarms.raise_alarm(kind, "x")
        clock.advance(1)
    assert [a.severity for a in alarms.active()] == list(SEVERITIES[:1]) + ["major", "minor", "warning"]
    assert alarms.by_severity() == {"critical": 1, "major": 1, "minor": 1, "warning": 1}


def test_a_full_table_keeps_the_gravest(alarms, metrics):
    for n in range(ACTIVE_MAX + 5):
        alarms.raise_alarm("ticket_consumer_lag", "x", f"c{n}")
    assert len(alarms.active()) == ACTIVE_MAX
    alarms.raise_alarm("billing_down", "down")
    assert len(alarms.active()) == ACTIVE_MAX and alarms.active()[0].id == "billing_down"
    assert alarms.history()[-2].what == DISPLACED
    assert metrics.snapshot()["tectonics_shed_total"] == {"alarms": 6}


def test_a_displaced_alarm_leaves_no_timer(alarms, clock):
    for n in range(ACTIVE_MAX):
        alarms.raise_alarm("ticket_consumer_lag", "x", f"c{n:03}")
    for n in range(ACTIVE_MAX):
        alarms.clear("ticket_consumer_lag", f"c{n:03}")
    alarms.raise_alarm("billing_down", "down")
    assert len(clock.getDelayedCalls()) == ACTIVE_MAX - 1
    clock.advance(HOLD_S)
    assert [a.id for a in alarms.active()] == ["billing_down"]


def test_close_leaves_no_timer(alarms, clock):
    alarms.raise_alarm("billing_down", "down")
    alarms.clear("billing_down")
    alarms.close()
    assert not clock.getDelayedCalls()


_moves = st.lists(st.tuples(st.sampled_from(["raise", "clear", "wait"]), st.sampled_from(sorted(KINDS)),
                            st.integers(0, 300)), max_size=200)


@given(_moves)
def test_history_is_in_pairs_and_everything_stays_bounded(moves):
    clock = Clock()
    alarms = AlarmTable(clock, MetricsRegistry())
    for move, kind, number in moves:
        if move == "raise":
            alarms.raise_alarm(kind, "x", str(number))
        elif move == "clear":
            alarms.clear(kind, str(number))
        else:
            clock.advance(number / 10)
    up = set()
    for change in alarms.history():
        assert (change.alarm.id in up) == (change.what != RAISED)
        up.symmetric_difference_update({change.alarm.id})
    assert {a.id for a in alarms.active()} == up
    assert len(alarms.history()) <= HISTORY_MAX and len(alarms.active()) <= ACTIVE_MAX
    assert len(clock.getDelayedCalls()) <= len(alarms.active())


def test_each_kind_is_complete():
    for name, kind in KINDS.items():
        assert kind.name == name and kind.severity in SEVERITIES
        assert kind.meaning.endswith(".") and kind.advice.endswith(".") and kind.cause and kind.event_type


def test_the_document_is_the_registry():
    assert DOCUMENT.read_text() == describe(), "write tectonics.oam.alarms.describe() to docs/alarms.md"
