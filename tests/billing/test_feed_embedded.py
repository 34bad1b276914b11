"""The till's feed: each recharge at least once, in order, over restarts and a troubled intake."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.billing.booking import BookingIntake
from tectonics.billing.feed_embedded import EmbeddedFeed
from tectonics.domain.errors import Busy, OurFault, TheirFault
from tectonics.domain.events import BalanceSeen, Recharged, Reversed

from .worlds import (
    START_S,
    A,
    Bells,
    Counts,
    Ears,
    Shelf,
    billing_on,
    clock_at_start,
    credit,
    now_of,
    with_accounts,
)


class World:
    def __init__(self, path):
        self.clock, self.shelf, self.bells, self.metrics = clock_at_start(), Shelf(), Bells(), Counts()
        self.billing = with_accounts(self.clock, billing_on(self.clock, path))

    def feed(self, ears):
        feed = EmbeddedFeed(self.billing, ears, self.shelf, self.clock, self.metrics, self.bells, "EUR")
        feed.start()
        self.settle()
        return feed

    def settle(self):
        self.clock.pump([0] * 20)

    def recharge(self, id):
        now_of(self.clock, self.billing.recharge(A, 500, "voucher", id))
        self.settle()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "ledger.sqlite")
    yield world
    now_of(world.clock, world.billing.close())


def ids(ears):
    return [event.id for event in ears.heard]


def test_what_the_till_books_is_told_at_once_and_nothing_else_is(world):
    ears = Ears()
    world.feed(ears)
    now_of(world.clock, world.billing.credit(credit("TEC-1")))
    now_of(world.clock, world.billing.spend(A, 10))
    now_of(
        world.clock,
        BookingIntake(world.billing, Ears(), "EUR").feed(Recharged(A, "tcp", "r9", 5, 5, 500, "EUR")),
    )
    world.recharge("v1")
    now_of(world.clock, world.billing.reverse(A, "v1", "x1"))
    world.settle()
    at = START_S * 1000
    assert ears.heard == [
        BalanceSeen(A, "embedded", "spend:3", at, 290),
        Recharged(A, "embedded", "v1", at, at, 500, "EUR", "voucher"),
        Reversed(A, "embedded", "x1", at, "v1"),
    ]
    assert world.metrics.counted["tectonics_feed_records_total", "embedded", "ok"] == 3


def test_the_cursor_survives_and_what_was_not_durable_is_told_again(world):
    hanging = Ears(*[Deferred() for _ in range(2)])
    feed = world.feed(hanging)
    world.recharge("v1")
    feed.stop()
    ears = Ears()
    feed = world.feed(ears)
    world.recharge("v2")
    feed.stop()
    later = Ears()
    world.feed(later)
    world.recharge("v3")
    assert (ids(hanging), ids(ears), ids(later)) == (["v1"], ["v1", "v2"], ["v3"])


def test_more_than_a_page(world):
    for n in range(250):
        world.billing.recharge(A, 1, "voucher", f"v{n}")
    world.settle()
    ears = Ears()
    world.feed(ears)
    assert ids(ears) == [f"v{n}" for n in range(250)]


@pytest.mark.parametrize("error", [Busy("full"), OurFault("disk")])
def test_after_a_failure_it_is_told_again_and_an_alarm_stands_meanwhile(world, error):
    ears = Ears(error, error)
    world.feed(ears)
    world.recharge("v1")
    assert ids(ears) == [] and ("feed_lag", "embedded") in world.bells.raised
    world.clock.pump([1.0, 0, 0, 0])
    assert ids(ears) == []
    world.clock.pump([1.9, 0, 0])
    assert ids(ears) == []
    world.clock.pump([0.1] + [0] * 9)
    assert ids(ears) == ["v1"] and world.bells.raised == {}


def test_what_is_refused_for_good_is_left_behind(world):
    ears = Ears(TheirFault("unknown subscriber"))
    world.feed(ears)
    world.recharge("v1")
    world.recharge("v2")
    assert ids(ears) == ["v2"]
    assert world.metrics.counted["tectonics_feed_records_total", "embedded", "err"] == 1


def test_it_waits_for_an_intake_that_is_backlogged(world):
    ears = Ears()
    ears.full = True
    feed = world.feed(ears)
    world.recharge("v1")
    assert ids(ears) == []
    ears.full = False
    world.clock.pump([1.0] + [0] * 9)
    assert ids(ears) == ["v1"]
    feed.stop()
    world.settle()
    assert not world.clock.getDelayedCalls()
