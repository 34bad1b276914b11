"""A unit writes all of itself or nothing; conflicts, duplicates and answers are decided in its transaction."""

import json
from dataclasses import replace

import pytest

from tectonics.domain.advance import OPEN, OVERDUE, REPAID, UNKNOWN
from tectonics.domain.errors import OurFault
from tectonics.domain.recharge import DONE, RechargeMark, Share
from tectonics.domain.subscriber import Account, Bar, Profile, Standing
from tectonics.ports import LOOK_UP, SEND, Committed, Conflict, Duplicate, Loaded, Usage
from tests.store.building import MSISDN, NOW, advance, credit, notify, recovery, ticket, trigger, unit


def test_an_account_comes_back_as_it_was_written(world):
    store = world.open()
    account = Account(
        MSISDN, generation=3, version=1,
        profile=Profile("prepaid", NOW - 5, "ar", "node-é", "gold", "white", Bar("admin", NOW, "fräud"), NOW),
        standing=Standing((RechargeMark(NOW, 500, "voucher", 2**32 - 1),), 1, 20_000, 2, 400, NOW, None, 7),
        advances=(advance(1, UNKNOWN), advance(2, OVERDUE, principal_paid_minor=5)),
        recoveries=(recovery(1),))
    written = unit(1, account=account, advances=account.advances, recoveries=account.recoveries)
    assert world.wait(store.store.commit(written)) == Committed()
    assert world.wait(store.store.load(MSISDN)) == Loaded(account, {})
    assert world.wait(world.open("n2").store.load(MSISDN)) == Loaded(account, {})


def test_an_unknown_subscriber_has_no_account(world):
    assert world.wait(world.open().store.load(MSISDN, [trigger(1)])) == Loaded(None, {})


def test_the_version_decides_who_wins(world):
    store = world.open().store
    assert world.wait(store.commit(unit(1))) == Committed()
    assert world.wait(store.commit(unit(2))) == Conflict()
    assert world.wait(store.commit(unit(3, expected=2))) == Conflict()
    assert world.wait(store.commit(unit(4, expected=1))) == Committed()
    assert world.wait(store.commit(unit(5, expected=1))) == Conflict()
    assert world.wait(store.load(MSISDN)).account.version == 2


def test_a_conflict_writes_nothing_at_all(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1)))
    losing = unit(2, trigger=trigger(2), trigger_answer=b"no", marks=(trigger(3),), advances=(advance(2),),
                  recoveries=(recovery(2),), commands=(credit(2),), tickets=(ticket(2),),
                  usage=Usage("advance", 1, 1, 200))
    assert world.wait(opened.store.commit(losing)) == Conflict()
    assert world.wait(opened.store.load(MSISDN, [trigger(2), trigger(3)])) == Loaded(
        Account(MSISDN, version=1), {})
    assert world.wait(opened.outbox.due(NOW, 10)) == []
    assert world.wait(opened.tickets.read("n1", 0, 10)) == []
    assert world.wait(opened.store.usage("advance", 1)) == (0, 0)
    assert world.wait(opened.store.commit(replace(losing, expected=1))) == Committed(1, 1)


def test_a_trigger_is_served_once_and_its_answer_is_kept(world):
    store = world.open().store
    world.wait(store.commit(unit(1, trigger=trigger(1))))
    assert world.wait(store.commit(unit(2, expected=1, trigger=trigger(1)))) == Duplicate(None)
    world.wait(store.commit(unit(3, expected=1, answer=(trigger(1), b"Cfirst"))))
    assert world.wait(store.commit(unit(4, expected=2, trigger=trigger(1)))) == Duplicate(b"Cfirst")
    assert world.wait(store.commit(unit(5, trigger=trigger(1)))) == Duplicate(b"Cfirst")
    assert world.wait(store.load(MSISDN, [trigger(1), trigger(9)])).answers == {trigger(1): b"Cfirst"}


def test_the_first_answer_wins(world):
    store = world.open().store
    world.wait(store.commit(unit(1, trigger=trigger(1), trigger_answer=b"one")))
    world.wait(store.commit(unit(2, expected=1, answer=(trigger(1), b"two"))))
    assert world.wait(store.load(MSISDN, [trigger(1)])).answers == {trigger(1): b"one"}


def test_a_trigger_belongs_to_its_subscriber_and_channel(world):
    store = world.open().store
    world.wait(store.commit(unit(1, trigger=trigger(1))))
    assert world.wait(store.commit(unit(2, msisdn="33600000002", trigger=trigger(1)))) == Committed()
    assert world.wait(store.commit(unit(3, 1, trigger=replace(trigger(1), channel="sms")))) == Committed()


def test_marks_may_exist_already(world):
    store = world.open().store
    world.wait(store.commit(unit(1, trigger=trigger(1), trigger_answer=b"yes")))
    assert world.wait(store.commit(unit(2, expected=1, marks=(trigger(1), trigger(2))))) == Committed()
    assert world.wait(store.load(MSISDN, [trigger(1), trigger(2)])).answers == {
        trigger(1): b"yes", trigger(2): None}


def test_the_same_request_five_times_in_one_batch_wins_once(world):
    store = world.open().store
    answers = world.wait_all([store.commit(unit(n, trigger=trigger(1), tickets=(ticket(n),)))
                              for n in range(5)])
    assert answers == [Committed(1, 1)] + [Duplicate(None)] * 4


def test_one_subscriber_twice_in_a_batch(world):
    store = world.open().store
    first = store.commit(unit(0, msisdn="33600000002"))
    rest = [store.commit(unit(1)), store.commit(unit(2)), store.commit(unit(3, expected=1))]
    assert world.wait_all([first, *rest]) == [Committed(), Committed(), Conflict(), Committed()]


def test_commands_live_from_the_unit_that_decided_to_the_one_that_answered(world):
    opened = world.open(lease_s=30.0)
    world.wait(opened.store.commit(unit(1, commands=(credit(1), notify(1)))))
    due = world.wait(opened.outbox.due(NOW, 10))
    assert {row.command for row in due} == {credit(1), notify(1)}
    assert {(row.state, row.created_at, row.due_at, row.attempts, row.lease_until) for row in due} == {
        (SEND, NOW, NOW, 0, NOW + 30_000)}
    world.wait(opened.store.commit(unit(2, expected=1, unresolved=("TEC-1",), finished=("TEC-N1",))))
    assert [row.state for row in world.wait(opened.outbox.due(NOW, 10))] == [LOOK_UP]
    assert [row.command for row in world.wait(opened.queries.unresolved())] == [credit(1)]
    world.wait(opened.store.commit(unit(3, expected=2, finished=("TEC-1", "TEC-none"))))
    assert world.wait(opened.outbox.due(NOW, 10)) == []


def test_finished_loans_leave_the_account_but_can_be_asked_for(world):
    store = world.open().store
    paid = recovery(1, DONE, shares=(Share("A1", 200, 20),))
    world.wait(store.commit(unit(1, advances=(advance(1, OPEN), advance(2, OPEN)), recoveries=(recovery(1),))))
    world.wait(store.commit(unit(2, 1, advances=(advance(1, REPAID),), recoveries=(paid,))))
    account = world.wait(store.load(MSISDN)).account
    assert ([a.id for a in account.advances], account.recoveries) == (["A2"], ())
    account = world.wait(store.load(MSISDN, recharge=("tcp", "r1"))).account
    assert account.advances == (advance(1, REPAID), advance(2, OPEN)) and account.recoveries == (paid,)
    account = world.wait(store.load(MSISDN, advance="A1")).account
    assert [a.id for a in account.advances] == ["A1", "A2"]
    assert world.wait(store.load(MSISDN, recharge=("file", "r1"), advance="none")).account.recoveries == ()


def test_usage_adds_up_over_batches_and_origins(world):
    first, second = world.open("n1"), world.open("n2")
    usage = Usage("advance", 7, 1, 200)
    world.wait_all([first.store.commit(unit(n, msisdn=f"3360000000{n}", usage=usage)) for n in range(4)])
    world.wait(second.store.commit(unit(9, msisdn="33600000009", usage=usage)))
    assert world.wait(first.store.usage("advance", 7)) == (5, 1000)
    assert world.wait(first.store.usage("advance", 8)) == (0, 0)


def test_due_advances_are_open_and_past_their_date(world):
    store = world.open().store
    loans = (advance(1, OPEN, due_at=NOW - 1), advance(2, OPEN, due_at=NOW - 2), advance(3, OPEN, due_at=NOW + 1),
             advance(4, OVERDUE, due_at=NOW - 9), advance(5, due_at=NOW - 9))
    world.wait(store.commit(unit(1, advances=loans)))
    assert world.wait(store.due_advances(NOW, 10)) == [(MSISDN, "A2"), (MSISDN, "A1")]
    assert world.wait(store.due_advances(NOW, 1)) == [(MSISDN, "A2")]


def test_a_unit_that_cannot_be_stored_fails_alone(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(0, msisdn="33600000009", commands=(credit(0, "33600000009"),))))
    again = unit(2, 1, msisdn="33600000009", trigger=trigger(5), commands=(credit(0, "33600000009"),),
                 tickets=(ticket(2),), usage=Usage("advance", 1, 1, 1))
    bad_number = unit(3, msisdn="not a number", tickets=(ticket(3),))
    bad_type = unit(4, msisdn="33600000004", tickets=(replace(ticket(4), type="no.such"),))
    too_big = unit(5, msisdn="33600000005", advances=(advance(5, due_at=2**63),))
    good = [unit(n, msisdn=f"3360000001{n}", tickets=(ticket(n),)) for n in range(3)]
    answers = world.wait_all([opened.store.commit(u) for u in (
        good[0], again, good[1], bad_number, bad_type, too_big, good[2])])
    assert [answers[0], answers[2], answers[6]] == [Committed(1, 1), Committed(2, 1), Committed(3, 1)]
    assert all(isinstance(answers[n], OurFault) for n in (1, 3, 4, 5))
    loaded = world.wait(opened.store.load("33600000009", [trigger(5)]))
    assert loaded.account.version == 1 and loaded.answers == {}
    assert world.wait(opened.store.load("33600000005")).account is None
    assert world.wait(opened.store.usage("advance", 1)) == (0, 0)


def test_the_line_of_a_ticket_is_numbered_json(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, tickets=(ticket(1), ticket(2)))))
    line = world.wait(opened.tickets.read("n1", 1, 10))[0].line
    assert line.startswith(b'{"origin":"n1","seq":2,"id":"T2",') and b"\n" not in line
    assert json.loads(line) == {"origin": "n1", "seq": 2, **ticket(2).record()}


@pytest.mark.parametrize("number", ["", "12x"])
def test_a_number_that_is_none_is_our_fault(world, number):
    with pytest.raises(OurFault):
        world.wait(world.open().store.load(number))
