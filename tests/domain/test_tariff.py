"""What a call costs: the longest prefix, increments, and a price that never falls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.call import Rate
from tectonics.domain.tariff import (
    Destination,
    affordable_s,
    charged_s,
    destination_of,
    is_free,
    price_minor,
    seconds,
)

MINUTES = Rate("m", 0, 12, 60, 60)
RATES = st.builds(Rate, st.just("r"), st.integers(0, 500), st.integers(0, 5000), st.integers(1, 300), st.integers(1, 120))
TALKED = st.integers(0, 40_000)


@pytest.mark.parametrize(("first_s", "then_s", "talked_s", "charged"), [
    (60, 60, 0, 0), (60, 60, 1, 60), (60, 60, 60, 60), (60, 60, 61, 120), (30, 6, 1, 30), (30, 6, 31, 36),
    (30, 6, 36, 36), (30, 6, 37, 42), (1, 1, 17, 17), (60, 1, 59, 60), (60, 1, 61, 61), (60, 60, -5, 0)])
def test_increments(first_s, then_s, talked_s, charged):
    assert charged_s(Rate("r", 0, 1, first_s, then_s), talked_s) == charged


@pytest.mark.parametrize(("rate", "talked_s", "price"), [
    (MINUTES, 61, 24), (Rate("r", 10, 12, 60, 60), 61, 34), (Rate("r", 10, 12, 60, 60), 0, 0),
    (Rate("r", 0, 10, 1, 1), 3, 1),  # 0.5 of a minor unit is one
    (Rate("r", 0, 10, 1, 1), 2, 0), (Rate("r", 0, 1, 30, 30), 30, 1), (Rate("r", 0, 1, 29, 1), 29, 0)])
def test_prices_are_rounded_once_and_half_up(rate, talked_s, price):
    assert price_minor(rate, talked_s) == price


@given(RATES, TALKED, TALKED)
def test_who_talks_longer_never_pays_less(rate, one, other):
    assert price_minor(rate, min(one, other)) <= price_minor(rate, max(one, other))


@given(RATES, TALKED)
def test_what_is_charged_is_whole_increments_and_less_than_one_more(rate, talked_s):
    charged = charged_s(rate, talked_s)
    assert charged >= talked_s
    if talked_s:
        assert charged >= rate.first_s and (charged - rate.first_s) % rate.then_s == 0
        assert charged == rate.first_s or charged - talked_s < rate.then_s
        assert price_minor(rate, talked_s) == price_minor(rate, charged)


@given(RATES, st.integers(0, 100_000), st.integers(1, 7200))
def test_what_is_affordable_is_the_most_that_is_covered(rate, amount_minor, most_s):
    can_s = affordable_s(rate, amount_minor, most_s)
    assert 0 <= can_s <= most_s and price_minor(rate, can_s) <= amount_minor
    assert can_s == most_s or price_minor(rate, can_s + 1) > amount_minor


@given(st.integers(-10**6, 10**9))
def test_begun_seconds(duration_ms):
    found = seconds(duration_ms)
    assert found >= 0 and (duration_ms <= 0 or (found - 1) * 1000 < duration_ms <= found * 1000)


def test_free_is_what_costs_nothing_however_long():
    assert is_free(Rate("r", 0, 0, 1, 1)) and not is_free(Rate("r", 1, 0, 1, 1)) and not is_free(Rate("r", 0, 1, 1, 1))


def test_the_longest_prefix_counts_whoever_has_it():
    france, mobile, all_ = (Destination(name, prefixes, MINUTES) for name, prefixes in (
        ("france", ("33",)), ("mobile", ("336", "337")), ("two", ("2", "21650"))))
    known = (france, mobile, all_)
    assert destination_of("33145678901", known) is france
    assert destination_of("33612345678", known) is destination_of("33712345678", known[::-1]) is mobile
    assert destination_of("21650111222", known) is all_
    assert destination_of("442079460958", known) is None and destination_of("33", ()) is None
