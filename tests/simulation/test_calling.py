"""What of call-backs a seed has, whose telephone rings, and that a day without faults is a good day."""

from dataclasses import replace

from tectonics.config.policy import decode_policy
from tectonics.simulation import drawing
from tectonics.simulation.callbook import FOREVER_S, Callbook
from tectonics.simulation.calling import NO_CALLS
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import carriers, telephones
from tectonics.simulation.plan import Options
from tectonics.simulation.ringing import NO_RINGS
from tectonics.simulation.run import simulate
from tests.simulation.invariants.calls import phone

PLANS = [draw(seed) for seed in range(200)]
KINDS = {kind.name for kind in telephones.KINDS}
ANN, BOB = "33620000001", "33170000101"


def test_some_seeds_have_it_and_the_others_nothing_of_it():
    drawn = [plan.calling for plan in PLANS]
    assert 0.2 < sum(map(bool, drawn)) / len(drawn) < 0.4
    assert {one.session_s for one in drawn if one} == {90, 120, 300} and {one.flow for one in drawn if one} == {"I", "III", "IV"}
    assert {one.spare for one in drawn if one} == {True, False} and {one.beside for one in drawn if one} == {0.0, 0.5, 1.0}
    assert {fault.kind for plan in PLANS for fault in plan.faults} >= KINDS
    for plan in PLANS:
        assert bool({fault.kind for fault in plan.faults} & KINDS) == bool(plan.calling) == ("call_back" in plan.policy)
        rules = decode_policy(plan.policy, 1).call_back
        assert bool(rules.destinations) == bool(plan.calling) and rules.hold_s > rules.ring_a_s + rules.ring_b_s + rules.talk_most_s
        assert plan.calling or plan.calling == NO_CALLS and not plan.calling.settings("seldom", "people")


def test_without_faults_nothing_goes_wrong_and_people_talk():
    seed = next(plan.seed for plan in PLANS if plan.calling.callers > 0.5 and plan.nodes > 1)
    verdict = simulate(draw(seed, Options(days=0.25, subscribers=14, faults=False)))
    assert verdict.complaints == []
    figures = verdict.figures
    assert figures["callback.completed"] > 3 and figures["telephones rung"] >= 2 * figures["callback.completed"]
    assert figures["calls asked for"] == sum(figures[f"callback.{how}"] for how in ("completed", "refused", "failed"))


def test_the_same_seed_rings_the_same_telephones():
    plan = draw(next(plan.seed for plan in PLANS if plan.calling), Options(days=0.1, subscribers=8))
    assert simulate(plan).digest == simulate(plan).digest


def test_what_is_drawn_of_it_changes_nothing_else_of_a_seed(monkeypatch):
    """But its rules in the policy, and rings, which somebody must be told of."""
    def others(plan):
        policy = {name: part for name, part in plan.policy.items() if name not in some.policy()}
        faults = tuple(fault for fault in plan.faults if fault.kind not in KINDS | {kind.name for kind in carriers.KINDS})
        return replace(plan, calling=NO_CALLS, policy=policy, ringing=NO_RINGS, faults=faults)

    some = next(plan.calling for plan in PLANS if plan.calling)
    for given in (NO_CALLS, some):
        monkeypatch.setattr(drawing, "draw_calling", lambda chance, given=given: given)
        for plan in PLANS[:40]:
            other = draw(plan.seed)
            assert bool(other.calling) == bool(given) and others(other) == others(plan)


def test_whose_telephone_it_is():
    book = Callbook()
    assert not book and book.figures() == {}
    book.asked(ANN, BOB, 5.0, "ussd")
    his = book.rang(phone(ANN, 1010.0, 1012.0, 1020.0), "TEC-1", {ANN}, 10.0)
    other = book.rang(phone(BOB, 1013.0, 0.0, 0.0), "TEC-2", {ANN}, 13.0)
    assert (his.msisdn, his.b, his.talk_s, his.is_over) == (ANN, "", (12.0, 20.0), True)
    assert (other.msisdn, other.b, other.talk_s, other.is_over) == (ANN, BOB, (0.0, 0.0), False)
    assert book.rang(phone("33170000999", 1013.0, 0.0, 0.0), "TEC-3", {ANN}, 13.0) is None and book.strangers == ["33170000999"]
    assert book.figures() == {"calls asked for": 1, "telephones rung": 2} and len(list(book.entries())) == 3


def test_who_vanishes_is_off_the_line_from_then_on():
    book = Callbook()
    book.asked(ANN, BOB, 5.0, "sms")
    gone = book.rang(phone(BOB, 1013.0, 1014.0, 0.0, vanished_at=1030.0), "TEC-2", {ANN}, 13.0)
    still = book.rang(phone(BOB, 1013.0, 1014.0, 0.0), "TEC-2", {ANN}, 13.0)
    assert gone.talk_s == (14.0, 30.0) and gone.is_over and still.talk_s[1] > FOREVER_S / 2
