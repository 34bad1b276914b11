"""People who ring are generators, too: for credit, or to be called back where anybody is."""

import random

from tectonics.simulation.population.intents import Dial, Listen, Ring, Screen, Spend, Wait, Write
from tectonics.simulation.population.person import draw_person
from tectonics.simulation.population.ringers import ring, ringers
from tectonics.simulation.ringing import FIXED, LEND, Ringing

PERSON = draw_person(random.Random(1), "33620000001")
OFFER = "You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by 22/01. Answer YES 42 to accept it."


def lived(pace=1.0, writes=True, called=True, count=2000):
    life, done, seen = ring(PERSON, pace, writes, called), [], None
    for _ in range(count):
        done.append(life.send(seen))
        seen = {Ring: OFFER, Write: "", Listen: "", Dial: Screen("We call you now")}.get(type(done[-1]))
    return done


def test_the_same_person_rings_the_same():
    assert lived() == lived()


def test_he_answers_what_he_is_offered():
    done = lived()
    assert {Dial, Ring, Spend, Wait} <= {type(one) for one in done}
    assert any(isinstance(one, Write) for one in done)


def test_he_rings_for_what_there_is():
    done = lived(writes=False)
    assert {one.service for one in done if isinstance(one, Ring)} > {LEND, FIXED}
    assert not any(isinstance(one, Write | Dial) for one in done)
    assert {one.service for one in lived(writes=False, called=False) if isinstance(one, Ring)} == {LEND}


def test_a_share_of_the_people_ring_more_often_where_they_are_in_a_hurry():
    people = tuple(draw_person(random.Random(n), str(33620000000 + n)) for n in range(400))
    assert 0.4 < len(list(ringers(people, Ringing(callers=0.5), "ordinary", True, True))) / len(people) < 0.6
    waited = [sum(one.seconds for one in lived(pace, writes=False) if isinstance(one, Wait)) for pace in (1.0, 4.0)]
    assert waited[0] > 2 * waited[1]
