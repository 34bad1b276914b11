"""What of GSUP a seed has, whose session is whose, and that a day without faults is a good day."""

from dataclasses import replace

from tectonics.simulation import drawing
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import registers
from tectonics.simulation.journal import Journal
from tectonics.simulation.plan import Options
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.run import simulate
from tectonics.simulation.switchbook import Switchbook
from tectonics.simulation.switching import NO_SWITCH, imsi_of

PLANS = [draw(seed) for seed in range(200)]
KINDS = {kind.name for kind in registers.KINDS}
ANN = "33620000001"
IMSI = imsi_of(ANN)


def kinds_of(plan):
    return {fault.kind for fault in plan.faults}


def others(plan):
    """All that is not of GSUP."""
    return replace(plan, switching=NO_SWITCH, faults=tuple(fault for fault in plan.faults if fault.kind not in KINDS))


def test_some_seeds_have_it_and_the_others_nothing_of_it():
    drawn = [plan.switching for plan in PLANS]
    assert 0.2 < sum(map(bool, drawn)) / len(drawn) < 0.4
    assert {one.session_s for one in drawn if one} == {15, 30, 120} and {one.imsi_keep_s for one in drawn if one} == {0, 300, 86_400}
    assert {fault.kind for plan in PLANS for fault in plan.faults} >= KINDS
    for plan in PLANS:
        struck = kinds_of(plan) & KINDS
        assert bool(struck) == bool(plan.switching)
        assert plan.switching or plan.switching == NO_SWITCH and not plan.switching.settings("people")


def test_without_faults_nothing_goes_wrong_and_money_is_lent():
    seed = next(plan.seed for plan in PLANS if plan.switching.dialers > 0.5 and plan.nodes > 1 and not plan.messaging)
    verdict = simulate(draw(seed, Options(days=0.25, subscribers=14, faults=False)))
    assert verdict.complaints == []
    assert verdict.figures["sessions over GSUP"] > 20 and verdict.figures["sessions"] > 5  # those that have lent, and the others


def test_what_is_drawn_of_it_changes_nothing_else_of_a_seed(monkeypatch):
    some = next(plan.switching for plan in PLANS if plan.switching)
    for given in (NO_SWITCH, some):
        monkeypatch.setattr(drawing, "draw_switching", lambda chance, given=given: given)
        for plan in PLANS[:40]:
            without = draw(plan.seed)
            assert without.switching == given and bool(kinds_of(without) & KINDS) == bool(given)
            assert others(without) == others(plan)


def test_an_identity_is_of_the_session_that_began_at_that_moment():
    book = Switchbook()
    early, late, unheard = (book.began(IMSI, ANN, 7) for _ in range(3))
    early.begun[:], late.begun[:] = [1000, 400_000], [90_000]
    assert book.identify(f"{IMSI}-00000007-1001-1") is early and book.identify(f"{IMSI}-00000007-89999-2") is late
    assert book.identify(f"{IMSI}-00000007-400003-3") is early
    assert early.ids == [f"{IMSI}-00000007-1001-1", f"{IMSI}-00000007-400003-3"] and unheard.ids == []
    assert book.identify(f"{IMSI}-00000008-1001-1") is None and book.identify("s1") is None


def test_an_entity_is_told_of_the_newest_session_of_a_number():
    book = Switchbook()
    first = book.began(IMSI, ANN, 7)
    book.told(IMSI, 7, 1000)
    second = book.began(IMSI, ANN, 7)
    book.told(IMSI, 7, 2000)
    assert (first.begun, second.begun) == ([1000], [2000]) and book.figures() == {"sessions over GSUP": 2}


def test_a_session_that_has_lent_is_among_the_others():
    journal = Journal()
    switched = journal.switch.began(IMSI, ANN, 7)
    switched.begun.append(1000)
    id = f"{IMSI}-00000007-1000-1"
    journal.identified("s1")
    journal.identified(id)
    switched.consents.append(Consent(200, 20, 220, "1", "2"))
    assert list(journal.sessions) == [id] and journal.sessions[id].consents == switched.consents
