"""What of rings a seed has, whose ring is whose, and that a day without faults is a good day."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tectonics.config.settings import Settings
from tectonics.simulation import drawing
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import carriers
from tectonics.simulation.peers.carriers import RESTED_S, CarrierPeer
from tectonics.simulation.plan import Options
from tectonics.simulation.ringbook import RINGS, Ring, Ringbook, Tried
from tectonics.simulation.ringing import NO_RINGS, NUMBERS, OPEN, fixed_number, fixed_to
from tectonics.simulation.run import simulate

PLANS = [draw(seed) for seed in range(300)]
KINDS = {kind.name for kind in carriers.KINDS}
ANN, BOB = "33620000001", "33620000002"


def test_some_seeds_have_it_and_the_others_nothing_of_it():
    drawn = [plan.ringing for plan in PLANS]
    assert 0.1 < sum(map(bool, drawn)) / len(drawn) < 0.3
    assert {one.ring_s for one in drawn if one} == {4, 8, 20} and {one.status for one in drawn if one} == {480, 486, 603}
    assert {fault.kind for plan in PLANS for fault in plan.faults} >= KINDS
    for plan in PLANS:
        assert bool({fault.kind for fault in plan.faults} & KINDS) == bool(plan.ringing)
        assert plan.messaging.links or plan.calling or not plan.ringing
        assert plan.ringing or plan.ringing == NO_RINGS and not plan.ringing.settings(9, True) and not plan.ringing.secrets


def test_each_number_is_one_that_can_be_configured():
    plan = next(plan.ringing for plan in PLANS if plan.ringing)
    for people, calls in ((14, False), (30, True), (10_000, True)):
        section = {key.rpartition(".")[2]: value for key, value in plan.settings(people, calls).items()}
        numbers = [did.number for did in Settings.model_validate({"channels": {"did_sip": section}}).channels.did_sip.dids]
        assert len(set(numbers)) == len(numbers) == (1 if not calls else 4 + min(people, 100))
    assert len({fixed_to(n) for n in range(100)}) == len({fixed_number(n) for n in range(100)}) == 100


def test_without_faults_nothing_goes_wrong_and_rings_are_answered():
    seed = next(plan.seed for plan in PLANS if plan.ringing.callers > 0.5 and plan.calling and plan.pace == "ordinary")
    verdict = simulate(draw(seed, Options(days=0.25, subscribers=14, faults=False)))
    assert verdict.complaints == []
    assert verdict.figures["calls that rang"] > 5 and verdict.figures["telephones rung"] > 5


def test_the_same_seed_rings_the_same():
    plan = draw(next(plan.seed for plan in PLANS if plan.ringing), Options(days=0.1, subscribers=8))
    assert simulate(plan).digest == simulate(plan).digest


def test_what_is_drawn_of_it_changes_nothing_else_of_a_seed(monkeypatch):
    def others(plan):
        return replace(plan, ringing=NO_RINGS, faults=tuple(fault for fault in plan.faults if fault.kind not in KINDS))

    for given in (NO_RINGS, next(plan.ringing for plan in PLANS if plan.ringing)):
        monkeypatch.setattr(drawing, "draw_ringing", lambda chance, told, given=given: given)
        for plan in PLANS[:40]:
            other = draw(plan.seed)
            assert other.ringing == given and others(other) == others(plan)


def test_what_a_ring_may_lead_to():
    book = Ringbook()
    assert not book and book.figures() == {}
    for number, (service, good) in enumerate((("lend", True), ("call_last", True), ("call_last", False), ("call_to", True))):
        book.rang(Ring(f"{number}@{OPEN}", ANN, ANN, NUMBERS["lend"], service, OPEN, 1.0, good))
    assert book.connecting(ANN) == 1 and book.connecting(ANN, fixed=True) == 2 and book.connecting(BOB) == 0
    assert book.figures() == {"calls that rang": 0, "tries to ring": 0, "rings of no carrier": 0} and list(book.entries()) == []


def test_a_long_call_id_stands_in_the_books_as_its_digest():
    ring = Ring("x" * 81, ANN, ANN, NUMBERS["lend"], "lend", OPEN, 1.0, True)
    assert len(ring.id) == 32 and Ringbook().rang(ring) is ring


def rested(*rang, now_s, apart_s=0.0):
    """(who is asked to ring in the peace, after how many seconds), when these (msisdn, second) rang before."""
    slept, book = [], Ringbook()
    for number, (msisdn, at_s) in enumerate(rang):
        book.rang(Ring(f"{number}@{OPEN}", msisdn, msisdn, NUMBERS["lend"], "lend", OPEN, at_s, True))

    async def sleep(seconds):
        slept.append(seconds)

    stage = SimpleNamespace(now_s=now_s, sleep=sleep, world=SimpleNamespace(apart_s=apart_s))
    peer = SimpleNamespace(book=book, _people={ANN: 0, BOB: 1}, _stage=stage)
    try:
        CarrierPeer._rested(peer).send(None)
    except StopIteration as done:
        return done.value, slept


def test_in_the_peace_somebody_rings_whom_no_limit_stops():
    assert rested(now_s=50.0) == (ANN, [0.0]) and rested((ANN, 10.0), now_s=50.0) == (BOB, [0.0])
    assert rested((ANN, 10.0), (BOB, 20.0), (ANN, 30.0), now_s=50.0) == (BOB, [20.0 + RESTED_S - 50.0])
    assert rested((ANN, 10.0), (BOB, 20.0), now_s=50.0, apart_s=390.0) == (ANN, [10.0 + RESTED_S + 390.0 - 50.0])
    assert rested((ANN, 10.0), (BOB, 20.0), now_s=9000.0) == (ANN, [0.0])


@pytest.mark.parametrize("lives, one_life", [((1, 1), True), ((1, 2), True), ((2, 2), False)])
def test_which_life_rang_is_known_of_who_waits_no_more_as_well(lives, one_life):
    node, seen = SimpleNamespace(lives=1), object()
    tried = Tried(seen, "n1", 1)
    peer = SimpleNamespace(_tried={seen: tried}, _open={}, _stage=SimpleNamespace(world=SimpleNamespace(processes={"n1": node})))
    CarrierPeer._heard(peer, seen, 100)
    assert tried.rang_life == 0 and not tried.one_life
    for node.lives in lives:
        CarrierPeer._heard(peer, seen, RINGS)
    assert tried.rang_life == lives[0] and tried.one_life is one_life
