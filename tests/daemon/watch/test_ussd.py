"""USSD that is late or falls silent: raised by share within the window, by channel, and cleared when it has passed."""

import pytest

from tectonics.config.alarms import AlarmLimits
from tectonics.daemon.watch.ussd import LATE, SAMPLES, SESSIONS, STEPS, UssdWatch
from tests.daemon.watch.places import Place

LIMITS = AlarmLimits(ussd_window_s=300, ussd_steps_min=50, ussd_late_percent=5, ussd_timeouts_percent=60)


@pytest.fixture
def place():
    made = Place()
    made.watch = UssdWatch(made.metrics, made.alarms, LIMITS)
    return made


def pass_time(place, seconds=10):
    place.clock.advance(seconds)
    place.watch.look(place.clock.seconds())
    return place.raised()


def test_late_answers_are_an_alarm_of_their_channel_until_the_window_has_passed(place):
    pass_time(place)
    place.metrics.count(STEPS, "ussd_http", "end", by=100)
    place.metrics.count(STEPS, "ussd_smpp", "end", by=100)
    place.metrics.count(LATE, "ussd_http", by=4)
    assert pass_time(place) == {}
    place.metrics.count(LATE, "ussd_http")
    assert pass_time(place) == {"ussd_late:ussd_http": "5 of 100 steps in the last 5 minutes were answered when their budget was over"}
    for _ in range(27):
        assert list(pass_time(place)) == ["ussd_late:ussd_http"]
    for _ in range(5):
        last = pass_time(place)
    assert last == {}


def test_good_answers_clear_it(place):
    place.metrics.count(STEPS, "ussd_http", "end", by=60)
    place.metrics.count(LATE, "ussd_http", by=60)
    assert pass_time(place)
    place.metrics.count(STEPS, "ussd_http", "continue", by=2000)
    assert pass_time(place) == {}


def test_a_few_steps_say_nothing(place):
    place.metrics.count(STEPS, "ussd_http", "end", by=49)
    place.metrics.count(LATE, "ussd_http", by=49)
    place.metrics.count(SESSIONS, "ussd_http", "silent", by=49)
    assert pass_time(place) == {}


def test_sessions_after_whose_screen_nothing_came(place):
    place.metrics.count(SESSIONS, "ussd_gsup", "finished", by=41)
    place.metrics.count(SESSIONS, "ussd_gsup", "silent", by=59)
    assert pass_time(place) == {}
    place.metrics.count(SESSIONS, "ussd_gsup", "silent", by=10)
    assert list(pass_time(place)) == ["ussd_timeouts:ussd_gsup"]
    place.metrics.count(SESSIONS, "ussd_gsup", "left", by=10)
    assert pass_time(place) == {}


def test_what_is_kept_is_bounded(place):
    for _ in range(2000):
        pass_time(place, 1)
    assert len(place.watch._kept) <= SAMPLES + 2
