"""Over GSUP: what is lent was agreed to at the switch, once; what handsets show is true; and nothing is left of a session in the end.

A step counts once: whatever is lost, doubled or late between the switch and us, an answer that was typed once lends once.
"""

from collections import Counter

from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants.consent import CREDITED
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.population import screens
from tectonics.simulation.switchbook import Switched
from tectonics.simulation.switching import CHANNEL

LEFT = ("USSD sessions of the HLR", "USSD menus of the HLR", "IMSIs asked for")


def what_is_lent_over_gsup_was_agreed_to(scene: Scene) -> Wrong:
    """Each advance has a confirmation of its own, on a screen that a handset of his showed, typed before it was lent."""
    switch = scene.journal.switch
    for one in scene.books.latest() if switch else ():
        lent = [(switch.identify(session_of(advance)), advance) for advance in of_gsup(one)]
        for switched, advance in lent:
            if switched is None or switched.msisdn != one.msisdn:
                yield Violation(f"no session of his is {session_of(advance)}, which lent {_terms(advance)}", one.msisdn)
        for switched in {id(each): each for each, _ in lent if each is not None}.values():
            yield from _once_each(scene, switched, [advance for each, advance in lent if each is switched])


def _once_each(scene: Scene, switched: Switched, lent: list[dict]) -> Wrong:
    """As many advances of each amount as confirmations, and none before its confirmation."""
    agreed = Counter((asked.amount_minor, asked.fee_minor) for asked in switched.consents)
    for terms, count in Counter(map(_terms, lent)).items():
        if count > agreed[terms]:
            yield Violation(f"{count} advances of {terms} over GSUP, agreed to were {agreed[terms]}", switched.msisdn)
    first_ms = scene.now - round((scene.at_s - min(switched.agreed_s, default=0.0)) * 1000)
    if not scene.clocks_apart_ms and any(advance["requested_at"] < first_ms - 1 for advance in lent):
        yield Violation("credit was lent over GSUP before it was agreed to", switched.msisdn)


def what_the_switch_shows_is_true(scene: Scene) -> Wrong:
    """"You have received" means lent in that session; "not given" means never lent in it, unless its beginning came again: then
    that is another dialogue for us, and refused for itself."""
    switch = scene.journal.switch
    for one in scene.books.latest() if switch else ():
        for switched in switch.by_subscriber.get(one.msisdn, ()):
            if switched.consents:
                yield from _told(switched, one)


def _told(switched: Switched, one: Subscriber) -> Wrong:
    lent = {_terms(advance) for advance in of_gsup(one) if advance["state"] in CREDITED and session_of(advance) in switched.ids}
    amounts = {(amount, amount + fee) for amount, fee in lent}
    for step in (step for step in switched.steps if step.text):
        received = screens.granted(step.text)
        if received and received not in amounts:
            yield Violation(f"the switch showed {step.text!r}, lent was {sorted(lent)}", one.msisdn)
        if screens.not_given(step.text) and lent and len(switched.begun) == 1:
            yield Violation(f"the switch showed {step.text!r}, yet credit was lent", one.msisdn)


def nothing_is_left_of_a_session(scene: Scene) -> Wrong:
    """In the end: the network tells of no hang-up, yet each session has come to its end, and nobody's number is waited for."""
    for name, depth, _ in scene.loads if scene.over else ():
        if depth and name.partition(": ")[2] in LEFT:
            yield Violation(f"when all is over {name} holds {depth}")


def who_dials_over_gsup_is_served(scene: Scene) -> Wrong:
    """In the end: when nothing is wrong any more each node answers what is routed to its name."""
    for node in scene.journal.switch.unserved if scene.over else ():
        yield Violation(f"who dialled over GSUP when nothing was wrong any more saw nothing; the route led to {node}")


def of_gsup(one: Subscriber) -> list[dict]:
    """What was lent to him over GSUP."""
    return [advance for advance in one.advances.values() if advance["channel"] == CHANNEL]


def session_of(advance: dict) -> str:
    """The identity of the session that lent it."""
    return advance["trigger"].partition("|")[0]


def _terms(advance: dict) -> tuple[int, int]:
    return advance["offer"]["amount_minor"], advance["offer"]["fee_minor"]
