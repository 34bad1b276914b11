"""The arithmetic of policies: fees, days, tenure, rollout."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.policy import (
    DAY_MS,
    FixedFee,
    PercentFee,
    Rollout,
    SteppedFee,
    fee_minor,
    in_rollout,
    tenure_days,
)
from tests.workflows.world import NOW, POLICY, subscriber


@pytest.mark.parametrize("fee, amount, expected", [
    (FixedFee(25), 999, 25), (PercentFee(1000), 250, 25), (PercentFee(1000, 30), 250, 30),
    (SteppedFee(((100, 1), (200, 2))), 100, 1), (SteppedFee(((100, 1), (200, 2))), 101, 2),
    (SteppedFee(((100, 1), (200, 2))), 9999, 2)])
def test_fees(fee, amount, expected):
    assert fee_minor(fee, amount) == expected


def test_the_operators_day_begins_in_his_time_zone():
    west = replace(POLICY, utc_offset_minutes=-300)
    midnight = NOW - NOW % DAY_MS
    assert POLICY.day(midnight) == POLICY.day(midnight - 1) + 1
    assert west.day(midnight) == west.day(midnight - 1)
    assert west.day(midnight + 300 * 60_000) == west.day(midnight) + 1


def test_tenure_in_whole_days():
    assert tenure_days(subscriber(activated_at=NOW - DAY_MS + 1), NOW) == 0
    assert tenure_days(subscriber(activated_at=NOW - DAY_MS), NOW) == 1
    assert tenure_days(subscriber(activated_at=NOW + 5), NOW) == 0
    assert tenure_days(subscriber(activated_at=None), NOW) == -1


@given(st.integers(33600000000, 33699999999).map(str), st.integers(0, 100), st.integers(0, 100))
def test_a_growing_share_never_takes_the_service_away(msisdn, one, other):
    small, large = sorted((one, other))
    assert not in_rollout(msisdn, Rollout((), small)) or in_rollout(msisdn, Rollout((), large))


def test_a_share_is_about_that_share():
    reached = sum(in_rollout(str(33600000000 + n), Rollout((), 20)) for n in range(5000))
    assert 800 < reached < 1200
