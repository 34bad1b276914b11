"""A moment at which a call is over and paid, and how that can be wrong."""

from dataclasses import replace
from types import SimpleNamespace

from tectonics.simulation.callbook import Rung
from tectonics.simulation.invariants.invariant import Scene
from tests.simulation.invariants.healthy import NOW, A, command, healthy, movement, ticket

B, AT_S, LEG_A, LEG_B, SESSION = "33170000101", 1000.0, "TEC-7", "TEC-8", "TEC-9"
DONE = {"call": "c1", "b_number": B, "destination": "near"}


def phone(number, rung_at, answered_at, over_at, by="them", **more):
    return SimpleNamespace(**{"number": number, "rung_at": rung_at, "answered_at": answered_at, "over_at": over_at, "vanished_at": 0.0,
                              "farewell_at": 0.0, "copy_of": None, "missed": 0, "ended_by": by, "state": "over" if over_at else "connected", "call_id": "x", "q850": 16}
                           | more)


def called():
    """He asked at 100 s; they talked from 130 to 190; it cost 0.10; now it is 1,000 s."""
    plain = healthy()
    one, book = plain.books.of(A), plain.journal.calls
    book.session_s = 120
    book.asked(A, B, 100.0, "ussd").shown = "We call you now and connect you with +33170000101."
    book.rung[A] = [
        Rung(phone(A, 101.0, 110.0, 190.0), A, LEG_A, call="c1", until_at=NOW - 800_000),
        Rung(phone(B, 111.0, 130.0, 190.0, "us", farewell_at=190.1), A, LEG_B, B, "c1", NOW - 800_000)]
    one.tickets.append(ticket(4, "callback.completed", amount="0.10", duration_s=60, billing_ref="L6", **DONE))
    one.movements.append(movement(6, "TEC-10", "call", -10, 570, "calls", ref=SESSION))
    one.balances["main"] = 570
    plain.books.origins["n1"] = (5, 2)
    plain.books.tickets["n1"].append(one.tickets[-1])
    plain.books.movements["L6"] = one.movements[-1]
    return Scene(plain.books, plain.journal, plain.policies, NOW, over=True, at_s=AT_S)


def talking():
    """The same while they talk, at 150 s."""
    s = called()
    one = s.books.of(A)
    del one.tickets[-1], one.movements[-1]
    for rung in rings(s):
        rung.phone.over_at, rung.phone.state = 0.0, "connected"
        rung.until_at = NOW + 10_000
    one.standing = {"call": call("talking")}
    one.commands = [command("TEC-11", "talk")]
    s.books.holds[A, SESSION] = (20, NOW + 3_600_000)
    return replace(s, over=False, at_s=150.0)


def call(state, **more):
    return {"id": "c1", "state": state, "a": {"id": LEG_A}, "b": {"id": LEG_B}, "session": SESSION, "op": "",
            "reserved_minor": 20} | more


def rings(s):
    return s.journal.calls.rung[A]


def body(s):
    return s.books.of(A).tickets[-1].body


def again(s, number, **more):
    first = rings(s)[number]
    rings(s).append(Rung(first.phone, A, first.leg, first.b, first.call))
    for name, value in more.items():
        setattr(rings(s)[-1], name, value)


def a_leg_again(s):
    again(s, 0, call="")


def a_number_again(s):
    again(s, 1, leg="TEC-12")


def his_telephone_again(s):
    again(s, 0, leg="TEC-12", call="")


def a_stranger(s):
    s.journal.calls.strangers.append("33170000999")


def before_it_was_committed(s):
    rings(s)[1].call = ""
    s.books.of(A).tickets.pop()


def he_rings_until_the_switch_gives_up(s):
    again(s, 0)
    rings(s)[-1].phone = phone(A, 100.0, 0.0, 300.0, "time")


def another_call_meanwhile(s):
    again(s, 0, leg="TEC-12", call="c2")
    body(s)["call"] = "c2"


def two_ends(s):
    s.books.of(A).tickets.append(ticket(5, "callback.failed", amount="0.00", reason="a_busy", **DONE))


def no_end(s):
    s.books.of(A).tickets.pop()


def beyond_its_time(s):
    for rung in rings(s):
        rung.until_at = NOW - 870_000 - 190_000
        rung.phone.over_at = 500.0


def nobody_asks(s):
    s.books.of(A).standing = {"call": call("ringing")}


def another_settlement(s):
    s.books.of(A).standing = {"call": call("settling", op="TEC-12")}
    s.books.of(A).commands = [command("TEC-11", "settle")]


def nobody_waits(s):
    s.books.of(A).commands = [command("TEC-11", "ring")]


def given_up(s, *ops, born_at=NOW, amount_minor=0):
    """The settlement came to nothing; what may be held is let go behind the end."""
    body(s).update(type="callback.failed", amount="0.00", reason="not_charged", billing_ref=LEG_A)
    s.books.of(A).movements.pop()
    asked = {"call": "c1", "session": SESSION, "amount_minor": amount_minor}
    s.books.of(A).commands = [replace(command(op, "settle", "look_up"), created_at=born_at, body=asked) for op in ops]


def lets_go_twice(s):
    given_up(s, "TEC-11", "TEC-12")


def takes_behind_its_end(s):
    given_up(s, "TEC-11", amount_minor=10)


def asked_before_its_end(s):
    given_up(s, "TEC-11", born_at=NOW - 1)


def lets_go_what_was_charged(s):
    given_up(s, "TEC-11")
    body(s)["amount"] = "0.10"


def another_price(s):
    body(s)["amount"] = "0.11"


def more_than_was_talked(s):
    body(s).update(duration_s=72, amount="0.11")


def nobody_was_rung(s):
    rings(s).clear()


def he_was_not_rung(s):
    del rings(s)[0]


def no_ticket(s):
    s.books.of(A).tickets.pop()


def another_amount(s):
    s.books.of(A).movements[-1] = movement(6, "TEC-10", "call", -11, 569, "calls", ref=SESSION)


def never_moved(s):
    s.books.of(A).movements.pop()


def settled_twice(s):
    s.books.of(A).movements.append(movement(7, "TEC-13", "call", -10, 560, "calls", ref=SESSION))
    s.books.of(A).tickets.append(ticket(5, "callback.completed", amount="0.10", duration_s=60, billing_ref="L7", **DONE))


def held_for_nobody(s):
    s.books.holds[A, SESSION] = (10, NOW + 1)


def owes_more_than_is_held(s):
    s.books.of(A).standing = {"call": call("settling", op="TEC-12", owes_minor=21)}


def a_call_is_left(s):
    s.books.of(A).standing = {"call": call("settling")}


def a_telephone_is_off_its_hook(s):
    rings(s)[0].phone.state = "connected"


WRONG = {
    "nobody_is_rung_twice": (a_leg_again, a_number_again, his_telephone_again, a_stranger, before_it_was_committed),
    "nobody_is_left_ringing": (he_rings_until_the_switch_gives_up,),
    "one_call_at_a_time": (another_call_meanwhile,),
    "a_request_has_one_end": (two_ends, no_end),
    "calls_end_in_time": (beyond_its_time,),
    "a_call_has_its_command": (nobody_asks, another_settlement, nobody_waits, lets_go_twice, takes_behind_its_end,
                               asked_before_its_end, lets_go_what_was_charged),
    "a_call_costs_what_was_talked": (another_price, more_than_was_talked, nobody_was_rung, he_was_not_rung),
    "a_settlement_is_its_call": (no_ticket, another_amount, never_moved, settled_twice),
    "what_is_held_is_a_calls": (held_for_nobody, owes_more_than_is_held),
    "everybody_has_hung_up": (a_call_is_left, a_telephone_is_off_its_hook, held_for_nobody),
}
