"""Billing cycles begin on their day of the month, in the operator's time zone."""

from datetime import UTC, datetime

import pytest

from tectonics.domain.call_rules import PostpaidRules


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("day", "one", "other", "same"), [
    (1, "2026-11-01T00:00", "2026-11-30T23:59", True),
    (1, "2026-11-30T23:59", "2026-12-01T00:00", False),
    (15, "2026-11-14T23:59", "2026-11-15T00:00", False),
    (15, "2026-11-15T00:00", "2026-12-14T23:59", True),
    (28, "2026-02-28T00:00", "2026-03-27T23:59", True),
    (15, "2026-12-20T00:00", "2027-01-03T00:00", True),
])
def test_cycles(day, one, other, same):
    rules = PostpaidRules(cycle_day=day)
    assert (rules.cycle(at(one), 0) == rules.cycle(at(other), 0)) is same
    assert rules.cycle(at(one), 0) <= rules.cycle(at(other), 0)


def test_midnight_is_the_operators():
    rules = PostpaidRules()
    assert rules.cycle(at("2026-11-30T22:30"), 120) == rules.cycle(at("2026-12-01T00:00"), 0)
    assert rules.cycle(at("2026-12-01T01:00"), -120) == rules.cycle(at("2026-11-30T00:00"), 0)


def test_it_rises_by_one_a_month():
    rules = PostpaidRules(cycle_day=10)
    found = [rules.cycle(at(f"{2026 + n // 12}-{n % 12 + 1:02d}-10T00:00"), 0) for n in range(30)]
    assert found == list(range(found[0], found[0] + 30))
