"""Nobody gets, owes or is told anything else than what he saw and agreed to.

Screens are read as people read them (population/screens.py): what a confirmation showed, what was accepted,
what the last screen said.
"""

from collections import Counter

from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants import agreement
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.journal import Session
from tectonics.simulation.population import screens

CREDITED = ("open", "overdue", "repaid", "written_off")


def nothing_is_lent_that_was_not_agreed_to(scene: Scene) -> Wrong:
    """Each advance has a confirmation that was accepted, of its amount and fee; each trigger one effect.

    Where a gateway that sends the newest input and no counter says a confirmation again behind a later step, nobody can tell that
    from an answer to what is shown then (docs/ussd-http.md): it is one to what was shown.
    """
    for one in scene.books.latest():
        triggers = Counter(advance["trigger"] for advance in one.advances.values())
        for trigger, count in triggers.items():
            if count > 1:
                yield Violation(f"the request {trigger} made {count} advances", one.msisdn)
        for advance in (a for a in one.advances.values() if a["channel"] not in agreement.CHANNELS):
            session = scene.journal.sessions.get(advance["trigger"].partition("|")[0])
            offer = advance["offer"]
            shown = {(c.amount_minor, c.fee_minor, c.total_minor) for c in _accepted(session)} if session else set()
            asked = offer["amount_minor"], offer["fee_minor"], offer["amount_minor"] + offer["fee_minor"]
            if asked not in shown or session.msisdn != one.msisdn:
                yield Violation(f"advance {advance['id']} of {asked[0]} with fee {asked[1]} was never agreed to",
                                one.msisdn)


def _accepted(session: Session) -> list[screens.Consent]:
    if not session.came_late:
        return session.consents
    return [*session.consents, *filter(None, (screens.consent(step.text or "") for step in session.steps))]


def people_are_told_the_truth(scene: Scene) -> Wrong:
    """Told "you have received" means lent; told "not given" means never lent; the same request, the same end."""
    for one in scene.books.latest():
        lent = _lent(one)
        for entry in scene.journal.by_subscriber.get(one.msisdn, ()):
            if isinstance(entry, Session):
                yield from _told(entry, lent, one)


def _lent(one: Subscriber) -> dict[str, list[dict]]:
    lent: dict[str, list[dict]] = {}
    for advance in one.advances.values():
        if advance["state"] in CREDITED:
            lent.setdefault(advance["trigger"], []).append(advance)
    return lent


def _told(session: Session, lent: dict[str, list[dict]], one: Subscriber) -> Wrong:
    for request, texts in session.answers.items():
        if len(texts) > 1:
            yield Violation(f"the same request {request} was answered {sorted(texts)}", one.msisdn)
        for text in texts:
            advances = lent.get(f"{session.id}|{request}", [])
            received = screens.granted(text)
            amounts = {(a["offer"]["amount_minor"], a["offer"]["amount_minor"] + a["offer"]["fee_minor"])
                       for a in advances}
            if received and received not in amounts:
                yield Violation(f"session {session.id} was told {text!r}, lent was {sorted(amounts)}", one.msisdn)
            if screens.not_given(text) and advances:
                yield Violation(f"session {session.id} was told {text!r}, yet credit was lent", one.msisdn)
