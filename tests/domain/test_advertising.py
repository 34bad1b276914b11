"""Quiet hours, caps and zones of advertising."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.advertising import DAY_MS, WEEK_MS, AdvertisingRules, Campaign, Zone

HOUR_MS = 3_600_000
NIGHT = AdvertisingRules(True, (Campaign("low", 50),))


def test_quiet_hours_over_midnight():
    quiet = [hour for hour in range(24) if NIGHT.is_quiet(hour * HOUR_MS)]
    assert quiet == [0, 1, 2, 3, 4, 5, 6, 7, 21, 22, 23]


def test_quiet_hours_within_a_day_and_none_at_all():
    siesta = AdvertisingRules(quiet=(13 * 60, 15 * 60))
    assert [hour for hour in range(24) if siesta.is_quiet(hour * HOUR_MS)] == [13, 14]
    never = AdvertisingRules(quiet=(0, 0))
    assert not any(never.is_quiet(hour * HOUR_MS) for hour in range(24))


def test_a_message_ends_before_the_quiet_hours():
    assert NIGHT.until_quiet_ms(20 * HOUR_MS + HOUR_MS // 2) == HOUR_MS // 2
    assert NIGHT.until_quiet_ms(10 * HOUR_MS) == HOUR_MS


def test_the_clock_is_that_of_the_number():
    rules = AdvertisingRules(zones=(Zone((("33600000000", "33600000009"),), 120),))
    assert rules.offset_ms("33600000001", 60) == 2 * HOUR_MS
    assert rules.offset_ms("33600000010", 60) == HOUR_MS


def test_a_region_uses_its_languages_text():
    assert Campaign("c", 1, texts=(("fr", "t"),)).text("fr-CI") == "t"
    assert Campaign("c", 1, texts=(("fr", "t"),)).text("en") is None


def test_a_switch_that_is_off_concerns_nobody():
    assert AdvertisingRules(False, NIGHT.campaigns).balance_minor_max is None
    assert AdvertisingRules(True).balance_minor_max is None
    assert AdvertisingRules(True, (Campaign("a", 5), Campaign("b", 9))).balance_minor_max == 9


@given(st.lists(st.integers(0, 30 * DAY_MS), max_size=40), st.integers(1, 3), st.integers(1, 6),
       st.integers(-12, 14))
def test_never_above_the_caps(times, day_max, week_max, zone):
    rules = AdvertisingRules(True, NIGHT.campaigns, day_max, week_max)
    sent: list[int] = []
    for now in sorted(times):
        if rules.allows(tuple(sent), now, zone * HOUR_MS):
            sent.append(now)
    days = [(at + zone * HOUR_MS) // DAY_MS for at in sent]
    assert all(days.count(day) <= day_max for day in days)
    assert all(sum(1 for other in sent if at - WEEK_MS < other <= at) <= week_max for at in sent)
