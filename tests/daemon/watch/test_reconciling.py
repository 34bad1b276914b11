"""Books that are compared with the billing system's: agreement, each way to differ, and what says nothing."""

from dataclasses import replace

import pytest
from twisted.internet.defer import succeed

from tectonics.config.alarms import AlarmLimits
from tectonics.daemon.watch.reconciling import DAY_MS, KEEP_S, SETTLED_MS, Reconciling
from tectonics.domain.advance import FAILED, GRANTING, OPEN
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.domain.recharge import Recovery
from tectonics.ports import Capabilities, TicketLine
from tests.daemon.watch.places import NOW_S, Place, done
from tests.oam.fakes import NUMBER, advance

LIMITS = AlarmLimits(reconcile_operations=5, reconcile_every_s=60)
OLD = NOW_S * 1000 - SETTLED_MS - 30_000


class Movement:
    def __init__(self, op, amount_minor):
        self.op, self.amount_minor = op, amount_minor


class World(Place):
    """Our books (advances, recoveries, tickets) and theirs (answers, movements)."""

    def __init__(self):
        super().__init__()
        self.advances_kept, self.recoveries_kept, self.lines = [], [], []
        self.answers, self.moved, self.asked = {}, [], []
        self.capabilities = Capabilities(readable_back=True)
        self.books = Reconciling(self, self, self, self, self.alarms, self.clock, LIMITS)

    def advances(self, msisdn, state, after, limit):
        return succeed([(n, a) for n, a in self.advances_kept if n == msisdn and (a.requested_at, a.id) > after][:limit])

    def recoveries(self, msisdn, limit=100):
        return succeed(self.recoveries_kept[:limit])

    def read_time(self, since, until, after, limit):
        return succeed([line for line in self.lines if since <= line.at < until][:limit])

    def look_up(self, op, msisdn, node=""):
        self.asked.append(op)
        return succeed(self.answers.get(op, NotFound()))

    def movements(self, msisdn, limit):
        return succeed(self.moved)

    def lend(self, number, answer, at=OLD, state=OPEN, msisdn=NUMBER):
        one = replace(advance(number), requested_at=at, state=state)
        self.advances_kept.append((msisdn, one))
        self.lines.append(TicketLine("n1", number, at, b'{"type":"advance.granted","msisdn":"%s"}' % msisdn.encode()))
        self.answers[one.op] = answer
        return one

    def look(self):
        done(self.books.look())
        return self.raised()


@pytest.fixture
def world():
    return World()


def test_books_that_agree(world):
    world.lend(1, Done())
    world.lend(2, Refused("insufficient"), state=FAILED)
    world.lend(3, NotFound(), state=FAILED)
    assert world.look() == {} and world.asked == ["TEC-1", "TEC-2", "TEC-3"]


@pytest.mark.parametrize("state, answer, said", [
    (OPEN, NotFound(), "we have it as done, the billing system never did it"),
    (OPEN, Refused("blocked"), "we have it as done, the billing system never did it"),
    (FAILED, Done(), "we have it as failed, the billing system has done it")])
def test_each_way_to_differ_is_an_alarm_until_both_agree(world, state, answer, said):
    one = world.lend(1, answer, state=state)
    found = world.look()
    assert said in found["reconcile_difference"] and one.id in found["reconcile_difference"] and NUMBER not in found["reconcile_difference"]
    assert world.look() == found
    world.answers[one.op] = NotFound() if state == FAILED else Done()
    assert world.look() == {}


def test_with_a_ledger_the_amounts_are_compared(world):
    one = world.lend(1, Done())
    world.moved = [Movement("other", 5), Movement(one.op, one.offer.amount_minor)]
    assert world.look() == {}
    world.clock.advance(60)
    world.lend(2, Done(), at=OLD + 60_000)
    world.moved = [Movement("TEC-2", one.offer.amount_minor + 1)]
    assert "we have 2.00, the ledger moved 2.01" in world.look()["reconcile_difference"]


def test_recoveries_are_compared_too(world):
    world.lend(1, Done())
    world.recoveries_kept = [Recovery("REC1", 1, "done", "tcp", "R1", OLD, 500, OLD, 220, op="TEC-R"),
                             Recovery("REC2", 1, "waiting", "tcp", "R2", OLD, 500, OLD, 220)]
    assert "recovery REC1" in world.look()["reconcile_difference"]


@pytest.mark.parametrize("state, at", [(GRANTING, OLD), (OPEN, NOW_S * 1000 - SETTLED_MS + 1), (OPEN, NOW_S * 1000 - DAY_MS - 1)])
def test_what_is_not_settled_or_old_is_left_alone(world, state, at):
    world.lend(1, NotFound(), at=at, state=state)
    world.lines[0] = replace(world.lines[0], at=OLD)
    assert world.look() == {} and world.asked == []


def test_an_answer_that_tells_nothing_says_nothing(world):
    world.lend(1, Unknown())
    assert world.look() == {}
    world.capabilities = Capabilities(readable_back=False)
    world.lend(2, NotFound())
    assert world.look() == {} and world.asked == ["TEC-1"]


def test_the_look_ups_are_bounded_and_nobody_is_looked_at_twice(world):
    for number in range(1, 10):
        world.lend(number, Done(), msisdn=f"3360000001{number}")
    world.look()
    world.look()
    assert len(world.asked) == LIMITS.reconcile_operations


def test_a_difference_is_not_kept_for_ever(world):
    world.lend(1, NotFound())
    assert world.look()
    world.clock.advance(KEEP_S + 1)
    assert world.look() == {}
