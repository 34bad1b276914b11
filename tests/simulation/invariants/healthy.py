"""A moment at which everything is right: one borrowed 2.00 for 0.20, paid in two, one recharge was taken back."""

import hashlib
import json

from tectonics.config.policy import decode_policy
from tectonics.simulation.books import Books, Command, Movement, Subscriber, Ticket
from tectonics.simulation.invariants.invariant import Scene
from tectonics.simulation.journal import Consumed, Journal, Record, Step, TicketFile
from tectonics.simulation.population.screens import Consent

A = "33620000000"
NOW = 1_800_000_000_000
POLICY = {"lending": {"day_count_max": 3, "day_amount_max": "6.00", "service_day_count_max": 3,
                      "service_day_amount_max": "6.00"},
          "segments": [{"name": "standard", "open_max": 1, "ceiling": "5.00",
                        "tiers": [{"id": "A2", "amount": "2.00", "fee": "0.20"}]}]}


def ticket(seq, type, **fields):
    body = {"origin": "n1", "seq": seq, "time": "2027-01-15T08:00:00.000Z", "type": type, "msisdn": A, **fields}
    return Ticket("n1", seq, A, json.dumps(body, separators=(",", ":")).encode(), body)


def movement(position, op, kind, amount, after, source="lending", **fields):
    return Movement(position, A, op, kind, amount, "main", after, NOW, source, fields.get("kind", ""),
                    fields.get("ref", ""))


def advance(id="a1", state="repaid", op="TEC-1", paid=(200, 20), session="S1", **fields):
    offer = {"tier": "A2", "segment": "standard", "policy": 1, "amount_minor": 200, "fee_minor": 20}
    return {"id": id, "generation": 1, "state": state, "offer": offer, "op": op, "channel": "ussd_http", "trigger": f"{session}|2*1",
            "requested_at": NOW, "principal_paid_minor": paid[0], "fee_paid_minor": paid[1], **fields}


def recovery(id, state, op, recharge, amount):
    return {"id": id, "state": state, "op": op, "recharge": recharge, "amount_minor": amount, "generation": 1}


def record(id, amount, answer="OK", type="recharge", **fields):
    return Record(id, type, A, 10.0, NOW, amount, "voucher", answer=answer, answered_s=11.0, **fields)


def tickets():
    return [
        ticket(1, "advance.granted", advance="a1", amount="2.00", fee="0.20", billing_ref="L1"),
        ticket(2, "recovery.partial", advance="a1", amount="1.00", billing_ref="L3", recharge="R1"),
        ticket(3, "recovery.full", advance="a1", amount="1.20", billing_ref="L5", recharge="R2"),
    ]


def subscriber():
    moved = [movement(1, "TEC-1", "credit", 200, 200), movement(2, "tcp:R1", "recharge", 100, 300, "feed:tcp"),
             movement(3, "TEC-2", "debit", -100, 200), movement(4, "tcp:R2", "recharge", 500, 700, "feed:tcp"),
             movement(5, "TEC-3", "debit", -120, 580)]
    return Subscriber(
        A, 7, 1, {}, {}, {"a1": advance()},
        {"r1": recovery("r1", "done", "TEC-2", "R1", 100), "r2": recovery("r2", "done", "TEC-3", "R2", 120)},
        [], tickets(), moved, {"main": 580}, {"R1": 1, "R2": 1})


def journal():
    seen = Journal()
    session = seen.began("S1", A)
    session.consents.append(Consent(200, 20, 220, "1", "2"))
    granted = "You have received 2.00 EUR. 2.20 will be taken from your recharges, due by 22/01."
    session.steps.append(Step(1.0, "2*1", granted, False, 1.5))
    session.answers["2*1"] = {granted}
    owed = {"a1": (NOW, 1)}
    seen.fed(record("R1", 100, owed_before=owed, owed_after=owed, generation_after=1))
    seen.fed(record("R2", 500, "DUP", owed_before=owed))
    lines = [one.line for one in tickets()]
    again = lines[-1][:-1] + b',"dup":true}'
    seen.consumed.append(Consumed("mediation", "n1", [*lines, again], 3))
    digest = hashlib.sha256(lines[0] + b"\n").hexdigest()
    trailer = {"file": "n1_20270115_08_000001.jsonl", "first_seq": 1, "last_seq": 1, "count": 1, "sha256": digest}
    seen.files["n1"] = [TicketFile(trailer["file"], (lines[0],), trailer),
                        TicketFile("n1_20270115_09_000002.jsonl.part", tuple(lines[1:]), None)]
    return seen


def command(op="TEC-9", kind="credit", state="send", owner="n1", epoch=2, lease_until=NOW):
    return Command(A, op, kind, state, owner, epoch, lease_until, NOW, NOW, {})


def healthy():
    one = subscriber()
    books = Books({A: one}, {"n1": list(one.tickets)}, {m.name: m for m in one.movements}, {"n1": (4, 2)},
                  {("mediation", "n1"): 3}, {}, {A})
    return Scene(books, journal(), {1: decode_policy(POLICY, 1)}, NOW, over=True,
                 loads=(("n1 writes", 10_000, 10_000),))


def put(scene, *commands):
    """Puts commands into the outbox."""
    one = scene.books.of(A)
    one.commands = list(commands)
    scene.books.commands = {each.op: each for each in commands}
