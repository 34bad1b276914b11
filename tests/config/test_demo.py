"""The demo subscribers are what the contract says, under the rules themselves."""

import pytest

from tectonics.config import load
from tectonics.config.demo import demo_accounts
from tectonics.config.policy import decode_policy
from tectonics.domain.outcome import Balance
from tectonics.domain.policy import DAY_MS, segment_of, tenure_days
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import choices, refusal
from tests.config.files import ETC

NOW = 1_800_000_000_000
SETTINGS = load(ETC / "tectonics.yaml")
REASONS = [None, "tenure", "balance", "barred", "recharges", "open_advance", "not_prepaid", None, "black_list", None]


def answers(policy):
    context = Context(policy, SETTINGS.catalogue, NOW, iter("abc").__next__)
    return [getattr(refusal(demo.account, context, Balance(demo.balance_minor, NOW)), "reason", None)
            for demo in demo_accounts(policy, NOW)]


def test_each_one_gets_the_answer_that_he_is_there_for():
    assert answers(SETTINGS.seed_policy()) == REASONS


@pytest.mark.parametrize("document", [
    {"currency": "XOF", "lending": {"balance_max": 50, "recharges": {"count": 7, "amount_min": 100, "days": 30}},
     "segments": [{"name": "a", "tiers": [{"id": "t", "amount": {"min": 100, "max": 500, "step": 50}, "fee": 10}]}]},
    {"lending": {"recharges": {"count": 3, "days": 7}}},
])
def test_they_stay_so_when_the_amounts_change(document):
    assert answers(decode_policy(document, 2)) == REASONS


def test_numbers_segments_and_the_open_advance():
    policy = SETTINGS.seed_policy()
    demo = demo_accounts(policy, NOW)
    accounts = [d.account for d in demo]
    assert [a.msisdn for a in accounts] == [f"336000000{n:02d}" for n in range(1, 11)]
    assert [segment_of(a, policy, NOW).name for a in accounts if a.profile.segment] == ["gold"]
    assert segment_of(accounts[0], policy, NOW).name == "standard"
    [advance] = accounts[5].advances
    assert (advance.state, accounts[5].outstanding_minor, advance.op[:4]) == ("open", 220, "TEC-")
    assert advance.due_at > NOW > advance.granted_at
    assert [d.balance_minor for d in demo] == [0, 0, 1200, 0, 0, 0, 0, 0, 0, 0]
    context = Context(policy, SETTINGS.catalogue, NOW, iter("abc").__next__)
    assert [c.offer.amount_minor for c in choices(accounts[7], context)] == [100, 200, 500, 1000]


def test_the_same_call_gives_the_same_values():
    policy = SETTINGS.seed_policy()
    assert demo_accounts(policy, NOW) == demo_accounts(policy, NOW)


def test_nobody_recharged_before_he_was_there():
    for demo in demo_accounts(SETTINGS.seed_policy(), NOW):
        days = tenure_days(demo.account, NOW)
        assert all(mark.at >= NOW - days * DAY_MS for mark in demo.account.standing.recharges)
