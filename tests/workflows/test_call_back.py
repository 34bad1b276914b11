"""A call-back from the request to its ticket: what is done at each step, and that every end is the right one."""



from tectonics.domain.commands import Connect, Reserve, Ring, Settle, Talk
from tests.workflows.call_world import ASKED, FREE, Life
from tests.workflows.world import MSISDN, subscriber


def test_prepaid_from_the_request_to_the_ticket():
    life = Life()
    asked = life.ask()
    assert [type(c) for c in asked.commands] == [Reserve] and asked.answer.text.startswith("callback.coming")
    held = asked.commands[0]
    assert (held.amount_minor, held.valid_s, held.session) == (5 + 24, 21_600, life.call.session)
    reserved = life.reserve()
    assert [type(c) for c in reserved.commands] == [Ring] and reserved.finished == (held.op,)
    ring = reserved.commands[0]
    assert (ring.op, ring.number, ring.caller, ring.ring_s) == (life.call.a.id, MSISDN, "33144", 45)
    up = life.a_answers()
    assert [type(c) for c in up.commands] == [Connect] and up.finished == (ring.op,)
    connect = up.commands[0]
    assert (connect.op, connect.number, connect.caller, connect.a_handle) == (life.call.b.id, "33612345678", MSISDN, "A")
    both = life.b_answers()
    talk, = both.commands
    assert isinstance(talk, Talk) and both.finished == (connect.op,)
    assert (talk.a_handle, talk.b_handle, talk.until_at) == ("A", "B", life.now + 120_000)
    over = life.ends(63.2)
    settle, = over.commands
    assert isinstance(settle, Settle) and over.finished == ("talk",) and over.tickets == ()
    assert (settle.amount_minor, settle.session) == (5 + 13, held.session)  # 64 s are 66, 13.2 rounded
    closed = life.settle()
    assert closed.finished == (settle.op,) and life.call is None and life.told == []
    record, = (t.record() for t in closed.tickets)
    assert record == {
        "id": record["id"], "time": record["time"], "type": "callback.completed", "outcome": "done",
        "text": "talked 64 s, A hung up; 0.18 EUR", "msisdn": MSISDN, "channel": ASKED.channel, "trigger": ASKED.id,
        "service": "callback", "amount": "0.18", "currency": "EUR", "policy": 3, "billing_ref": "s9",
        "a_number": MSISDN, "b_number": "33612345678", "a_answered": "2026-09-21T14:13:25.000Z",
        "b_answered": "2026-09-21T14:13:30.000Z", "ended": "2026-09-21T14:14:33.200Z", "duration_s": 64, "cause": 16,
        "charged_party": "a", "destination": "france", "call": closed.tickets[0].fields["call"]}


def test_postpaid_reserves_nothing_and_the_ticket_is_what_is_charged():
    life = Life(subscriber(kind="postpaid", call_back=True))
    assert [type(c) for c in life.ask(balance=None).commands] == [Ring]
    life.a_answers()
    life.b_answers()
    assert life.of(Talk).until_at == life.now + 3_600_000
    closed = life.ends(31)
    assert life.types() == ["callback.completed"] and closed.finished == ("talk",)
    assert (closed.tickets[0].fields["amount"], closed.tickets[0].fields["duration_s"]) == ("0.12", 31)
    assert life.call is None and life.count(Reserve) == life.count(Settle) == 0
    assert (life.account.standing.call_cycle_s, life.account.standing.call_cycle_minor) == (31, 12)


def test_a_free_destination_reserves_nothing():
    life = Life().talking(b=FREE)
    life.ends(100)
    assert life.types() == ["callback.completed"] and life.tickets[0].fields["amount"] == "0.00"
    assert life.count(Reserve) == 0
