"""What is owed is what was lent with its fee, less what was paid, more what was returned: in row and ticket.

The advance's row and its tickets are written in one transaction, so they agree at every moment.
"""

from collections import Counter, defaultdict

from tectonics.simulation.books import Subscriber, Ticket
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

SIGNS = {"recovery.full": 1, "recovery.partial": 1, "recovery.reversed": -1}


def an_advance_is_its_tickets(scene: Scene) -> Wrong:
    """Granted once; paid what the tickets say; its state follows."""
    for one in scene.books.latest():
        granted, paid, given_up = _tickets(one)
        for id, advance in one.advances.items():
            yield from _compare(one.msisdn, advance, granted.pop(id, []), paid[id], given_up[id])
        for id in granted:
            yield Violation(f"advance {id} was granted and is not there", one.msisdn)


def _tickets(one: Subscriber) -> tuple[dict[str, list[Ticket]], Counter, Counter]:
    granted, paid, given_up = defaultdict(list), Counter(), Counter()
    for ticket in one.tickets:
        kind, id = ticket.body["type"], ticket.body.get("advance", "")
        if kind == "advance.granted":
            granted[id].append(ticket)
        elif kind in SIGNS:
            paid[id] += SIGNS[kind] * ticket.minor("amount")
        elif kind == "advance.written_off":
            given_up[id] += 1
    return granted, paid, given_up


def _compare(msisdn: str, advance: dict, granted: list[Ticket], paid: int, given_up: int) -> Wrong:
    id, state, offer = advance["id"], advance["state"], advance["offer"]
    total = offer["amount_minor"] + offer["fee_minor"]
    booked = advance["principal_paid_minor"] + advance["fee_paid_minor"]
    lent = state in ("open", "overdue", "repaid", "written_off")
    if len(granted) != lent:
        yield Violation(f"advance {id} is {state} and was granted by {len(granted)} tickets", msisdn)
    for ticket in granted:
        if (ticket.minor("amount"), ticket.minor("fee")) != (offer["amount_minor"], offer["fee_minor"]):
            yield Violation(f"advance {id} of {offer['amount_minor']} was granted as {ticket.body['amount']}", msisdn)
    if booked != paid:
        yield Violation(f"advance {id} has {booked} paid, its tickets make {paid}", msisdn)
    if not 0 <= booked <= total or (state == "repaid") != (lent and booked == total and not given_up):
        yield Violation(f"advance {id} is {state} with {booked} of {total} paid", msisdn)
    if given_up != (state == "written_off"):
        yield Violation(f"advance {id} is {state} and was given up {given_up} times", msisdn)
