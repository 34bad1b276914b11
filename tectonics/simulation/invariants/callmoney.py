"""What call-backs cost: what was talked, by the price list, in the ticket and in the ledger alike; and what is held for them.

A settlement of the ledger, the call that asked for it and its ticket are one amount.  Nothing is charged where nobody talked,
and no more than the telephones talked, but for what nobody could know: the way of a message that says that it is over, and
of a call whose end nobody saw what docs/decisions/0007 allows.
"""

from collections.abc import Iterable

from tectonics.simulation.books import Movement, Subscriber, Ticket
from tectonics.simulation.callbook import Rung
from tectonics.simulation.calling import RATES
from tectonics.simulation.invariants.calls import (
    FORGOTTEN,
    LOST_S,
    has_refused,
    pairs,
    talked,
    talked_s,
)
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

CALLS = "calls"
LATE_S, AT_ONCE_S = 30.0, 2.0  # how late a message is that was never answered, and one that was
LOST = "lost"


def a_call_costs_what_was_talked(scene: Scene) -> Wrong:
    """Seconds charged, and their price."""
    book = scene.journal.calls
    found = {name: (a, b) for a, b in _reached(pairs(book)) for name in (b.b, b.call) if name} if book else {}
    for one in scene.books.latest() if book else ():
        for ticket in one.tickets:
            if ticket.body["type"] == "callback.completed":
                yield from _charged(scene, one, ticket, *_of(ticket, found))


def _reached(all_of_them: Iterable[tuple[str, Rung | None, Rung]]) -> Iterable[tuple[Rung | None, Rung]]:
    """One of each leg: who was rung by two trunks, or by a copy of an INVITE as well, talks where he was reached."""
    legs: dict[str, tuple[Rung | None, Rung]] = {}
    for _, a, b in all_of_them:
        if b.leg not in legs or talked_s(a, b) >= talked_s(*legs[b.leg]):
            legs[b.leg] = a, b
    return legs.values()


def _of(ticket: Ticket, found: dict) -> tuple[Rung | None, Rung | None]:
    """The telephones of its call; by their number where nobody saw which call it was."""
    return found.get(ticket.body["call"]) or found.get(ticket.body["b_number"], (None, None))


def _charged(scene: Scene, one: Subscriber, ticket: Ticket, a: Rung | None, b: Rung | None) -> Wrong:
    body = ticket.body
    charged_s, amount = int(body["duration_s"]), ticket.minor("amount")
    if amount != price_minor(body["destination"], charged_s):
        yield Violation(f"{charged_s} s to {body['destination']} cost {amount}", one.msisdn)
    if a is None or b is None:
        yield Violation(f"{charged_s} s to {body['b_number']} are charged, and no telephone rang", one.msisdn)
        return
    from_s, until_s = talked(a, b)
    may_s = min(until_s, scene.at_s) - from_s + _unseen_s(scene, body, a, b)
    if charged_s > may_s + scene.clocks_apart_ms / 1000:
        yield Violation(f"{charged_s} s to {body['b_number']} are charged, they talked {until_s - from_s:.1f} s", one.msisdn)


def _unseen_s(scene: Scene, body: dict, a: Rung, b: Rung) -> float:
    """How long after the end the daemon may have heard of it."""
    unseen_s = max(_farewell_s(a), _farewell_s(b))
    unseen = body.get("reason") == LOST or any(map(_went_unseen, (a, b)))
    return unseen_s + (scene.journal.calls.session_s / 2 + LOST_S if unseen else 0.0)


def _went_unseen(one: Rung) -> bool:
    """Whether its end is found out by a refresh: nobody said it, or it was said and lost on the way as often as that."""
    phone = one.phone
    return bool(phone.vanished_at or phone.ended_by == FORGOTTEN or phone.ended_by == "us" and phone.missed and not phone.farewell_at)


def _farewell_s(one: Rung) -> float:
    phone = one.phone
    if phone.ended_by != "us":
        return AT_ONCE_S
    return AT_ONCE_S + phone.farewell_at - phone.over_at if phone.farewell_at else LATE_S


def price_minor(destination: str, talk_s: int) -> int:
    """By the price list of the plan."""
    rate = RATES[destination]
    first_s, then_s = (_seconds(rate[key]) for key in ("first", "then"))
    if not talk_s:
        return 0
    charged_s = first_s + -(-max(0, talk_s - first_s) // then_s) * then_s
    return (2 * (60 * _minor(rate.get("setup", "0")) + _minor(rate["minute"]) * charged_s) + 60) // 120


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def _minor(text: str) -> int:
    return round(float(text) * 100)


def a_settlement_is_its_call(scene: Scene) -> Wrong:
    """Each movement of a call belongs to one ticket of that amount, or to a call that waits for it; and the other way round."""
    for one in scene.books.latest():
        told = {ticket.body["billing_ref"]: ticket for ticket in one.tickets
                if ticket.body["type"] == "callback.completed" and ticket.minor("amount") and ticket.body.get("billing_ref")}
        moved = [movement for movement in one.movements if movement.source == CALLS]
        sessions = [movement.ref for movement in moved]
        for movement in moved:
            yield from _owned(one, movement, told)
            if sessions.count(movement.ref) > 1:
                yield Violation(f"the session {movement.ref} was settled {sessions.count(movement.ref)} times", one.msisdn)
        names = {name for movement in moved for name in (movement.name, movement.op)}
        for ref in sorted(told.keys() - names):
            yield Violation(f"a ticket tells of a call charged by {ref}, which never moved", one.msisdn)


def _owned(one: Subscriber, movement: Movement, told: dict[str, Ticket]) -> Wrong:
    about, amount, call = f"{movement.name} of {-movement.amount_minor} ({movement.op})", -movement.amount_minor, one.standing.get("call")
    ticket = told.get(movement.name) or told.get(movement.op)
    if ticket is not None:
        if ticket.minor("amount") != amount:
            yield Violation(f"{about}: its ticket tells of {ticket.minor('amount')}", one.msisdn)
    elif call is None or call["state"] != "settling" or call["op"] != movement.op or call.get("owes_minor", 0) != amount:
        yield Violation(f"{about} belongs to no call", one.msisdn)


def what_is_held_is_a_calls(scene: Scene) -> Wrong:
    """A hold belongs to the call that is not over; and that call never owes more than was reserved for it."""
    refused = has_refused(scene)
    for (msisdn, session), (minor, until_at) in scene.books.holds.items():
        call = scene.books.of(msisdn).standing.get("call")
        if until_at > scene.now + scene.clocks_apart_ms and not refused and (call is None or call.get("session") != session):
            yield Violation(f"{minor} are held in {session}, and no call has it", msisdn)
    for one in scene.books.latest():
        call = one.standing.get("call")
        if call and call.get("session") and call.get("owes_minor", 0) > call.get("reserved_minor", 0):
            yield Violation(f"the call {call['id']} owes {call['owes_minor']} of {call['reserved_minor']} reserved", one.msisdn)
