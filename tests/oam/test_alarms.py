"""The alarm table: pairs, damping, bounds; the document that is made from the kinds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.oam.alarm_history import (
    ACKNOWLEDGED,
    CALMED,
    CLEARED,
    DISPLACED,
    FLAPPING,
    HISTORY_MAX,
    OVER,
    RAISED,
    TAKEN_BACK,
)
from tectonics.oam.alarm_kinds import KINDS, SEVERITIES, describe
from tectonics.oam.alarms import ACTIVE_MAX, AlarmTable
from tectonics.oam.flapping import TRACKED_MAX, Damping, Raises
from tectonics.oam.metrics import MetricsRegistry

DAMPING = Damping()
HOLD_S, WINDOW_S, RAISES = DAMPING.hold_s, DAMPING.window_s, DAMPING.raises
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


def flap(alarms, clock, times, pause_s=HOLD_S / 2, kind="billing_down"):
    for _ in range(times):
        alarms.raise_alarm(kind, "down")
        alarms.clear(kind)
        alarms.clear(kind)
        clock.advance(pause_s)


def test_what_comes_back_within_the_hold_down_is_one_alarm(alarms, clock):
    flap(alarms, clock, RAISES)
    [alarm] = alarms.active()
    assert alarm.raises == RAISES and not alarm.flapping and [c.what for c in alarms.history()] == [RAISED]
    clock.advance(HOLD_S)
    assert not alarms.active() and len(alarms.history()) == 2


def test_flapping_is_marked_counted_and_comes_to_rest_by_itself(alarms, clock):
    flap(alarms, clock, 50)
    [alarm] = alarms.active()
    assert alarm.flapping and alarm.raises == 50
    assert [c.what for c in alarms.history()] == [RAISED, FLAPPING]
    clock.advance(WINDOW_S - HOLD_S / 2 - 1)
    assert alarms.active()
    clock.advance(1)
    assert not alarms.active() and [c.what for c in alarms.history()] == [RAISED, FLAPPING, CLEARED]
    assert not clock.getDelayedCalls()


def test_what_flaps_more_slowly_than_the_hold_down_is_damped_too(alarms, clock):
    flap(alarms, clock, 20, HOLD_S + 1)
    assert [c.what for c in alarms.history()] == [RAISED, CLEARED] * RAISES + [RAISED, FLAPPING]
    assert alarms.active()[0].flapping


def test_what_flapped_and_stays_up_calms_down(alarms, clock):
    flap(alarms, clock, RAISES + 1)
    alarms.raise_alarm("billing_down", "down for good")
    for _ in range(60):
        clock.advance(WINDOW_S / 30)
        alarms.raise_alarm("billing_down", "down for good")
    [alarm] = alarms.active()
    assert not alarm.flapping and [c.what for c in alarms.history()] == [RAISED, FLAPPING, CALMED]
    alarms.clear("billing_down")
    clock.advance(HOLD_S)
    assert not alarms.active()


@given(st.lists(st.floats(0.1, 400), max_size=100))
def test_nobody_is_told_more_often_than_the_window_allows(pauses):
    clock = Clock()
    alarms = AlarmTable(clock, MetricsRegistry(), DAMPING)
    told = []
    alarms.watch(lambda change: told.append(change.at))
    for pause in pauses:
        flap(alarms, clock, 1, pause)
    for moment in told:
        within = [other for other in told if moment <= other < moment + 1000 * WINDOW_S]
        assert len(within) <= 2 * (RAISES + 1) + 2


def test_the_memory_of_what_was_raised_is_bounded():
    raises = Raises(DAMPING)
    for n in range(TRACKED_MAX + 50):
        raises.add(str(n), n)
    assert len(raises._moments) == TRACKED_MAX and raises.calm_s("0", 0) == 0 and raises.calm_s("60", 60) == WINDOW_S


# --- acknowledging


def test_an_acknowledgement_says_who_and_when_and_why(alarms, clock):
    alarms.raise_alarm("billing_down", "down")
    clock.advance(5)
    alarms.acknowledge("billing_down", "cli:ann", "called the OCS team")
    [alarm] = alarms.active()
    assert (alarm.acknowledged.who, alarm.acknowledged.at, alarm.acknowledged.note) == ("cli:ann", 5000, "called the OCS team")
    assert alarm.since_at == 0 and alarms.acknowledged() == {"billing_down": 1}
    alarms.acknowledge("billing_down", "cli:bob")
    assert alarms.active()[0].acknowledged.who == "cli:bob"
    alarms.take_back("billing_down", "cli:bob")
    assert alarms.active()[0].acknowledged is None
    assert [(c.what, c.who) for c in alarms.history()] == [
        (RAISED, ""), (ACKNOWLEDGED, "cli:ann"), (ACKNOWLEDGED, "cli:bob"), (TAKEN_BACK, "cli:bob")]


def test_an_acknowledgement_outlives_flapping_and_ends_with_the_alarm(alarms, clock):
    alarms.raise_alarm("billing_down", "down")
    alarms.acknowledge("billing_down", "ann")
    flap(alarms, clock, 3)
    assert alarms.active()[0].acknowledged.who == "ann"
    clock.advance(HOLD_S)
    alarms.raise_alarm("billing_down", "down again")
    assert alarms.active()[0].acknowledged is None and alarms.active()[0].raises == 1


def test_only_what_is_active_is_acknowledged(alarms):
    alarms.raise_alarm("billing_down", "down")
    for ask in (lambda: alarms.acknowledge("feed_lag", "ann"), lambda: alarms.take_back("feed_lag", "ann"),
                lambda: alarms.take_back("billing_down", "ann")):
        with pytest.raises(TheirFault):
            ask()
    assert len(alarms.history()) == 1


def test_gauges_of_each_alarm(alarms, clock):
    flap(alarms, clock, RAISES + 1)
    alarms.raise_alarm("feed_lag", "late", "tcp")
    assert alarms.by_alarm() == {("billing_down", "critical"): 1, ("feed_lag:tcp", "major"): 1}
    assert alarms.flapping() == {"billing_down": 1, "feed_lag:tcp": 0}


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
        if change.what == RAISED or change.what in OVER:
            up.symmetric_difference_update({change.alarm.id})
    assert {a.id for a in alarms.active()} == up
    assert len(alarms.history()) <= HISTORY_MAX and len(alarms.active()) <= ACTIVE_MAX
    assert len(clock.getDelayedCalls()) <= 2 * len(alarms.active())


def test_each_kind_is_complete():
    for name, kind in KINDS.items():
        assert kind.name == name and kind.severity in SEVERITIES
        assert kind.meaning.endswith(".") and kind.advice.endswith(".") and kind.cause and kind.event_type


def test_the_document_is_the_registry():
    assert DOCUMENT.read_text() == describe(), "run: python -m tectonics.oam.alarm_kinds > docs/alarms.md"
