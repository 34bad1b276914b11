"""People with browsers are generators, too: they come back from time to time, often without credit."""

import random

from tectonics.simulation.browsing import Browsing
from tectonics.simulation.population.intents import Browse, Spend, Wait
from tectonics.simulation.population.person import draw_person
from tectonics.simulation.population.visitors import browse, visitors

PERSON = draw_person(random.Random(1), "33620000001")


def lived(pace=1.0, count=1000):
    life = browse(PERSON, pace)
    return [life.send(None) for _ in range(count)]


def test_the_same_person_visits_the_same():
    assert lived() == lived()
    assert {type(one) for one in lived()} == {Browse, Spend, Wait}


def test_a_share_of_the_people_visit_more_often_where_they_are_in_a_hurry():
    people = tuple(draw_person(random.Random(n), str(33620000000 + n)) for n in range(400))
    assert 0.4 < len(list(visitors(people, Browsing(visitors=0.5), "ordinary"))) / len(people) < 0.6
    waited = [sum(one.seconds for one in lived(pace) if isinstance(one, Wait)) for pace in (1.0, 4.0)]
    assert waited[0] > 2 * waited[1]
