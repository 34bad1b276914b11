"""What `top` reads: spreads of durations, their differences, and the bytes between daemon and command line."""

import json
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.sample import (
    Alarm,
    BillingNode,
    Channel,
    Consumer,
    Queue,
    Sample,
    Service,
    Spread,
    decode,
    encode,
)

BOUNDS = (0.002, 0.005, 0.01)
counts = st.lists(st.integers(0, 1000), min_size=4, max_size=4).map(tuple)
spreads = counts.map(lambda found: Spread(BOUNDS, found)) | st.just(Spread())


def sample(**changes):
    fields = {
        "node": "n1", "version": "0.1", "state": "serving", "role": "single", "now_at": 2000, "started_at": 1000,
        "channels": (Channel("ussd_http", "up", 5, 4, 1, 2, Spread(BOUNDS, (1, 2, 3, 0))),),
        "services": (Service("advance", 9, 5, {"balance": 3}, 1, 0, 1000, 220),),
        "billing": (BillingNode("embedded", "up", 20, 1, 2, 3, Spread(BOUNDS, (20, 0, 0, 0))),),
        "decided": Spread(), "units": {"committed": 7}, "shed": {}, "tickets": 6, "outbox": 1, "dispatching": 2, "sessions": 3,
        "queues": (Queue("store", 1, 10),), "consumers": (Consumer("billing", 4, True),),
        "alarms": (Alarm("feed_lag", "major", 500, "silent", "look"),), "debt": {"open_advances": 2}, "owed": "5.00", "currency": "EUR",
    }
    return Sample(**fields | changes)


@pytest.mark.parametrize("found, share, bound_ms", [
    ((0, 0, 0, 0), 0.5, None), ((), 0.5, None), ((1, 0, 0, 0), 0.99, 2), ((50, 50, 0, 0), 0.5, 2), ((50, 50, 0, 0), 0.51, 5),
    ((0, 99, 1, 0), 0.99, 5), ((0, 98, 2, 0), 0.99, 10), ((0, 98, 0, 2), 0.99, inf)])
def test_the_bound_that_a_share_kept(found, share, bound_ms):
    assert Spread(BOUNDS if found else (), found).within_ms(share) == bound_ms


@given(counts, counts)
def test_what_came_since_and_what_was_make_what_is(earlier, more):
    then = Spread(BOUNDS, earlier)
    now = then.plus(Spread(BOUNDS, more))
    assert now.since(then).counts == more and now.total == sum(earlier) + sum(more)


@given(spreads, spreads)
def test_no_difference_is_negative(now, then):
    assert all(count >= 0 for count in now.since(then).counts)
    assert now.since(then).total <= now.total


def test_one_that_began_anew_or_has_other_bounds_is_taken_whole():
    now = Spread(BOUNDS, (1, 0, 0, 5))
    assert now.since(Spread(BOUNDS, (2, 0, 0, 0))) == now
    assert now.since(Spread((1.0,), (0, 0))) == now


@given(spreads, spreads)
def test_more_is_never_faster(one, other):
    both = one.plus(other)
    bounds = [both.within_ms(share) for share in (0.1, 0.5, 0.9, 0.99, 1)]
    assert bounds == sorted(bounds, key=lambda bound: bound or 0)


def test_it_goes_through_json():
    line = json.dumps(encode(sample()), allow_nan=False)
    assert decode(json.loads(line)) == sample()
    assert decode(json.loads(line) | {"later": 1}) == sample()


@pytest.mark.parametrize("change", [{"outbox": "many"}, {"channels": None}, {"alarms": [{"id": 1}]}, {"tickets": 1.5},
                                    {"decided": {"bounds_s": [1.0], "counts": [1]}}, {"shed": {"dial": None}}])
def test_what_is_no_sample(change):
    with pytest.raises(BadMessage, match="not a sample"):
        decode(encode(sample()) | change)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["node", "channels", "decided", "counts", "x"]), inner, max_size=3)))
def test_anything_else_is_a_bad_message(answer):
    with pytest.raises(BadMessage):
        decode(answer)
