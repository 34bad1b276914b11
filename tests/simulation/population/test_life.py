"""People are generators: told what stands on the screen, they answer with what they do next."""

import random

import pytest

from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import Dial, HangUp, Recharge, Screen, TakeBack, Type, Wait
from tectonics.simulation.population.life import STEPS_MAX, live
from tectonics.simulation.population.person import draw_person

MENU = "Credit advance\n1. 1.00 (fee 0.10)\n2. 2.00 (fee 0.20)\n4. 0.50-6.00\n0. What I owe"
CONFIRM = ("You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by 29/11.\n"
           "1. Accept\n2. Back")
AMOUNT = "Enter an amount from 0.50 to 6.00 EUR in steps of 0.25\n0. Back"
GRANTED = "You have received 2.00 EUR. 2.20 will be taken from your recharges, due by 29/11."


def person(seed=1):
    return draw_person(random.Random(seed), "33620000001")


def told(life, screens_of, count=2000):
    """Everything that he does, when `screens_of(intent)` is what he sees."""
    seen, done = None, []
    for _ in range(count):
        intent = life.send(seen)
        done.append(intent)
        seen = screens_of(intent)
    return done


def street(intent):
    match intent:
        case Dial():
            return Screen(MENU, True)
        case Type(text) if text in ("1", "2") and street.shown == MENU:
            street.shown = CONFIRM
            return Screen(CONFIRM, True)
        case Type():
            return Screen(GRANTED)
        case Recharge():
            return "R1"
    return None


street.shown = MENU


def test_the_same_person_does_the_same():
    def always(intent):
        return Screen(MENU, True) if isinstance(intent, Dial | Type) else "R1"

    assert told(live(person()), always) == told(live(person()), always)


def test_he_waits_dials_types_recharges_and_takes_back():
    done = told(live(person()), street, 5000)
    assert {type(one) for one in done} >= {Wait, Dial, Type, Recharge, HangUp, TakeBack}
    assert {one.recharge for one in done if isinstance(one, TakeBack)} == {"R1"}
    assert all(one.seconds >= 0 for one in done if isinstance(one, Wait))


def test_a_session_that_never_ends_is_left():
    done = told(live(person()), lambda intent: Screen(MENU, True) if isinstance(intent, Dial | Type) else "R1", 5000)
    run = longest = 0
    for one in done:
        run = run + 1 if isinstance(one, Type) else 0 if isinstance(one, Dial | HangUp) else run
        longest = max(longest, run)
    assert longest <= STEPS_MAX


@pytest.mark.parametrize("text", [MENU, CONFIRM, AMOUNT])
def test_what_is_typed_stands_on_the_screen_as_a_rule(text):
    typed = [one.text for one in told(live(person()), lambda intent: Screen(text, True) if isinstance(
        intent, Dial | Type) else "R1", 5000) if isinstance(one, Type)]
    fitting = {MENU: set("1240"), CONFIRM: set("12")}.get(text)
    good = [one for one in typed if one in fitting] if fitting else [one for one in typed if "." in one]
    assert len(good) > 0.8 * len(typed)


def test_screens_are_read_by_their_words():
    asked = screens.consent(CONFIRM)
    assert (asked.amount_minor, asked.fee_minor, asked.total_minor, asked.yes, asked.back) == (200, 20, 220, "1", "2")
    assert screens.consent(MENU) is None and screens.offers(MENU) == ["1", "2", "4"]
    assert screens.amounts(AMOUNT) == (50, 600, 25) and screens.granted(GRANTED) == (200, 220)
