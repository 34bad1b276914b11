"""People on the telephone are generators, too: they ask to be called back, with credit or without, and some are gone by then."""

import random
from collections import Counter

from tectonics.simulation.calling import Calling
from tectonics.simulation.population.callers import call, callers
from tectonics.simulation.population.intents import CallMe, Happens, Recharge, Spend, Subscribe, Wait
from tectonics.simulation.population.person import draw_person

PERSON = draw_person(random.Random(1), "33620000001")
PLAN = Calling(callers=0.5, written=0.5)


def lived(pace=1.0, writes=True, count=3000):
    life = call(PERSON, PLAN, pace, writes)
    return [life.send(None) for _ in range(count)]


def test_the_same_person_calls_the_same():
    assert lived() == lived()


def test_he_does_everything_that_callers_do():
    done = lived()
    assert {type(one) for one in done} == {CallMe, Happens, Recharge, Spend, Subscribe, Wait}
    written = Counter(one.written for one in done if isinstance(one, CallMe))
    assert 0.4 < written[True] / written.total() < 0.6
    assert not any(one.written for one in lived(writes=False) if isinstance(one, CallMe))
    assert len({one.mind for one in done if isinstance(one, CallMe)}) == written.total()


def test_a_share_of_the_people_call_more_often_where_they_are_in_a_hurry():
    people = tuple(draw_person(random.Random(n), str(33620000000 + n)) for n in range(400))
    assert 0.4 < len(list(callers(people, PLAN, "ordinary", True))) / len(people) < 0.6
    waited = [sum(one.seconds for one in lived(pace) if isinstance(one, Wait)) for pace in (1.0, 4.0)]
    assert waited[0] > 2 * waited[1]
