"""The queue against a model that knows no tricks, and the pace against its promise."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.links.smpp.errands import ANYWHERE, Errand, Errands
from tectonics.links.smpp.pace import BURST_S, Pace
from tectonics.wire.smpp.pdus import SubmitSm

PLACES = (ANYWHERE, "a", "b", "a/1")
places = st.sampled_from(PLACES)
some_places = st.lists(places, max_size=3, unique=True)
steps = st.lists(st.one_of(
    st.tuples(st.just("put"), st.integers(0, 2), st.integers(0, 20), places),
    st.tuples(st.just("take"), some_places), st.tuples(st.just("back")),
    st.tuples(st.just("move"), places, places), st.tuples(st.just("expire"), st.integers(0, 20))), max_size=60)


def best(model: list[Errand]) -> Errand | None:
    return min(model, key=lambda one: (one.priority, one.number), default=None)


@given(steps)
def test_is_what_a_plain_list_would_be(steps):
    queue, model, taken = Errands(8), [], []
    for kind, *given_ in steps:
        match kind, given_:
            case "put", [priority, until, place]:
                errand = Errand(SubmitSm(), priority, until, place)
                out = queue.put(errand)
                model.append(errand)
                if len(model) > 8:
                    last = max(model, key=lambda one: (one.priority, one.number))
                    assert out is last
                    model.remove(last)
                else:
                    assert out is None
            case "take", [where]:
                found = queue.take(where)
                assert found is best([one for one in model if one.place in where])
                if found is not None:
                    model.remove(found)
                    taken.append(found)
            case "back", [] if taken:
                model.append(taken.pop())
                queue.put_back(model[-1])
            case "move", [old, new] if old != new:
                queue.move(old, new)
                assert not queue.waits_at(old)
            case "expire", [now]:
                over = queue.expired(now)
                assert sorted(one.number for one in over) == sorted(one.number for one in model if one.until_s <= now)
                model = [one for one in model if one.until_s > now]
        assert len(queue) == len(model)
    assert queue.drain() == sorted(model, key=lambda one: (one.priority, one.number)) and len(queue) == 0


@given(st.integers(1, 5000), st.lists(st.floats(0, 0.5), min_size=1, max_size=100))
def test_no_second_sees_more_than_the_rate_and_a_twentieth(per_second, pauses):
    pace, now, sent = Pace(per_second, 1.0), 0.0, []
    for pause_s in pauses:
        now += pause_s
        while pace.ready_at() <= now and len(sent) < 3000:
            pace.spend(now)
            sent.append(now)
    for at, since in enumerate(sent):
        within = sum(since <= when < since + 1 for when in sent[at:at + per_second * 2 + 2])
        assert within <= per_second * (1 + BURST_S) + 1.001


@given(st.integers(1, 1000))
def test_who_comes_in_time_gets_the_whole_rate(per_second):
    pace, sent = Pace(per_second, 1.0), 0
    for step in range(100):
        while pace.ready_at() <= step * 0.04:
            pace.spend(step * 0.04)
            sent += 1
    assert abs(sent - 4 * per_second) <= per_second * 0.1 + 1
