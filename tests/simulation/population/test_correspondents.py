"""People at their mails are generators, too: they ask, agree by message, err, are imitated, and some have given their number away."""

import random
from collections import Counter

from tectonics.simulation.envelopes import BY_ANYBODY, FATES
from tectonics.simulation.mailing import PINS, Mailing, Owner
from tectonics.simulation.population.correspondents import Writer, correspondents
from tectonics.simulation.population.intents import (
    Enrol,
    Happens,
    Listen,
    Mail,
    Spend,
    Subscribe,
    Wait,
    Write,
)
from tectonics.simulation.population.person import draw_person

PERSON = draw_person(random.Random(1), "33620000001")
SIGNS, TYPES = Owner("33620000001", "ann@signed.example"), Owner("33620000001", "ann@plain.example", PINS[0])
OFFER = "You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges. Answer YES 47 to accept."


def lived(owner=SIGNS, by_sms=True, calls=True, pace=1.0, count=3000, reads=OFFER):
    life, seen, done = Writer(PERSON, owner, by_sms, calls).live(pace), None, []
    for _ in range(count):
        done.append(life.send(seen))
        seen = reads if isinstance(done[-1], Listen) else None
    return done


def mails(done):
    return [one for one in done if isinstance(one, Mail)]


def test_the_same_person_writes_the_same():
    assert lived() == lived()


def test_he_does_everything_that_people_do():
    done = lived()
    assert {type(one) for one in done} == {Mail, Enrol, Happens, Listen, Spend, Subscribe, Wait, Write}
    assert {one.service for one in mails(done)} == {"sos", "call", "balance"}
    assert {one.manner for one in mails(done)} == set(FATES) - {BY_ANYBODY}
    assert {one.manner for one in mails(lived(TYPES))} == set(FATES)
    assert {one.text for one in done if isinstance(one, Write)} == {"YES 47"} and "YES 47" in {one.subject for one in mails(done)}


def test_without_messages_he_agrees_to_nothing_and_without_calls_he_asks_for_none():
    done = lived(by_sms=False, calls=False)
    assert not any(isinstance(one, Write | Listen | Subscribe) for one in done) and "call" not in {one.service for one in mails(done)}


def test_a_share_of_the_people_have_an_address_and_write_more_often_in_a_hurry():
    people = tuple(draw_person(random.Random(n), str(33620000000 + n)) for n in range(400))
    assert 0.4 < len(list(correspondents(people, Mailing(owners=0.5), "ordinary", True, True))) / len(people) < 0.6
    waited = [sum(one.seconds for one in lived(pace=pace) if isinstance(one, Wait)) for pace in (1.0, 4.0)]
    assert waited[0] > 2 * waited[1]
    said = Counter(one.manner for one in mails(lived()))
    assert said[""] > len(mails(lived())) / 2
