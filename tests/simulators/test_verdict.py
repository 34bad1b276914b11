"""The audit can fail: a healthy world has no complaint, and each way of being wrong is found by its rule."""

import hashlib
import json
from dataclasses import replace

import pytest

from tectonics.simulators.soak.evidence import (
    Advance,
    Balance,
    Evidence,
    Movement,
    Recovery,
    Ticket,
    TicketFile,
    Trail,
)
from tectonics.simulators.soak.journal import Borrowed, Consumed, Recharged, Unlike
from tectonics.simulators.soak.verdict import audit

A = "33610000000"


def line(seq, type, **fields):
    return json.dumps({"origin": "n1", "seq": seq, "type": type, "msisdn": A, "currency": "EUR", **fields},
                      separators=(",", ":")).encode()


def trail(*lines):
    """Tickets, what was consumed (the last one twice), a closed file and one that is being written."""
    closed = b"".join(one + b"\n" for one in lines[:1])
    trailer = {"file": "n1_20261122_01_000001.jsonl", "first_seq": 1, "last_seq": 1, "count": 1,
               "sha256": hashlib.sha256(closed).hexdigest()}
    files = [TicketFile(trailer["file"], lines[:1], trailer, closed),
             TicketFile("n1_20261122_02_000002.jsonl.part", lines[1:], None)]
    consumed = [*lines, lines[-1][:-1] + b',"dup":true}']
    return {"tickets": [Ticket("n1", number, one) for number, one in enumerate(lines, 1)],
            "trails": {"n1": Trail(len(lines) + 1, len(lines), files, consumed)}}


def healthy():
    """Somebody borrowed 2.00 for 0.20 and paid it back with two recharges."""
    return Evidence(
        movements=[Movement(A, "TEC-1", "credit", 200, "lending"), Movement(A, "tcp:R1", "recharge", 100, "feed:tcp"),
                   Movement(A, "TEC-2", "debit", -100, "lending"), Movement(A, "tcp:R2", "recharge", 500, "feed:tcp"),
                   Movement(A, "TEC-3", "debit", -120, "lending")],
        balances=[Balance(A, 580, 580)],
        advances=[Advance(A, "a1", "repaid", "TEC-1", "S1", 200, 20, 0, 200, 20)],
        recoveries=[Recovery(A, "r1", "done", "TEC-2", "R1", 100), Recovery(A, "r2", "done", "TEC-3", "R2", 120)],
        owners={"TEC-1": [("n1", 1)], "TEC-2": [("n1", 1), ("n2", 1), ("n1", 2)]},
        feed_triggers={(A, "R1"), (A, "R2")},
        journal=[Borrowed(A, "S1", "granted", "You have received"), Recharged(A, "R1", 100, "OK"),
                 Recharged(A, "R2", 500, "DUP"), Consumed(3, 4, 1, 0, 0, 0, [], 2)],
        **trail(line(1, "advance.granted", advance="a1", amount="2.00", fee="0.20"),
                line(2, "recovery.partial", advance="a1", amount="1.00", outstanding="1.20", recharge="R1"),
                line(3, "recovery.full", advance="a1", amount="1.20", outstanding="0.00", recharge="R2")))


def test_a_healthy_world_has_no_complaint():
    assert audit(healthy()) == []


def credit_twice(e):
    e.movements.append(e.movements[0])


def credit_of_nobody(e):
    e.movements.append(Movement(A, "TEC-9", "credit", 200, "lending"))


def credit_lost(e):
    del e.movements[0]


def credit_of_another_amount(e):
    e.movements[0] = replace(e.movements[0], amount_minor=201)


def debit_twice(e):
    e.movements.append(replace(e.movements[2], op="TEC-8"))


def debit_lost(e):
    del e.movements[4]


def balance_off(e):
    e.balances[0] = replace(e.balances[0], stored_minor=581)


def advance_open(e):
    e.advances[0] = replace(e.advances[0], state="open", fee_paid_minor=0, outstanding_minor=20)


def advance_failed_though_credited(e):
    e.advances[0] = replace(e.advances[0], state="failed")


def recovery_unknown(e):
    e.recoveries[1] = replace(e.recoveries[1], state="unknown")


def command_left(e):
    e.outbox.append((A, "TEC-7", "notify"))


def command_that_came_back(e):
    e.owners["TEC-2"].append(("n2", 1))


def ticket_of_a_stranger(e):
    e.tickets.append(Ticket("n9", 1, line(1, "advance.refused")))


def ticket_under_another_name(e):
    e.tickets[0] = replace(e.tickets[0], line=e.tickets[0].line.replace(b'"n1"', b'"n2"'))


def recharge_refused(e):
    e.journal[1] = Recharged(A, "R1", 100, "ERR unknown subscriber")


def recharge_not_booked(e):
    del e.movements[1]


def recharge_not_decided(e):
    e.feed_triggers.discard((A, "R1"))


def recharge_of_nobody(e):
    e.movements.append(Movement(A, "tcp:R9", "recharge", 100, "feed:tcp"))


def recharge_that_paid_nothing(e):
    e.journal.insert(1, Recharged(A, "R0", 50, "OK"))


def told_granted(e):
    e.journal.append(Borrowed(A, "S2", "granted", "You have received"))


def told_refused(e):
    e.journal[0] = Borrowed(A, "S1", "not granted", "We do not know your number")


def credit_that_nobody_asked_for(e):
    del e.journal[0]


def answers_unlike(e):
    e.journal.append(Unlike(A, "S1", ["yes", "no"]))


def two_at_a_time(e):
    again = line(2, "advance.granted", advance="a2", amount="2.00", fee="0.20")
    e.tickets.insert(1, Ticket("n1", 2, again))


def granted_again(e):
    e.tickets.append(Ticket("n1", 4, line(4, "advance.granted", advance="a1", amount="2.00", fee="0.20")))


def outstanding_wrong(e):
    e.tickets[1] = Ticket("n1", 2, line(2, "recovery.partial", advance="a1", amount="1.00", outstanding="1.10",
                                        recharge="R1"))


def number_missing(e):
    e.tickets[2] = replace(e.tickets[2], seq=4)


def number_used_up(e):
    e.trails["n1"].next_seq = 5


def consumed_hole(e):
    del e.trails["n1"].consumed[1]


def consumed_unflagged(e):
    e.trails["n1"].consumed[-1] = e.trails["n1"].consumed[-2]


def consumed_another(e):
    e.trails["n1"].consumed[1] = e.trails["n1"].consumed[1].replace(b"1.00", b"1.01")


def not_acknowledged(e):
    e.trails["n1"].acknowledged = 2


def consumer_saw_a_hole(e):
    e.journal[-1] = Consumed(3, 4, 1, 0, 1, 0, [], 2)


def file_lacks_one(e):
    e.trails["n1"].files[1] = replace(e.trails["n1"].files[1], lines=e.trails["n1"].files[1].lines[1:])


def trailer_counts_wrong(e):
    e.trails["n1"].files[0].trailer["count"] = 2


def trailer_of_other_bytes(e):
    e.trails["n1"].files[0] = replace(e.trails["n1"].files[0], bytes_before_trailer=b"{}\n")


def file_number_missing(e):
    e.trails["n1"].files[1] = replace(e.trails["n1"].files[1], name="n1_20261122_02_000003.jsonl.part")


def nothing_closed(e):
    e.trails["n1"].files = [TicketFile("n1_20261122_01_000001.jsonl.part", [one.line for one in e.tickets], None)]


WRONG = {
    "ledger_adds_up": (credit_twice, balance_off),
    "ledger_is_what_was_lent": (credit_of_nobody, credit_lost, credit_of_another_amount,
                                advance_failed_though_credited),
    "ledger_is_what_was_recovered": (debit_twice, debit_lost, recovery_unknown),
    "tickets_are_the_money": (credit_of_nobody, credit_of_another_amount, debit_twice, advance_open),
    "one_at_a_time": (two_at_a_time, granted_again, outstanding_wrong),
    "everything_is_settled": (advance_open, recovery_unknown, command_left),
    "adopted_once": (command_that_came_back,),
    "recharges_are_applied_once": (recharge_refused, recharge_not_booked, recharge_not_decided, recharge_of_nobody),
    "no_recovery_is_lost": (recharge_that_paid_nothing,),
    "people_were_told_the_truth": (told_granted, told_refused, credit_that_nobody_asked_for, answers_unlike),
    "numbers_have_no_gap": (number_missing, number_used_up, ticket_of_a_stranger, ticket_under_another_name),
    "consumer_has_the_log": (consumed_hole, consumed_unflagged, consumed_another, not_acknowledged,
                             consumer_saw_a_hole),
    "files_hold_the_log": (file_lacks_one, trailer_counts_wrong, trailer_of_other_bytes, file_number_missing,
                           nothing_closed),
}


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    found = healthy()
    spoil(found)
    assert any(complaint.startswith(f"{rule}: ") for complaint in audit(found)), audit(found)


def test_a_recharge_beside_an_open_session_may_pay_or_not():
    found = healthy()
    found.journal[1] = Recharged(A, "R1", 100, "OK", during="S1")
    assert audit(found) == []
    found.journal[:2] = reversed(found.journal[:2])
    assert audit(found) == []


def test_two_origins_each_have_their_own_numbers_and_files():
    found = healthy()
    refused = line(1, "advance.refused").replace(b'"n1"', b'"n2"')
    closed = refused + b"\n"
    trailer = {"file": "n2_20261122_01_000001.jsonl", "first_seq": 1, "last_seq": 1, "count": 1,
               "sha256": hashlib.sha256(closed).hexdigest()}
    found.tickets.insert(1, Ticket("n2", 1, refused))
    found.trails["n2"] = Trail(2, 1, [TicketFile(trailer["file"], [refused], trailer, closed)], [refused])
    assert audit(found) == []
    found.trails["n2"].consumed.clear()
    assert len(audit(found)) == 1


def test_many_complaints_of_one_kind_are_counted():
    found = healthy()
    found.outbox = [(A, f"TEC-{n}", "notify") for n in range(100)]
    complaints = audit(found)
    assert len(complaints) == 21 and complaints[-1] == "everything_is_settled: and 80 more"
