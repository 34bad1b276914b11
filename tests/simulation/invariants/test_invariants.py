"""Each invariant can fail: a healthy moment has no complaint, and each way of being wrong is found by its rule."""

from dataclasses import replace

import pytest

from tectonics.simulation.invariants import rules
from tectonics.simulation.journal import Record, Step
from tests.simulation.invariants import calls, mailed, messages, rings, switched, web
from tests.simulation.invariants.healthy import (
    NOW,
    A,
    advance,
    command,
    healthy,
    movement,
    put,
    record,
    recovery,
    ticket,
)


def complaints(scene, known=None):
    known = known or rules()
    return [(name, wrong.text) for name, rule in known.items() for wrong in rule(scene)]


def test_a_healthy_moment_has_no_complaint():
    assert complaints(healthy()) == []


def of(scene):
    return scene.books.of(A)


def move(scene, *moved):
    of(scene).movements += moved
    scene.books.movements |= {one.name: one for one in moved}


def balance_off(s):
    of(s).balances["main"] = 581


def credit_twice(s):
    move(s, movement(6, "TEC-1", "credit", 200, 780))


def credit_of_nobody(s):
    move(s, movement(6, "TEC-9", "credit", 200, 780))


def credit_without_ticket(s):
    of(s).tickets.pop(0)


def credit_of_another_amount(s):
    of(s).movements[0] = replace(of(s).movements[0], amount_minor=201)


def debit_of_another_amount(s):
    of(s).recoveries["r1"]["amount_minor"] = 99


def ticket_without_money(s):
    of(s).tickets.append(ticket(4, "advance.granted", advance="a1", amount="2.00", fee="0.20", billing_ref="L77"))


def ticket_of_another_amount(s):
    of(s).tickets[1] = ticket(2, "recovery.partial", advance="a1", amount="1.01", billing_ref="L3", recharge="R1")


def granted_twice(s):
    of(s).tickets.append(ticket(4, "advance.granted", advance="a1", amount="2.00", fee="0.20", billing_ref="L1"))


def granted_and_failed(s):
    of(s).advances["a1"]["state"] = "failed"


def granted_as_another(s):
    of(s).tickets[0] = ticket(1, "advance.granted", advance="a1", amount="2.00", fee="0.10", billing_ref="L1")


def paid_less_than_told(s):
    of(s).advances["a1"]["fee_paid_minor"] = 19


def open_though_paid(s):
    of(s).advances["a1"]["state"] = "open"


def given_up_without_ticket(s):
    of(s).advances["a1"]["state"] = "written_off"


def granted_is_gone(s):
    del of(s).advances["a1"]


def two_open(s):
    of(s).advances |= {"a2": advance("a2", "open", "TEC-7", (0, 0)), "a3": advance("a3", "granting", "TEC-8", (0, 0))}


def above_the_ceiling(s):
    dear = advance("a2", "open", "TEC-7", (0, 0))
    dear["offer"] |= {"amount_minor": 490}
    of(s).advances["a2"] = dear


def too_many_in_a_day(s):
    of(s).advances |= {f"b{n}": advance(f"b{n}", op=f"TEC-B{n}") for n in range(3)}


def another_offer(s):
    s.journal.sessions["S1"].consents[0] = replace(s.journal.sessions["S1"].consents[0], fee_minor=10)


def never_agreed(s):
    s.journal.sessions["S1"].consents.clear()


def anothers_session(s):
    s.journal.sessions["S1"].msisdn = "33620000001"


def one_request_two_advances(s):
    of(s).advances["a2"] = advance("a2", op="TEC-7")


def told_granted(s):
    s.journal.began("S2", A).answers["1*1"] = {"You have received 1.00 EUR. 1.10 will be taken from"}


def told_refused(s):
    s.journal.sessions["S1"].answers["2*1"] = {"The advance could not be given. You owe nothing for it."}


def told_two_things(s):
    s.journal.sessions["S1"].answers["2*1"].add("The limit of the day is reached. Please dial again tomorrow.")


def booked_twice(s):
    move(s, movement(6, "tcp:R1", "recharge", 100, 680, "feed:tcp"))


def booked_by_nobody(s):
    move(s, movement(6, "tcp:R9", "recharge", 100, 680, "feed:tcp"))


def recovered_twice(s):
    of(s).recoveries["r3"] = recovery("r3", "dropped", "", "R1", 0)


def answered_and_not_decided(s):
    del of(s).fed["R1"]


def answered_and_not_booked(s):
    s.journal.fed(record("R3", 70))
    of(s).fed["R3"] = 1


def reversal_not_booked(s):
    s.journal.fed(record("V1", 0, type="reversal", ref="R1"))
    of(s).fed["V1"] = 1


def payment_kept(s):
    s.journal.fed(record("V1", 0, type="reversal", ref="R1"))


def passed_by(s):
    del of(s).recoveries["r1"]


def waits_for_nothing(s):
    of(s).advances["a2"] = advance("a2", "granting", "TEC-7", (0, 0))


def asked_for_nobody(s):
    put(s, command())


def unknown_and_not_looked_up(s):
    of(s).advances["a2"] = advance("a2", "unknown", "TEC-7", (0, 0))
    put(s, command("TEC-7"))


def life_that_has_not_begun(s):
    put(s, command("TEC-1", epoch=3))


def number_missing(s):
    del s.books.tickets["n1"][1]


def number_of_another(s):
    s.books.tickets["n1"][1] = replace(s.books.tickets["n1"][1], body=s.books.tickets["n1"][1].body | {"seq": 7})


def number_used_up(s):
    s.books.origins["n1"] = (5, 2)


def consumed_hole(s):
    del s.journal.consumed[0].lines[1]


def consumed_again_unflagged(s):
    s.journal.consumed[0].lines[-1] = s.journal.consumed[0].lines[-2]


def consumed_what_vanished(s):
    s.journal.consumed[0].lines[1] = s.journal.consumed[0].lines[1].replace(b"1.00", b"1.01")


def cursor_too_far(s):
    s.journal.consumed[0].acknowledged = 2


def cursor_behind(s):
    s.books.cursors["mediation", "n1"] = 2


def told_of_a_gap(s):
    s.journal.consumed[0].gaps = 1


def file_lacks_one(s):
    part = s.journal.files["n1"][1]
    s.journal.files["n1"][1] = replace(part, lines=part.lines[1:])


def trailer_wrong(s):
    s.journal.files["n1"][0].trailer["count"] = 2


def file_number_missing(s):
    part = s.journal.files["n1"][1]
    s.journal.files["n1"][1] = replace(part, name="n1_20270115_09_000003.jsonl.part")


def file_not_closed(s):
    first = s.journal.files["n1"][0]
    s.journal.files["n1"][0] = replace(first, trailer=None)


def taken_more_than_its_share(s):
    of(s).recoveries["r1"]["amount_minor"] = 101


def recycled_and_the_same(s):
    s.journal.fed(Record("L1", "lifecycle", A, 10.0, NOW, kind="recycled", answer="OK"))


def command_left(s):
    put(s, command(kind="notify"))


def recovery_waits(s):
    of(s).recoveries["r1"]["state"] = "waiting"


def record_unanswered(s):
    s.journal.fed(record("R4", 70, ""))


def still_owed(s):
    of(s).advances["a1"] |= {"state": "overdue", "fee_paid_minor": 0}


def queue_full(s):
    object.__setattr__(s, "loads", (("n1 writes", 10_001, 10_000),))


def fault_logged(s):
    s.journal.log("KeyError: 'x'")


WRONG = {
    "ledger_adds_up": (balance_off, credit_twice),
    "every_movement_has_its_owner": (credit_of_nobody, credit_without_ticket, credit_of_another_amount,
                                     debit_of_another_amount),
    "every_ticket_has_its_money": (ticket_without_money, ticket_of_another_amount),
    "an_advance_is_its_tickets": (granted_twice, granted_and_failed, granted_as_another, paid_less_than_told,
                                  open_though_paid, given_up_without_ticket, granted_is_gone),
    "nobody_is_above_his_limit": (two_open, above_the_ceiling, too_many_in_a_day),
    "the_service_keeps_its_day": (too_many_in_a_day,),
    "nothing_is_lent_that_was_not_agreed_to": (another_offer, never_agreed, anothers_session,
                                               one_request_two_advances),
    "people_are_told_the_truth": (told_granted, told_refused, told_two_things),
    "a_recharge_has_one_effect": (booked_twice, booked_by_nobody, recovered_twice, answered_and_not_decided,
                                  answered_and_not_booked, reversal_not_booked),
    "a_reversal_returns_the_payment": (payment_kept,),
    "no_recovery_is_lost": (passed_by,),
    "a_recharge_pays_its_share": (taken_more_than_its_share,),
    "a_new_holder_is_a_new_generation": (recycled_and_the_same,),
    "what_waits_has_its_command": (waits_for_nothing, asked_for_nobody, unknown_and_not_looked_up),
    "one_pair_of_hands": (life_that_has_not_begun,),
    "numbers_have_no_gap": (number_missing, number_of_another, number_used_up),
    "consumers_have_the_log": (consumed_hole, consumed_again_unflagged, consumed_what_vanished, cursor_too_far,
                               cursor_behind, told_of_a_gap),
    "files_hold_the_log": (file_lacks_one, trailer_wrong, file_number_missing, file_not_closed),
    "everything_is_settled": (command_left, recovery_waits, record_unanswered),
    "everything_is_paid_back": (still_owed,),
    "no_queue_is_beyond_its_bound": (queue_full,),
    "nobody_logs_a_fault_of_ours": (fault_logged,),
}


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = healthy()
    spoil(scene)
    assert rule in dict(complaints(scene)), complaints(scene)


def test_what_was_seen_once_is_never_taken_back():
    known = rules()
    assert complaints(healthy(), known) == []
    later = healthy()
    later.books.origins["n1"] = (3, 2)
    of(later).version = 6
    assert [name for name, _ in complaints(later, known)].count("nothing_committed_is_lost") == 2


@pytest.mark.parametrize("hands, wrong", [
    ((("n1", 2, NOW), ("n2", 1, NOW)), False),  # the lease was over
    ((("n1", 2, NOW + 1), ("n2", 1, NOW)), True),
    ((("n1", 2, NOW), ("n2", 1, NOW), ("n1", 2, NOW)), False),  # n2's was over, too
    ((("n1", 1, NOW + 60_000), ("n1", 2, NOW)), False),  # its next life
    ((("n1", 2, NOW), ("n1", 1, NOW)), True),
])
def test_a_command_changes_hands_when_its_lease_is_over_or_its_owner_has_a_new_life(hands, wrong):
    known = rules()
    told = []
    for owner, epoch, lease_until in hands:
        scene = healthy()
        scene.books.origins |= {"n2": (1, 1)}
        put(scene, command("TEC-1", owner=owner, epoch=epoch, lease_until=lease_until))
        told = complaints(scene, known)
    assert ("one_pair_of_hands" in dict(told)) == wrong


def test_clocks_that_are_apart_may_end_a_lease_early():
    known = rules()
    for owner in ("n1", "n2"):
        scene = healthy()
        scene.books.origins |= {"n2": (1, 2)}
        put(scene, command("TEC-1", owner=owner, lease_until=NOW + 500))
        told = complaints(replace(scene, clocks_apart_ms=600), known)
    assert "one_pair_of_hands" not in dict(told)


def test_a_confirmation_that_comes_again_too_late_accepts_what_was_shown_and_nothing_else():
    scene = healthy()
    session = scene.journal.sessions["S1"]
    session.consents.clear()
    session.came_late = True
    assert dict(complaints(scene)).keys() == {"nothing_is_lent_that_was_not_agreed_to"}
    shown = "You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by 22/09.\n99. Accept\n0. Back"
    session.steps.insert(0, Step(0.5, "2", shown, True, 0.6))
    assert complaints(scene) == []
    session.came_late = False
    assert dict(complaints(scene)).keys() == {"nothing_is_lent_that_was_not_agreed_to"}


def test_two_machines_of_one_name_have_the_log_between_them():
    scene = healthy()
    first, *others = scene.journal.files["n1"]
    scene.journal.files["n1"], scene.journal.strays["n1"] = others, [first]
    assert complaints(scene) == []
    scene.journal.strays["n1"] = []
    assert dict(complaints(scene)).keys() == {"files_hold_the_log"}


def test_every_invariant_is_tried():
    tried = WRONG.keys() | messages.WRONG.keys() | switched.WRONG.keys() | calls.WRONG.keys() | rings.WRONG.keys() | web.WRONG.keys() | mailed.WRONG.keys()
    assert rules().keys() == tried | {"nothing_committed_is_lost"}
    assert NOW > 0
