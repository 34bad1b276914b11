"""Two samples and the time between them: rates, never negative, also over a restart."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tectonics.cli.top.plain import record
from tectonics.cli.top.rates import difference, together
from tectonics.cli.top.watched import HISTORY_MAX, Watched
from tectonics.wire.sample import Channel
from tests.cli.top.samples import ALARM, NEW, anything, busy


def rates(view):
    flows = [*view.channels, *view.services, *view.billing, view.decisions]
    yield from (rate for flow in flows for rate in flow.per_s.values())
    yield from (one.per_s for one in view.refusals)
    yield from (rate for rate, _ in view.shed.values())
    yield from (view.tickets_s, view.came_s, view.granted_s)


def test_rates_of_the_time_between():
    view = difference(busy(10), busy(14), 4.0)
    assert view.channels[0].per_s == {"in": 10, "out": 10, "errors": 0}
    assert view.services[0].per_s == {"requests": 10, "granted": 5, "refused": 5, "failed": 0, "unknown": 0}
    assert [(one.reason, one.per_s, one.total) for one in view.refusals] == [("balance", 5, 70)]
    assert (view.came_s, view.granted_s, view.tickets_s, view.elapsed_s, view.up_s) == (10, 5, 10, 4, 14)
    assert view.channels[0].spread.total == 40 and view.channels[0].spread.within_ms(0.5) == 2
    assert view.billing[0].per_s["requests"] == 10 and view.decisions.per_s == {"committed": 10}


def test_latency_is_of_the_interval_alone():
    slow = replace(busy(20), decided=busy(20).decided.plus(replace(busy(20).decided, counts=(0, 0, 0, 0, 10))))
    assert difference(None, slow, 1.0).decisions.spread.total == 0
    before = replace(slow, decided=busy(20).decided)
    assert difference(before, slow, 1.0).decisions.spread.counts == (0, 0, 0, 0, 10)


def test_one_sample_has_levels_and_no_rates():
    view = difference(None, busy(10), 5.0)
    assert set(rates(view)) == {None} and view.elapsed_s is None
    assert (view.channels[0].open, view.owed, view.consumers[0].lag) == (3, "12.30", 4)


def test_a_daemon_that_began_anew_counts_from_its_start():
    again = replace(busy(2), started_at=NEW.started_at + 60_000, now_at=NEW.started_at + 62_000)
    view = difference(busy(50), again, 10.0)
    assert (view.elapsed_s, view.came_s, view.granted_s) == (2, 10, 5)
    assert view.channels[0].spread.total == 20


def test_another_daemon_in_its_place_is_not_compared_with_it():
    assert difference(busy(50), replace(busy(2), node="n2"), 10.0).came_s == 10


def test_a_channel_that_was_not_there_began_with_zero():
    more = replace(busy(11), channels=(*busy(11).channels, Channel("email", "up", 3)))
    assert difference(busy(10), more, 1.0).channels[1].per_s["in"] == 3


@settings(max_examples=40)
@given(st.none() | anything, anything, st.floats(-5, 10**7))
def test_no_rate_is_negative_and_everything_can_be_told(earlier, later, elapsed_s):
    view = difference(earlier, later, elapsed_s)
    assert all(rate is None or rate >= 0 for rate in rates(view))
    watched = Watched("x")
    watched.view = view
    json.dumps(record([watched], "now"), allow_nan=False)


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0.5, 5)), min_size=1, max_size=10))
def test_rates_of_intervals_add_up_to_what_was_counted(steps):
    total, last, sum_ = 0, busy(0), 0.0
    for counted, elapsed_s in steps:
        total += counted
        now = replace(last, tickets=total)
        sum_ += difference(last, now, elapsed_s).tickets_s * elapsed_s
        last = now
    assert sum_ == pytest.approx(total)


def test_several_together():
    one, two = difference(busy(10), busy(11), 1.0), difference(busy(10, 30, node="n2"), busy(11, 30, node="n2", alarms=(ALARM,)), 1.0)
    both = together([one, two])
    assert (both.came_s, both.granted_s, both.node, both.state, both.owed) == (40, 20, "2 daemons", "serving", "12.30")
    assert both.refusals[0].total == one.refusals[0].total + two.refusals[0].total and both.sessions == 0
    assert both.channels[0].spread.total == 40 and both.channels[0].open == 6 and both.channels[0].state == "up"
    assert [alarm.id for alarm in both.alarms] == ["n2 billing_down"]
    assert together([one]) is one


def test_the_gravest_alarm_of_several_is_first():
    minor, views = replace(ALARM, id="m", severity="minor", since_at=1), []
    for node, alarms in (("n1", (minor,)), ("n2", (ALARM, replace(minor, severity="odd")))):
        views.append(difference(None, busy(1, node=node, alarms=alarms), 1.0))
    assert [alarm.id for alarm in together(views).alarms] == ["n2 billing_down", "n1 m", "n2 m"]


def test_of_several_one_that_does_not_serve_shows():
    views = [difference(None, busy(1), 1.0), difference(None, busy(1, node="n2", state="fenced"), 1.0)]
    assert together(views).state == "n2: fenced"


@settings(max_examples=30)
@given(st.lists(anything, min_size=1, max_size=3))
def test_together_never_fails(samples):
    both = together([difference(None, sample, 1.0) for sample in samples])
    assert both.dispatching == sum(sample.dispatching for sample in samples)


def test_the_history_shows_when_it_was_away_and_is_bounded():
    watched = Watched("dir")
    watched.took(busy(1), 1.0)
    assert list(watched.history) == [] and watched.name == "n1"
    watched.took(busy(2), 2.0)
    watched.lost("gone")
    assert [point.came_s for point in watched.history] == [10, None] and watched.trouble == "gone" and watched.view
    watched.took(replace(busy(1), started_at=NEW.started_at + 7000, now_at=NEW.started_at + 8000), 9.0)
    assert [point.came_s for point in watched.history] == [10, None, 10] and watched.trouble == ""
    for second in range(HISTORY_MAX + 5):
        watched.lost(str(second))
    assert len(watched.history) == HISTORY_MAX


def test_paused_it_stays_as_it_was():
    watched = Watched("dir")
    watched.took(busy(1), 1.0)
    still = watched.frozen()
    watched.took(busy(9), 2.0)
    watched.lost("gone")
    assert still.view.up_s == 1 and still.trouble == "" and not still.history
