"""What of SMPP a seed has: every layout is drawn, and a seed that has none of it is what it always was."""

from tectonics.config.policy import decode_policy
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import messages
from tectonics.simulation.messaging import DIALECTS, LINKS, NONE
from tectonics.simulation.plan import Options
from tectonics.simulation.run import simulate

PLANS = [draw(seed) for seed in range(200)]
KINDS = {kind.name for kind in messages.KINDS}


def test_seeds_reach_every_layout():
    drawn = [plan.messaging for plan in PLANS]
    assert {one.links for one in drawn} == {"", *LINKS} and {one.dialect for one in drawn} == {"", *DIALECTS}
    assert 0.25 < sum(map(bool, drawn)) / len(drawn) < 0.55
    rules = [decode_policy(plan.policy, 1).advertising for plan in PLANS if plan.messaging.advertising]
    assert all(one.sending for one in rules) and {one.quiet for one in rules} >= {(1260, 480), (930, 990)}


def test_who_has_nothing_gets_nothing():
    for plan in PLANS:
        struck = {fault.kind for fault in plan.faults} & KINDS
        if not plan.messaging:
            assert plan.messaging == NONE and not struck and "advertising" not in plan.policy
            assert not plan.messaging.settings(plan.pace, "people", "dialects")
        else:
            assert struck
            assert plan.messaging.dialect or not any(name.startswith("gateway ") for name in struck)
            assert plan.messaging.links or not any(name.startswith(("centre ", "receipts")) for name in struck)


def test_without_faults_nothing_goes_wrong_and_everything_is_answered():
    seed = next(plan.seed for plan in PLANS if plan.messaging.links and plan.messaging.dialect
                and plan.messaging.advertising)
    plan = draw(seed, Options(days=0.25, subscribers=14, faults=False))
    assert not plan.faults and not plan.messaging.doubled
    verdict = simulate(plan)
    assert verdict.complaints == []
    assert min(verdict.figures[name] for name in ("messages written", "messages submitted", "sessions over SMPP",
                                                  "advert.sent")) > 0
