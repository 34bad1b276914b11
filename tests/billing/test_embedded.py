"""The embedded billing: what it declares it does, what is asked of it on demand goes wrong, in time."""

import pytest
from twisted.internet.task import Clock

from tectonics.billing.embedded import Deadlines
from tectonics.billing.entries import Opening
from tectonics.domain.errors import TheirFault
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unavailable, Unknown
from tectonics.ports import Capabilities

from .worlds import START_S, A, B, Counts, billing_on, clock_at_start, credit, debit, now_of, with_accounts


@pytest.fixture
def clock():
    return clock_at_start()


@pytest.fixture
def metrics():
    return Counts()


@pytest.fixture
def make(tmp_path, clock, metrics):
    made = []

    def make(**capabilities):
        billing = billing_on(clock, tmp_path / "ledger.sqlite", metrics, Capabilities(**capabilities))
        made.append(billing)
        return with_accounts(clock, billing)

    yield make
    for billing in made:
        now_of(clock, billing.close())


@pytest.fixture
def billing(make):
    return make(deduplicates=True, window_s=60, readable_back=True)


def asked(answer):
    results = []
    answer.addBoth(results.append)
    return results


def main_minor(clock, billing, msisdn=A):
    return now_of(clock, billing.balances(msisdn)).main_minor


def test_enquiries(clock, billing):
    assert now_of(clock, billing.balance(A)) == Balance(100, START_S * 1000)
    assert now_of(clock, billing.covers(A, 100)) is True
    assert now_of(clock, billing.covers(A, 101)) is False
    assert isinstance(now_of(clock, billing.balance("33677777777")), Unavailable)
    assert isinstance(now_of(clock, billing.covers("33677777777", 1)), Unavailable)


def test_one_that_does_not_tell_balances_still_covers(clock, make):
    billing = make(tells_balance=False)
    assert isinstance(now_of(clock, billing.balance(A)), Unavailable)
    assert now_of(clock, billing.covers(A, 100)) is True


def test_one_that_deduplicates_does_it_once_inside_its_window(clock, billing):
    assert [now_of(clock, billing.credit(credit("TEC-1"))) for _ in range(2)] == [Done("L2", 300)] * 2
    clock.advance(61)
    assert now_of(clock, billing.credit(credit("TEC-1"))) == Done("L3", 500)


def test_one_that_does_not_deduplicate_does_it_again(clock, make):
    billing = make(deduplicates=False, readable_back=True)
    first, second = asked(billing.credit(credit("TEC-1"))), asked(billing.credit(credit("TEC-1")))
    clock.pump([0, 0, 0])
    assert (first, second) == ([Done("L2", 300)], [Done("L3", 500)])


def test_two_clients_with_the_same_operation_at_the_same_time(clock, billing):
    answers = [asked(billing.debit(debit("TEC-1", 60))) for _ in range(5)]
    clock.pump([0] * 5)
    assert answers == [[Done("L2", 40)]] * 5


def test_reading_back(clock, billing):
    now_of(clock, billing.credit(credit("TEC-1")))
    now_of(clock, billing.debit(debit("TEC-2", 900)))
    assert now_of(clock, billing.look_up("TEC-1", A)) == Done("L2", 300)
    assert now_of(clock, billing.look_up("TEC-2", A)).reason == "insufficient"
    assert now_of(clock, billing.look_up("TEC-3", A)) == NotFound()
    assert now_of(clock, billing.look_up("TEC-1", B)) == NotFound()


def test_one_that_cannot_be_read_back_says_unknown(clock, make):
    billing = make(readable_back=False)
    now_of(clock, billing.credit(credit("TEC-1")))
    assert isinstance(now_of(clock, billing.look_up("TEC-1", A)), Unknown)


def test_a_look_up_sees_every_write_asked_before_it(clock, billing):
    written, looked_up = asked(billing.credit(credit("TEC-1"))), asked(billing.look_up("TEC-1", A))
    clock.pump([0] * 5)
    assert written == looked_up == [Done("L2", 300)]


def test_a_lost_answer_was_done_and_a_lost_request_was_not(clock, billing, metrics):
    now_of(clock, billing.set_faults(lose_answers=1, lose_requests=1))
    unasked, unanswered = asked(billing.credit(credit("TEC-1"))), asked(billing.credit(credit("TEC-2", 7)))
    clock.pump([0, 0, 9.9])
    assert unasked == unanswered == []
    clock.advance(0.2)
    assert [type(a[0]) for a in (unasked, unanswered)] == [Unknown, Unknown]
    assert now_of(clock, billing.look_up("TEC-1", A)) == NotFound()
    assert now_of(clock, billing.look_up("TEC-2", A)) == Done("L2", 107)
    assert now_of(clock, billing.faults()).lose_answers == 0
    assert metrics.counted["tectonics_billing_requests_total", "credit", "unknown"] == 2
    assert ("tectonics_billing_seconds", "credit") in metrics.observed


def test_refused_on_demand_moves_nothing(clock, billing):
    now_of(clock, billing.set_faults(refuse=1))
    assert now_of(clock, billing.debit(debit("TEC-1"))).reason == "rejected"
    assert now_of(clock, billing.debit(debit("TEC-1"))) == Done("L2", 50)


def test_what_it_has_done_it_never_refuses_on_demand(clock, billing):
    now_of(clock, billing.set_faults(lose_answers=1))
    lost = asked(billing.credit(credit("TEC-1")))
    clock.pump([0, 0, 10.1])
    assert [type(a) for a in lost] == [Unknown]
    now_of(clock, billing.set_faults(refuse=2))
    assert now_of(clock, billing.credit(credit("TEC-1"))) == Done("L2", 300)
    assert now_of(clock, billing.credit(credit("TEC-9"))).reason == "rejected"


def test_a_delay_beyond_the_deadline_is_unknown_though_it_was_done(clock, billing):
    now_of(clock, billing.set_faults(delay_s=11.0))
    answer, enquiry = asked(billing.credit(credit("TEC-1"))), asked(billing.balance(A))
    clock.pump([0, 0, 2.0])
    assert [type(a) for a in enquiry] == [Unavailable]
    clock.pump([8.0])
    assert [type(a) for a in answer] == [Unknown]
    now_of(clock, billing.set_faults(delay_s=0))
    assert main_minor(clock, billing) == 300


def test_a_short_delay_only_delays(clock, billing):
    now_of(clock, billing.set_faults(delay_s=1.5))
    answer = asked(billing.credit(credit("TEC-1")))
    clock.pump([0, 0, 1.4])
    assert answer == []
    clock.advance(0.1)
    assert answer == [Done("L2", 300)]


def test_hanging_enquiries_end_at_the_deadline(clock, billing):
    now_of(clock, billing.set_faults(hang_balance=True))
    answers = [asked(billing.balance(A)), asked(billing.covers(A, 1))]
    clock.advance(1.9)
    assert answers == [[], []]
    clock.advance(0.2)
    assert [type(a[0]) for a in answers] == [Unavailable, Unavailable]


@pytest.mark.parametrize(
    "change",
    [
        {"gold": 1},
        {"delay_s": -1},
        {"refuse": "two"},
        {"refuse": True},
        {"hang_balance": 1},
        {"lose_answers_percent": 101},
        {"delay_s": 1e9},
        {"delay_s": float("nan")},
    ],
)
def test_a_fault_that_is_none_changes_nothing(clock, billing, change):
    before = now_of(clock, billing.faults())
    with pytest.raises(TheirFault):
        now_of(clock, billing.set_faults(**{"refuse": 3} | change))
    assert now_of(clock, billing.faults()) == before


def fates(clock, billing, seed):
    now_of(clock, billing.set_faults(refuse_percent=30, lose_requests_percent=20, seed=seed))
    answers = [asked(billing.credit(credit(f"TEC-{seed}-{n}", 1))) for n in range(200)]
    clock.pump([0, 0, 10])
    return [type(a[0]) for a in answers]


def test_shares_are_drawn_from_the_seed(clock, billing):
    first, other, again = (fates(clock, billing, seed) for seed in (1, 2, 1))
    assert first == again != other
    assert 30 < first.count(Refused) < 90 and 15 < first.count(Unknown) < 70


def test_the_till(clock, billing):
    woken = []
    billing.watch_till(lambda: woken.append(1))
    assert now_of(clock, billing.recharge(A, 500, "voucher", "v1")) == Done("L2", 600)
    assert now_of(clock, billing.recharge(A, 500, "voucher", "v1")) == Done("L2", 600)
    assert now_of(clock, billing.spend(A, 650)).reason == "insufficient"
    assert now_of(clock, billing.spend(A, 600)) == Done("L3", 0)
    assert now_of(clock, billing.reverse(A, "v1", "x1")) == Done("L4", -500)
    assert len(woken) == 5  # a refusal and a repetition wake it too
    kinds = [(m.kind, m.amount_minor, m.recharge_class) for m in now_of(clock, billing.movements(A, 3))]
    assert kinds == [("reversal", -500, ""), ("spend", -600, ""), ("recharge", 500, "voucher")]
    assert [m.op for m in now_of(clock, billing.till_after(0, 9))] == ["embedded:v1", "", "embedded:x1"]
    assert now_of(clock, billing.audit()) == []


def test_an_account_is_opened_once_and_may_be_blocked(clock, billing):
    assert now_of(clock, billing.open_account(Opening(A, "EUR", 0))) is False
    assert now_of(clock, billing.set_blocked(B, True)) is True
    assert now_of(clock, billing.credit(credit("TEC-1", msisdn=B))).reason == "blocked"


def test_at_the_bound_a_write_is_refused_and_certainly_not_done(clock, billing):
    billing._questions._pending_max = 2
    answers = [asked(billing.credit(credit(f"TEC-{n}", 1))) for n in range(4)]
    enquiry = asked(billing.balance(A))
    assert [a[0].reason for a in answers[2:]] == ["busy", "busy"] and isinstance(enquiry[0], Unavailable)
    clock.pump([0, 0])
    assert main_minor(clock, billing) == 102


def test_a_number_that_is_none_fails_alone(clock, billing):
    bad, good = asked(billing.credit(credit("TEC-1", msisdn="none"))), asked(billing.credit(credit("TEC-2")))
    clock.pump([0] * 3)
    assert (type(bad[0]), good) == (Unknown, [Done("L2", 300)])


@pytest.mark.parametrize("steps", [0, 1])
def test_killed_around_the_commit(tmp_path, steps):
    clock = clock_at_start()
    path = tmp_path / "ledger.sqlite"
    killed = with_accounts(clock, billing_on(clock, path))
    asked(killed.credit(credit("TEC-1")))
    for _ in range(steps):
        clock.advance(0)
    clock = Clock()
    clock.advance(START_S + 5)
    again = billing_on(clock, path)
    expected = Done("L2", 300) if steps else NotFound()
    assert now_of(clock, again.look_up("TEC-1", A)) == expected
    assert now_of(clock, again.credit(credit("TEC-1"))) == Done("L2", 300)
    now_of(clock, again.close())


def test_deadlines_are_the_callers(tmp_path, clock):
    billing = with_accounts(clock, billing_on(clock, tmp_path / "l", deadlines=Deadlines(0.5, 1.0)))
    now_of(clock, billing.set_faults(lose_requests=1, hang_balance=True))
    answers = asked(billing.credit(credit("TEC-1"))), asked(billing.balance(A))
    clock.advance(0.5)
    assert [len(a) for a in answers] == [0, 1]
    clock.advance(0.5)
    assert [len(a) for a in answers] == [1, 1]
    now_of(clock, billing.close())
