"""Samples of daemons that count up, and hypothesis' own."""

from hypothesis import strategies as st
from msgspec.structs import replace

from tectonics.wire.sample import Alarm, BillingNode, Channel, Consumer, Queue, Sample, Service, Spread

BOUNDS = (0.002, 0.005, 0.01, 0.1)
NEW = Sample(
    node="n1", version="0.1.0", state="serving", role="single", now_at=1_000_000, started_at=1_000_000, channels=(), services=(),
    billing=(), decided=Spread(), units={}, shed={}, tickets=0, outbox=0, dispatching=0, sessions=0, queues=(), consumers=(),
    alarms=(), debt={}, owed="0.00", currency="EUR")


def busy(seconds, per_s=10, **changes):
    """A daemon that has taken `per_s` requests a second for so long: half are granted, the others refused."""
    n = round(seconds * per_s)
    spread = Spread(BOUNDS, (n // 2, n - n // 2, 0, 0, 0))
    return replace(
        NEW, now_at=NEW.started_at + round(seconds * 1000), channels=(Channel("ussd_http", "up", n, n, 0, 3, spread),),
        services=(Service("advance", n, n // 2, {"balance": n - n // 2}, 0, 0, 100 * n, 0),),
        billing=(BillingNode("embedded", "up", n, 0, 0, 0, spread),), decided=spread, units={"committed": n}, tickets=n,
        queues=(Queue("store writes", 1, 100),), consumers=(Consumer("mediation", 4, True),), owed="12.30", **changes)


ALARM = Alarm("billing_down", "critical", 1_000_000, "no answer for a minute", "look at it")
names = st.sampled_from(["a", "b c", "d" * 70, "\x1b[2J\n", "\u4e2d\u6587" * 9]) | st.text(min_size=1, max_size=9)
small = st.integers(0, 10**12)
spreads = st.lists(small, min_size=5, max_size=5).map(lambda found: Spread(BOUNDS, tuple(found))) | st.just(Spread())
states = st.sampled_from(["up", "partial", "down", "serving", "fenced: another\nprocess"])
counted = st.dictionaries(names, small, max_size=2)


def some(rows, size=3):
    return st.lists(rows, max_size=size, unique_by=lambda one: getattr(one, "name", getattr(one, "id", ""))).map(tuple)


anything = st.builds(
    Sample, node=st.sampled_from(["n1", "n2"]), version=names, state=states, role=names, now_at=small, started_at=small,
    channels=some(st.builds(Channel, names, states, small, small, small, small, spreads)),
    services=some(st.builds(Service, names, small, small, counted, small, small, small, small)),
    billing=some(st.builds(BillingNode, names, states, small, small, small, small, spreads)), decided=spreads, units=counted,
    shed=counted, tickets=small, outbox=small, dispatching=small, sessions=small, queues=some(st.builds(Queue, names, small, small)),
    consumers=some(st.builds(Consumer, names, small, st.booleans())),
    alarms=some(st.builds(Alarm, names, st.sampled_from(["critical", "major", "minor", "warning", "odd"]), st.integers(0, 2**41),
                          names, names, names)),
    debt=st.just({"open_advances": 5}), owed=names, currency=st.just("EUR"))
