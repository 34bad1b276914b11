"""A moment of somebody who borrowed over GSUP, and how that can be wrong."""

from tectonics.simulation.journal import Step
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.switching import imsi_of
from tests.simulation.invariants.healthy import NOW, A, advance, healthy

IMSI, NUMBER, AT_S = imsi_of(A), 0x20000001, 100.0
ID = f"{IMSI}-{NUMBER:08x}-{NOW - 90_000}-1"
TERMS = Consent(200, 20, 220, "1", "2")
GRANTED = "You have received 2.00 EUR. 2.20 will be taken from your recharges, due by 22/01."
REFUSED = "You still owe 2.20 EUR. Recharge to pay it back, then dial again."


def switched():
    """He borrowed over GSUP: dialled at 10 s, agreed at 20 s, was lent at 20.5 s, now it is 100 s."""
    scene = healthy()
    scene = type(scene)(scene.books, scene.journal, scene.policies, scene.now, over=True, loads=LOADS, at_s=AT_S)
    one = scene.books.of(A)
    one.advances = {"a1": advance(session=ID, channel="ussd_gsup", requested_at=NOW - 79_500)}
    scene.journal.sessions.clear()
    scene.journal.by_subscriber.clear()
    seen = scene.journal.switch.began(IMSI, A, NUMBER)
    seen.begun.append(NOW - 90_000)
    seen.consents.append(TERMS)
    seen.agreed_s.append(20.0)
    seen.steps += [Step(10.0, "*133*2#", "You get 2.00 EUR", True, 11.0), Step(20.0, "1", GRANTED, False, 21.0)]
    scene.journal.identified(ID)
    return scene


LOADS = (("n1: USSD sessions of the HLR", 0, 10_000), ("n1: USSD menus of the HLR", 0, 10_000), ("n1: IMSIs remembered", 7, 100_000))


def session(scene):
    return scene.journal.switch.by_subscriber[A][0]


def advances(scene):
    return scene.books.of(A).advances


def lent_without_a_yes(s):
    session(s).consents.clear()


def lent_twice(s):
    advances(s)["a2"] = dict(advances(s)["a1"], id="a2")


def lent_another_amount(s):
    advances(s)["a1"]["offer"]["fee_minor"] = 21


def lent_in_no_session(s):
    advances(s)["a1"]["trigger"] = ID.replace("20000001", "20000002") + "|2*1"


def lent_in_the_session_of_another(s):
    session(s).msisdn = "33620000009"


def lent_before_the_yes(s):
    advances(s)["a1"]["requested_at"] = NOW - 81_000


def shown_what_was_not_lent(s):
    session(s).steps[1].text = GRANTED.replace("2.00", "5.00")


def shown_that_it_was_not_given(s):
    session(s).steps[1].text = REFUSED


def a_session_is_left(s):
    object.__setattr__(s, "loads", (("n2: USSD sessions of the HLR", 1, 10_000),))


def a_menu_is_left(s):
    object.__setattr__(s, "loads", (("n1: USSD menus of the HLR", 1, 10_000),))


def nobody_is_served(s):
    s.journal.switch.unserved.append("n1")


WRONG = {
    "what_is_lent_over_gsup_was_agreed_to": (lent_without_a_yes, lent_twice, lent_another_amount, lent_in_no_session,
                                             lent_in_the_session_of_another, lent_before_the_yes),
    "what_the_switch_shows_is_true": (shown_what_was_not_lent, shown_that_it_was_not_given),
    "nothing_is_left_of_a_session": (a_session_is_left, a_menu_is_left),
    "who_dials_over_gsup_is_served": (nobody_is_served,),
}
