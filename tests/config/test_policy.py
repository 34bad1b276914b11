"""Policy documents: decoded into the domain's values, canonical, and refused when they contradict themselves."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.config.policy import canonical_document, decode_policy
from tectonics.config.values import duration_s, format_duration, percent_hundredths
from tectonics.domain import policy as domain
from tectonics.domain.advertising import AdvertisingRules, Campaign, Zone
from tectonics.domain.errors import BadPolicy

WHOLE = {
    "currency": "TND", "utc_offset_minutes": 60,
    "lending": {"accepting": False, "tenure_days_min": 1, "balance_max": "0.125", "day_count_max": 2,
                "day_amount_max": 7, "service_day_count_max": 1000, "service_day_amount_max": "5000",
                "recharges": {"count": 2, "amount_min": "1", "days": 30, "classes": ["voucher"]},
                "pause_after_advance": "1h", "pause_after_recovery": 90, "pause_after_sim_swap": "3d",
                "white_list_skips": [], "rollout": {"ranges": ["21650000000-21659999999"], "share_percent": 5}},
    "recovery": {"share_percent": 50, "first": "principal", "classes": ["etopup"], "attempts_max": 2, "skew": "30s",
                 "own_marks": ["TEC-", "ADV"]},
    "barring": {"late_max": 1, "chances_max": 2, "unbar_on_full_recovery": False},
    "notices": ["granted"],
    "advertising": {"sending": True, "dial": "*1#", "day_max": 2, "week_max": 5, "quiet_from": "22:30",
                    "quiet_to": "7:00", "valid": "30m",
                    "zones": [{"ranges": ["21650000000-21650000009"], "utc_offset_minutes": 120}],
                    "campaigns": [{"name": "c", "segments": ["a"], "ranges": ["21651000000-21651999999"],
                                   "texts": {"fr": "$amount $fee"}}, {"name": "d", "balance_max": "1"}]},
    "segments": [
        {"name": "a", "open_max": 2, "ceiling": "20", "tenure_days_min": 10, "arpu_min": "2.5", "tiers": [
            {"id": "f", "amount": "1", "fee": "0.1", "credit_valid": "12h", "due": "36h", "balance_type": "data"},
            {"id": "t", "amount": {"min": 1, "max": 5, "step": "0.5"}, "fee": {"percent": "12.5", "min": "0.05"}},
            {"id": "c", "amount": {"percent": 30, "step": 1, "min": 1, "max": 9},
             "fee": {"steps": [{"up_to": 5, "fee": "0.5"}, {"up_to": 9, "fee": "0.8"}]}}]}],
}


def test_every_rule_reaches_the_domain():
    day = 86_400
    assert decode_policy(WHOLE, 7) == domain.Policy(
        7, "TND", (domain.Segment("a", (
            domain.Tier("f", domain.FixedAmount(1000), domain.FixedFee(100), 12 * 3600, 36 * 3600, "data"),
            domain.Tier("t", domain.TypedAmount(1000, 5000, 500), domain.PercentFee(1250, 50), 30 * day, 7 * day),
            domain.Tier("c", domain.ComputedAmount(3000, 1000, 1000, 9000),
                        domain.SteppedFee(((5000, 500), (9000, 800))), 30 * day, 7 * day)),
            2, 20_000, False, 10, 2500),),
        domain.LendingRules(False, 1, domain.RechargeRule(2, 1000, 30, ("voucher",)), 125, 2, 7000, 1000, 5_000_000,
                            3600, 90, 3 * day, (), domain.Rollout((("21650000000", "21659999999"),), 5)),
        domain.RecoveryRules(50, "principal", ("etopup",), 2, 30, ("TEC-", "ADV")),
        domain.BarringRules(1, 2, False), frozenset({"granted"}), 60,
        AdvertisingRules(True, (Campaign("c", 125, ("a",), (("21651000000", "21651999999"),), (("fr", "$amount $fee"),)),
                                Campaign("d", 1000)), 2, 5, (22 * 60 + 30, 7 * 60),
                         (Zone((("21650000000", "21650000009"),), 120),), 1800, "*1#"))


def test_the_demo_policy_is_the_contract_s():
    policy = decode_policy({}, 1)
    standard, gold = policy.segments
    assert [(t.amount.amount_minor, t.fee.fee_minor) for t in standard.tiers] == [(100, 10), (200, 20), (500, 50)]
    assert [(t.amount.amount_minor, t.fee.fee_minor) for t in gold.tiers[3:]] == [(1000, 80)]
    assert (standard.open_max, gold.ceiling_minor, gold.open_max > 1) == (1, 1500, True)
    assert {tier.due_s for segment in policy.segments for tier in segment.tiers} == {7 * 86_400}
    lending = policy.lending
    assert (lending.tenure_days_min, lending.balance_minor_max) == (90, 50)
    assert (lending.recharges.count, lending.recharges.amount_minor_min, lending.recharges.days) == (5, 500, 90)


@pytest.mark.parametrize("document", [{}, WHOLE])
def test_the_canonical_document_is_json_and_means_the_same(document):
    canonical = canonical_document(document)
    assert json.loads(json.dumps(canonical)) == canonical
    assert canonical_document(canonical) == canonical
    assert decode_policy(canonical, 1) == decode_policy(document, 1)


def test_the_canonical_document_writes_every_default_out():
    canonical = canonical_document({})
    assert canonical["recovery"]["skew"] == "5m"
    assert canonical["segments"][0]["tiers"][0] == {
        "id": "A1", "amount": "1.00", "fee": "0.10", "credit_valid": "30d", "due": "7d", "balance_type": "main"}
    assert canonical_document(WHOLE)["segments"][0]["tiers"][1]["fee"] == {"percent": "12.5", "min": "0.050"}


def test_amounts_of_json_are_exact():
    assert canonical_document({"lending": {"balance_max": 0.1}})["lending"]["balance_max"] == "0.10"
    assert canonical_document({"lending": {"balance_max": 3}})["lending"]["balance_max"] == "3.00"


def test_all_errors_stand_in_the_text():
    with pytest.raises(BadPolicy) as caught:
        decode_policy({"lending": {"balance_max": "x", "tenure_days_min": -1}, "barring": {"late_max": 1.5}}, 1)
    assert str(caught.value) == (
        "lending.tenure_days_min: expected greater than or equal to 0, found -1; "
        "lending.balance_max: expected an amount in EUR such as 2.50, found 'x'; "
        "barring.late_max: expected a valid integer, found 1.5")


def test_a_currency_without_the_defaults_decimals_must_say_its_amounts():
    with pytest.raises(BadPolicy, match="lending.balance_max: expected an amount in XOF such as 250, found '0.50'"):
        decode_policy({"currency": "XOF"}, 1)


def test_a_long_list_of_errors_is_cut():
    segments = [{"name": "?", "tiers": []} for _ in range(30)]
    with pytest.raises(BadPolicy, match="; and 40 more$"):
        decode_policy({"segments": segments}, 1)


def test_nobody_left_without_assignment():
    with pytest.raises(BadPolicy, match="expected at least one segment that needs no assignment"):
        decode_policy({"segments": [{"name": "a", "assigned_only": True, "tiers": [
            {"id": "t", "amount": 1, "fee": 0}]}]}, 1)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(("currency", "lending", "segments", "tiers", "name", "id", "amount", "fee",
                                         "steps", "percent", "min", "max", "step", "recharges", "rollout", "ranges",
                                         "due", "notices", "x")), inner, max_size=5), max_leaves=15)


@given(st.dictionaries(st.sampled_from(("currency", "lending", "segments", "recovery", "notices", "barring")), JSON)
       | JSON)
def test_any_document_is_a_policy_or_bad(document):
    try:
        assert isinstance(decode_policy(document, 1), domain.Policy)
    except BadPolicy as error:
        assert str(error)


@given(st.integers(0, 10**8))
def test_durations_survive_their_text(seconds):
    assert duration_s(format_duration(seconds)) == seconds


@pytest.mark.parametrize(("text", "hundredths"), [("0", 0), ("12.5", 1250), ("100", 10_000), ("0.01", 1)])
def test_percentages(text, hundredths):
    assert percent_hundredths(text) == hundredths
