"""People at the keys are generators, too: told what the last message said, they answer with what they write next."""

import random

from tectonics.simulation.population.intents import Happens, Listen, Wait, Write
from tectonics.simulation.population.person import draw_person
from tectonics.simulation.population.writing import STEPS_MAX, write, writers

MENU = "Credit advance\n1. 1.00 (fee 0.10)\n2. 2.00 (fee 0.20)\nAnswer with the number of your choice."
OFFER = "You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by 29/11. Answer YES 27 to accept."
PERSON = draw_person(random.Random(1), "33620000001")


def told(answers, count=4000):
    """Everything that he does, when each message is answered so."""
    life, seen, done = write(PERSON, 1.0), None, []
    for _ in range(count):
        done.append(life.send(seen))
        seen = answers(done[-1]) if isinstance(done[-1], Write | Listen) else None
    return done


def texts(done):
    return [one.text for one in done if isinstance(one, Write)]


def test_the_same_person_writes_the_same():
    assert told(lambda one: MENU) == told(lambda one: MENU)


def test_he_asks_chooses_agrees_stops_and_errs():
    done = told(lambda one: OFFER if getattr(one, "text", "") in ("1", "2") else MENU)
    assert {"SOS", "1", "2", "YES", "STOP", "START", "DEBT", "LANG xx", "hello"} <= set(texts(done))
    assert Happens("recycled") in done and all(one.seconds >= 0 for one in done if isinstance(one, Wait))


def test_a_conversation_that_never_ends_is_left():
    run = longest = 0
    for one in told(lambda one: MENU):
        run = run + 1 if isinstance(one, Write) and one.text in ("1", "2") else 0 if not isinstance(one, Wait) else run
        longest = max(longest, run)
    assert longest <= STEPS_MAX + 1


def test_who_hears_nothing_writes_less():
    assert len(texts(told(lambda one: "")[:500])) < len(texts(told(lambda one: MENU)[:500]))


def test_a_share_of_them_writes():
    people = tuple(draw_person(random.Random(n), f"3362000{n:04}") for n in range(200))
    assert 60 < len(list(writers(people, 0.5, 1.0))) < 140
    assert not list(writers(people, 0.0, 1.0))
