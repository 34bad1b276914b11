"""What people ask: pages in order, one advance by its id, gauges that come from small indexes."""

from dataclasses import replace

import pytest

from tectonics.domain.advance import FAILED, OPEN, OVERDUE, REPAID, UNKNOWN
from tectonics.domain.subscriber import Account, Bar, Profile
from tectonics.ports import Debt, Lent, Usage
from tectonics.store import queries as module
from tests.store.building import MSISDN, advance, credit, recovery, unit

OTHER = "33600000002"


@pytest.fixture
def filled(world):
    opened = world.open()
    mine = (advance(1, REPAID), advance(3, OVERDUE), advance(5, UNKNOWN))
    theirs = (advance(2, OPEN, principal_paid_minor=50), advance(4, FAILED))
    barred = Account(OTHER, profile=Profile(bar=Bar("admin", 1)))
    world.wait(opened.store.commit(unit(1, advances=mine, recoveries=(recovery(1), recovery(2)),
                                        commands=(credit(1),))))
    world.wait(opened.store.commit(unit(2, msisdn=OTHER, account=barred, advances=theirs)))
    return opened


def _ids(found):
    return [loan.id for _, loan in found]


def test_advances_come_by_time_and_in_pages(world, filled):
    queries = filled.queries
    everything = world.wait(queries.advances())
    assert _ids(everything) == ["A1", "A2", "A3", "A4", "A5"]
    assert everything[1] == (OTHER, advance(2, OPEN, principal_paid_minor=50))
    after, found = (0, ""), []
    while page := world.wait(queries.advances(after=after, limit=2)):
        found += _ids(page)
        after = (page[-1][1].requested_at, page[-1][1].id)
    assert found == _ids(everything)


@pytest.mark.parametrize(("asked", "ids"), [
    ({"msisdn": MSISDN}, ["A1", "A3", "A5"]), ({"state": OPEN}, ["A2"]), ({"state": FAILED}, ["A4"]),
    ({"msisdn": MSISDN, "state": OVERDUE}, ["A3"]), ({"msisdn": OTHER, "state": OVERDUE}, []),
    ({"state": "no such state"}, [])])
def test_advances_of_one_number_or_state(world, filled, asked, ids):
    assert _ids(world.wait(filled.queries.advances(**asked))) == ids


def test_one_advance_by_its_id(world, filled):
    assert world.wait(filled.queries.advance("A3")) == (MSISDN, advance(3, OVERDUE))
    assert world.wait(filled.queries.advance("A9")) is None


def test_an_account_and_its_recoveries(world, filled):
    assert [a.id for a in world.wait(filled.queries.account(MSISDN)).advances] == ["A3", "A5"]
    assert world.wait(filled.queries.account("33600000077")) is None
    assert [r.id for r in world.wait(filled.queries.recoveries(MSISDN))] == ["R2", "R1"]


def test_the_past_of_one_holder_of_a_number_comes_newest_first_and_in_pages(world, filled):
    paid, former = replace(recovery(2), state="done"), replace(advance(6, REPAID), generation=2)
    world.wait(filled.store.commit(unit(3, 1, advances=(former,), recoveries=(paid,))))
    lent, payments = world.wait(filled.queries.past(MSISDN, 1, (2**53, ""), 2))
    assert [a.id for a in lent] == ["A5", "A3"] and payments == [paid]
    before = lent[-1].requested_at, lent[-1].id
    assert [a.id for a in world.wait(filled.queries.past(MSISDN, 1, before, 2))[0]] == ["A1"]
    assert [a.id for a in world.wait(filled.queries.past(MSISDN, 2, (2**53, ""), 2))[0]] == ["A6"]
    assert world.wait(filled.queries.past(MSISDN, 1, (0, ""), 2)) == ([], [])


def test_the_gauges_of_what_is_owed(world, filled):
    assert world.wait(filled.queries.debt()) == Debt(
        open_advances=2, outstanding_minor=220 + 170, overdue=1, unknown=1, barred=1, outbox=1)


def test_the_gauges_follow_within_seconds(world, filled):
    world.wait(filled.queries.debt())
    lifted = replace(Account(OTHER), profile=Profile())
    world.wait(filled.store.commit(unit(3, 1, OTHER, account=lifted, advances=(advance(2, REPAID),))))
    assert world.wait(filled.queries.debt()).barred == 1
    world.clock.advance(module.DEBT_CACHE_S)
    after = world.wait(filled.queries.debt())
    assert (after.barred, after.outstanding_minor, after.open_advances) == (0, 220, 1)


def test_an_empty_store_owes_nothing(world):
    assert world.wait(world.open().queries.debt()) == Debt()


def test_what_was_lent_since_a_day_and_what_became_of_it(world):
    opened = world.open()
    used = [Usage("advance", 10, 2, 700), Usage("advance", 11, 1, 300), Usage("advance", 11, -1, -300),
            Usage("advance", 12, 1, 500), Usage("written_off", 9, 1, 50), Usage("written_off", 12, 2, 90)]
    for number, usage in enumerate(used, 1):
        world.wait(opened.store.commit(unit(number, msisdn=f"3360000010{number}", usage=usage)))
    late = [advance(n, OVERDUE, due_at=due) for n, due in ((1, 1000), (2, 2000), (3, 3000))]
    world.wait(opened.store.commit(unit(9, advances=(*late, advance(4, OPEN, due_at=3000)))))
    owed = [one.outstanding_minor for one in late]
    assert world.wait(opened.queries.lent(11, 2000)) == Lent(1, 500, owed[1] + owed[2], 90)
    assert world.wait(opened.queries.lent(9, 0)) == Lent(3, 1200, sum(owed), 140)
    assert world.wait(opened.queries.lent(13, 9999)) == Lent(0, 0, 0, 0)
