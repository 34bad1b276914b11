"""Calls to a number and its range are counted over all subscribers, for an hour, within a bound."""

from tectonics.domain.events import CallAsked, ReserveAnswered
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Done
from tectonics.engine.called import HOUR_MS, MARKS_MAX, Called
from tests.workflows.call_world import ASKED, B, Life
from tests.workflows.world import MSISDN, NOW

NEXT = Number("33612345679", "FR", "mobile")
FAR = Number("33612355678", "FR", "mobile")


def begun(called, number=B, now=NOW, **facts):
    life = Life()
    life.now = now
    decision = life.ask(number, **facts)
    event = CallAsked(MSISDN, ASKED, now, "x", number)
    called.heard(event, decision, now)


def test_a_number_and_its_range_are_counted():
    called = Called()
    begun(called)
    begun(called, NEXT)
    assert called.recent(B, NOW) == (1, 2) and called.recent(NEXT, NOW) == (1, 2)
    assert called.recent(FAR, NOW) == (0, 0) and called.recent(None, NOW) == (0, 0)


def test_an_hour_later_it_is_forgotten():
    called = Called()
    begun(called)
    assert called.recent(B, NOW + HOUR_MS - 1) == (1, 1)
    assert called.recent(B, NOW + HOUR_MS) == (0, 0)


def test_what_was_refused_was_not_called():
    called = Called()
    begun(called, b_recent=10_000)
    assert called.recent(B, NOW) == (0, 0)


def test_what_happens_later_in_a_call_is_no_call():
    called, life = Called(), Life()
    life.ask()
    event = CallAsked(MSISDN, ASKED, NOW, "x", B)
    called.heard(event, life.last, NOW)
    reserved = ReserveAnswered(MSISDN, NOW, life.call.id, life.call.op, Done())
    called.heard(reserved, life.decide(reserved), NOW)
    assert called.recent(B, NOW) == (1, 1)


def test_it_is_bounded():
    called = Called(called_max=2)
    for number in (B, NEXT, FAR):
        begun(called, number)
    assert called.recent(B, NOW)[0] == 0 and called.recent(FAR, NOW)[0] == 1
    for _ in range(MARKS_MAX + 5):
        called._note("number", FAR.digits, NOW)
    assert called.recent(FAR, NOW)[0] == MARKS_MAX
