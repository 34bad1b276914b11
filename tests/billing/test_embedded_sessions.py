"""Reservations and settlements of the embedded billing: what it declares it does, and what goes wrong with them."""

import pytest
from twisted.internet.task import Clock

from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unknown
from tectonics.ports import Capabilities

from .worlds import (
    START_S,
    A,
    B,
    Counts,
    billing_on,
    clock_at_start,
    credit,
    debit,
    now_of,
    reserve,
    settle,
    with_accounts,
)


@pytest.fixture
def clock():
    return clock_at_start()


@pytest.fixture
def metrics():
    return Counts()


@pytest.fixture
def make(tmp_path, clock, metrics):
    made = []

    def make(**more):
        can = {"deduplicates": True, "window_s": 60, "readable_back": True, "sessions": True}
        billing = billing_on(clock, tmp_path / "ledger.sqlite", metrics, Capabilities(**can | more))
        made.append(billing)
        return with_accounts(clock, billing)

    yield make
    for billing in made:
        assert now_of(clock, billing.audit()) == []
        now_of(clock, billing.close())


@pytest.fixture
def billing(make):
    return make()


def asked(answer):
    results = []
    answer.addBoth(results.append)
    return results


def shown(clock, billing, msisdn=A):
    account = now_of(clock, billing.balances(msisdn))
    return account.main_minor, account.held_minor


def test_a_call_from_its_reservation_to_its_end(clock, billing, metrics):
    assert now_of(clock, billing.reserve(reserve("TEC-1", 60))) == Done("", 40)
    assert now_of(clock, billing.reserve(reserve("TEC-2", 30))) == Done("", 10)
    assert now_of(clock, billing.settle(settle("TEC-3", 75))) == Done("L2", 25)
    assert shown(clock, billing) == (25, 0)
    assert metrics.counted["tectonics_billing_requests_total", "reserve", "done"] == 2
    assert ("tectonics_billing_seconds", "settle") in metrics.observed


def test_enquiries_tell_what_is_available(clock, billing):
    now_of(clock, billing.reserve(reserve("TEC-1", 60, valid_s=30)))
    assert now_of(clock, billing.balance(A)) == Balance(40, START_S * 1000)
    assert [now_of(clock, billing.covers(A, minor)) for minor in (40, 41)] == [True, False]
    assert now_of(clock, billing.debit(debit("TEC-2", 41))).reason == "insufficient"
    assert now_of(clock, billing.spend(A, 41)).reason == "insufficient"
    assert now_of(clock, billing.recharge(A, 500, "voucher", "v1")) == Done("L2", 540)
    clock.advance(30)
    assert now_of(clock, billing.covers(A, 600)) is True


def test_one_without_sessions_holds_nothing_and_says_so(clock, make):
    billing = make(sessions=False)
    for answer in (billing.reserve(reserve("TEC-1")), billing.settle(settle("TEC-2"))):
        assert now_of(clock, answer) == Refused("rejected", "this billing system has no session credit control")
    assert now_of(clock, billing.look_up("TEC-1", A)) == NotFound()


def test_time_runs_by_the_ledgers_own_clock(clock, billing):
    now_of(clock, billing.reserve(reserve("TEC-1", 60, valid_s=10)))
    clock.advance(9.999)
    assert shown(clock, billing) == (100, 60)
    clock.advance(0.001)
    assert shown(clock, billing) == (100, 0)
    assert now_of(clock, billing.settle(settle("TEC-2", 1))).reason == "expired"
    assert now_of(clock, billing.settle(settle("TEC-3", 0))) == Done("", 100)


@pytest.mark.parametrize("valid_s", [0, -1, 2**60])
def test_a_time_that_is_none_holds_nothing(clock, billing, valid_s):
    assert now_of(clock, billing.reserve(reserve("TEC-1", 60, valid_s=valid_s))).reason == "rejected"
    assert shown(clock, billing) == (100, 0)


@pytest.mark.parametrize("lost, happened", [("lose_answers", True), ("lose_requests", False)])
def test_a_lost_answer_was_done_and_a_lost_request_was_not(clock, billing, lost, happened):
    now_of(clock, billing.set_faults(**{lost: 1}))
    reserved = asked(billing.reserve(reserve("TEC-1", 60)))
    clock.pump([0, 0, 10.1])
    assert isinstance(reserved[0], Unknown)
    assert now_of(clock, billing.look_up("TEC-1", A)) == (Done("", 40) if happened else NotFound())
    assert now_of(clock, billing.reserve(reserve("TEC-1", 60))) == Done("", 40)
    now_of(clock, billing.set_faults(**{lost: 1}))
    settled = asked(billing.settle(settle("TEC-2", 50)))
    clock.pump([0, 0, 10.1])
    assert isinstance(settled[0], Unknown)
    assert now_of(clock, billing.look_up("TEC-2", A)) == (Done("L2", 50) if happened else NotFound())
    assert now_of(clock, billing.settle(settle("TEC-2", 50))) == Done("L2", 50)
    assert shown(clock, billing) == (50, 0)


def test_refused_on_demand_changes_nothing_and_what_was_done_never_is(clock, billing):
    now_of(clock, billing.set_faults(refuse=1))
    assert now_of(clock, billing.reserve(reserve("TEC-1"))).reason == "rejected"
    assert now_of(clock, billing.reserve(reserve("TEC-1"))) == Done("", 40)
    now_of(clock, billing.set_faults(refuse=3))
    assert now_of(clock, billing.reserve(reserve("TEC-1"))) == Done("", 40)
    assert now_of(clock, billing.settle(settle("TEC-2", 5))).reason == "rejected"
    assert shown(clock, billing) == (100, 60)


def test_a_delay_beyond_the_deadline_is_unknown_though_it_was_done(clock, billing):
    now_of(clock, billing.reserve(reserve("TEC-1", 60)))
    now_of(clock, billing.set_faults(delay_s=11.0))
    answer = asked(billing.settle(settle("TEC-2", 50)))
    clock.pump([0, 0, 10.0])
    now_of(clock, billing.set_faults(delay_s=0))
    assert [type(a) for a in answer] == [Unknown]
    assert shown(clock, billing) == (50, 0)


def test_one_that_cannot_be_read_back_says_unknown(clock, make):
    billing = make(readable_back=False)
    now_of(clock, billing.reserve(reserve("TEC-1")))
    assert isinstance(now_of(clock, billing.look_up("TEC-1", A)), Unknown)


def test_at_the_same_time_only_one_of_two_sessions_gets_the_last_cent(clock, billing):
    answers = [asked(billing.reserve(reserve(f"TEC-{n}", 100, f"s{n}"))) for n in range(2)]
    clock.pump([0] * 5)
    assert [type(a[0]) for a in answers] == [Done, Refused]
    assert shown(clock, billing) == (100, 100)


def test_the_same_reservation_twice_at_the_same_time_holds_once(clock, billing):
    answers = [asked(billing.reserve(reserve("TEC-1", 60))) for _ in range(5)]
    clock.pump([0] * 5)
    assert answers == [[Done("", 40)]] * 5


def test_at_the_bound_it_is_busy_and_certainly_not_done(clock, billing):
    billing._questions._pending_max = 1
    answers = [asked(billing.reserve(reserve(f"TEC-{n}", 10))) for n in range(2)]
    assert answers[1][0].reason == "busy"
    clock.pump([0, 0])
    assert shown(clock, billing) == (100, 10)


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("which", ["reserve", "settle"])
def test_killed_around_the_commit(tmp_path, which, steps):
    clock, path = clock_at_start(), tmp_path / "ledger.sqlite"
    killed = with_accounts(clock, billing_on(clock, path))
    now_of(clock, killed.reserve(reserve("TEC-1", 60)))

    def again(billing):
        return billing.reserve(reserve("TEC-2", 30)) if which == "reserve" else billing.settle(settle("TEC-2", 45))

    asked(again(killed))
    for _ in range(steps):
        clock.advance(0)
    clock = Clock()
    clock.advance(START_S + 5)
    living = billing_on(clock, path)
    done, left = (Done("", 10), (100, 90)) if which == "reserve" else (Done("L2", 55), (55, 0))
    assert now_of(clock, living.look_up("TEC-2", A)) == (done if steps else NotFound())
    assert shown(clock, living) == (left if steps else (100, 60))
    assert now_of(clock, again(living)) == done
    assert shown(clock, living) == left
    assert now_of(clock, living.audit()) == []
    now_of(clock, living.close())


def settled(clock, billing, ask, op, msisdn):
    """Drives a write to its end as the engine does: look up what is Unknown, ask again what was never done."""
    while True:
        answer = asked(ask())
        clock.pump([0, 0, 0, 11])
        outcome = answer[0]
        while isinstance(outcome, Unknown):
            outcome = now_of(clock, billing.look_up(op, msisdn))
        if not isinstance(outcome, NotFound) and getattr(outcome, "text", "") != "refused on demand":
            return outcome


def test_through_every_fault_money_is_there_to_the_cent(clock, make):
    billing = make(window_s=86_400)
    now_of(clock, billing.credit(credit("TEC-B", 5000, msisdn=B)))
    now_of(clock, billing.set_faults(refuse_percent=15, lose_requests_percent=15, lose_answers_percent=15, seed=7))
    charged = 0
    for n in range(60):
        call, used = f"call-{n}", n * 7 % 130
        held = [settled(clock, billing, lambda m=more, c=call: billing.reserve(reserve(f"{c}-{m}", 60, c, 3600, B)),
                        f"{call}-{more}", B) for more in range(2)]
        ending = settle(f"{call}-end", min(used, 60 * sum(isinstance(h, Done) for h in held)), call, B)
        if isinstance(settled(clock, billing, lambda e=ending: billing.settle(e), ending.op, B), Done):
            charged += ending.amount_minor
    assert 0 < charged == 5000 - now_of(clock, billing.balances(B)).main_minor
    assert shown(clock, billing, B)[1] == 0
