"""Booking before telling: the balance rises once for each record, whatever is sent again."""

import pytest

from tectonics.billing.booking import BookingIntake
from tectonics.billing.embedded import Deadlines
from tectonics.domain.errors import Busy, OurFault, TheirFault
from tectonics.domain.events import BalanceSeen, LifecycleSeen, Recharged, Reversed

from .worlds import A, Ears, billing_on, clock_at_start, now_of, with_accounts

NEW = "33600000009"


@pytest.fixture
def clock():
    return clock_at_start()


@pytest.fixture
def billing(tmp_path, clock):
    billing = with_accounts(clock, billing_on(clock, tmp_path / "ledger.sqlite", deadlines=Deadlines(1, 2)))
    yield billing
    now_of(clock, billing.close())


def recharged(id="r1", msisdn=A, amount_minor=500, currency="EUR", feed="tcp"):
    return Recharged(msisdn, feed, id, 5, 5, amount_minor, currency, "etopup")


def main_minor(clock, billing, msisdn=A):
    return now_of(clock, billing.balances(msisdn)).main_minor


def test_a_recharge_is_booked_once_and_told_each_time(clock, billing):
    ears = Ears()
    intake = BookingIntake(billing, ears, "EUR")
    assert [now_of(clock, intake.feed(recharged())) for _ in range(2)] == ["OK", "DUP"]
    assert now_of(clock, intake.feed(recharged(feed="file"))) == "OK"
    assert main_minor(clock, billing) == 1100
    assert now_of(clock, billing.till_after(0, 10)) == []


def test_a_credit_of_our_own_is_told_and_not_booked_again(clock, billing):
    ears = Ears()
    intake = BookingIntake(billing, ears, "EUR", lambda: ("TEC-",))
    assert now_of(clock, intake.feed(recharged(id="TEC-1"))) == "OK"
    assert (main_minor(clock, billing), len(ears.heard)) == (100, 1)
    now_of(clock, intake.feed(recharged()))
    assert main_minor(clock, billing) == 600


def test_a_death_between_booking_and_telling_is_mended_by_the_repetition(clock, billing):
    dying, living = Ears(Busy("full"), OurFault("dead")), Ears()
    with pytest.raises(Busy):
        now_of(clock, BookingIntake(billing, dying, "EUR").feed(recharged()))
    with pytest.raises(OurFault):
        now_of(clock, BookingIntake(billing, dying, "EUR").feed(recharged()))
    assert now_of(clock, BookingIntake(billing, living, "EUR").feed(recharged())) == "OK"
    assert (main_minor(clock, billing), len(living.heard)) == (600, 1)


def test_a_reversal_takes_its_recharge_back(clock, billing):
    intake = BookingIntake(billing, Ears(), "EUR")
    reversal = Reversed(A, "tcp", "x1", 6, "r1")
    with pytest.raises(TheirFault, match="not known"):
        now_of(clock, intake.feed(reversal))
    now_of(clock, intake.feed(recharged()))
    assert [now_of(clock, intake.feed(reversal)) for _ in range(2)] == ["OK", "DUP"]
    assert main_minor(clock, billing) == 100


@pytest.mark.parametrize(
    "event, text",
    [
        (recharged(msisdn=NEW), "unknown subscriber"),
        (recharged(currency="USD"), "the account is in EUR"),
        (recharged(amount_minor=10**15), "the balance would be beyond any account"),
    ],
)
def test_what_the_ledger_refuses_is_not_told(clock, billing, event, text):
    ears = Ears()
    with pytest.raises(TheirFault, match=text):
        now_of(clock, BookingIntake(billing, ears, "EUR").feed(event))
    assert ears.heard == []


def test_an_activation_opens_the_account(clock, billing):
    intake = BookingIntake(billing, Ears(), "EUR")
    activation = LifecycleSeen(NEW, "tcp", "l1", 5, 4, "activated")
    assert [now_of(clock, intake.feed(activation)) for _ in range(2)] == ["OK", "DUP"]
    assert now_of(clock, intake.feed(recharged(msisdn=NEW))) == "OK"
    assert now_of(clock, billing.balances(NEW)).activated_at == 4
    assert main_minor(clock, billing, NEW) == 500


def test_the_rest_passes_through(clock, billing):
    ears = Ears()
    intake = BookingIntake(billing, ears, "EUR")
    for event in (BalanceSeen(A, "tcp", "b", 5, 1), LifecycleSeen(NEW, "tcp", "s", 5, 5, "sim_swapped")):
        assert now_of(clock, intake.feed(event)) == "OK"
    assert len(ears.heard) == 2 and not intake.backlogged()
    ears.full = True
    assert intake.backlogged()


def test_a_ledger_that_does_not_answer_is_busy(clock, billing):
    billing._writes.submit = lambda entry: now_never()
    answer, results = BookingIntake(billing, Ears(), "EUR").feed(recharged()), []
    answer.addBoth(results.append)
    clock.advance(2)
    assert results[0].check(Busy)


def now_never():
    from twisted.internet.defer import Deferred

    return Deferred()
