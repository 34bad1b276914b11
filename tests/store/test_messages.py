"""The log of messages: what may be at the centre is known after any crash, and receipts find their part."""

import pytest

from tectonics.domain.delivery import (
    DELIVERED,
    EXPIRED,
    FAILED,
    LOST,
    SENDING,
    SENT,
    WAITING,
    Begun,
    Part,
    Sent,
)
from tectonics.store import retention
from tests.store.building import MSISDN, NOW, notify, unit

QUIET_MS = 40_000
OTHER = "33600000002"


def begin(world, opened, op="TEC-N1", parts=1, reference=7, now=NOW, msisdn=MSISDN):
    return world.wait(opened.messages.begin(msisdn, op, parts, reference, now, QUIET_MS))


def note(world, opened, part, op="TEC-N1", finished=False, now=NOW + 1):
    world.wait(opened.messages.note(MSISDN, op, part, now, finished))


def rows(world, columns="part, state, account, id, attempts, repeated"):
    return world.query(f"SELECT {columns} FROM message ORDER BY msisdn, op, part")


def test_a_new_message_is_marked_and_nothing_was_known(world):
    opened = world.open()
    assert begin(world, opened, parts=2) == Begun(7)
    assert rows(world) == [(1, SENDING, "", "", 1, 0), (2, SENDING, "", "", 1, 0)]
    assert rows(world, "msisdn, op, parts, reference, owner, created_at, at") == [
        (int(MSISDN), "TEC-N1", 2, 7, "n1", NOW, NOW)] * 2


def test_a_mark_that_outlives_its_process_is_a_doubt(world):
    begin(world, world.open())
    reborn = world.open(now=NOW + 5)
    assert begin(world, reborn, now=NOW + 5, reference=9) == Begun(7, (Part(1, SENDING),), repeated=True)
    assert rows(world) == [(1, SENDING, "", "", 2, 1)]


@pytest.mark.parametrize(("state", "repeated"), [(WAITING, 0), (LOST, 1)])
def test_what_became_of_a_sending_decides_whether_the_next_repeats_it(world, state, repeated):
    opened = world.open()
    begin(world, opened)
    note(world, opened, Part(1, state, "smsc1"))
    begun = begin(world, world.open(), now=NOW + 9)
    assert begun == Begun(7, (Part(1, state, "smsc1"),), repeated=bool(repeated))
    assert rows(world) == [(1, SENDING, "smsc1", "", 2, repeated)]


def test_only_what_is_open_is_marked_again(world):
    opened = world.open()
    begin(world, opened, parts=3)
    note(world, opened, Part(1, SENT, "smsc1", "a1"))
    note(world, opened, Part(3, FAILED, "smsc1"))
    begun = begin(world, world.open(), parts=3)
    assert begun.before == (Part(1, SENT, "smsc1", "a1"), Part(2, SENDING), Part(3, FAILED, "smsc1"))
    assert rows(world) == [(1, SENT, "smsc1", "a1", 1, 0), (2, SENDING, "", "", 2, 1), (3, FAILED, "smsc1", "", 1, 0)]


def test_a_message_that_is_cut_in_another_way_begins_anew(world):
    opened = world.open()
    begin(world, opened, parts=1)
    note(world, opened, Part(1, SENT, "smsc1", "a1"))
    assert begin(world, opened, parts=2, reference=8) == Begun(8, repeated=True)
    assert rows(world) == [(1, SENDING, "", "", 1, 1), (2, SENDING, "", "", 1, 1)]
    for number in (1, 2):
        note(world, opened, Part(number, WAITING))
    assert begin(world, opened, parts=1, reference=9) == Begun(9)
    assert rows(world) == [(1, SENDING, "", "", 1, 0)]


def test_what_another_node_may_be_sending_is_left_alone_for_a_while(world):
    begin(world, world.open("n1"))
    other = world.open("n2")
    assert begin(world, other, now=NOW + QUIET_MS - 1).elsewhere
    assert rows(world) == [(1, SENDING, "", "", 1, 0)]
    assert begin(world, other, now=NOW + QUIET_MS) == Begun(7, (Part(1, SENDING),), repeated=True)
    assert rows(world, "owner, attempts") == [("n2", 2)]


def test_the_last_answer_takes_the_command_out_of_the_outbox(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, commands=(notify(1), notify(2)))))
    begin(world, opened, parts=2)
    note(world, opened, Part(1, SENT, "smsc1", "a1"))
    assert len(world.query("SELECT op FROM outbox")) == 2
    note(world, opened, Part(2, SENT, "smsc1", "a2"), finished=True)
    assert world.query("SELECT op FROM outbox") == [("TEC-N2",)]


def test_a_part_that_has_an_id_keeps_it(world):
    opened = world.open()
    begin(world, opened)
    note(world, opened, Part(1, LOST, "smsc1"))
    note(world, opened, Part(1, SENT, "smsc1", "late"))
    note(world, opened, Part(1, SENT, "smsc1", "second"))
    assert rows(world) == [(1, SENT, "smsc1", "late", 1, 0)]


def test_a_receipt_finds_its_part_and_settles_it_once(world):
    opened = world.open()
    begin(world, opened, parts=2)
    note(world, opened, Part(2, SENT, "smsc1", "6699"))
    assert world.wait(opened.messages.find("smsc2", "6699")) == []
    assert world.wait(opened.messages.find("smsc1", "")) == []
    opened = world.open()  # a later life
    sent, = world.wait(opened.messages.find("smsc1", "6699"))
    assert sent == Sent(MSISDN, "TEC-N1", 2)
    settled = world.wait_all([opened.messages.settle(sent, state, NOW + 9) for state in (DELIVERED, EXPIRED, DELIVERED)])
    assert settled == [True, False, False]
    assert rows(world, "part, state, at") == [(1, SENDING, NOW), (2, DELIVERED, NOW + 9)]
    assert world.wait(opened.messages.settle(Sent(MSISDN, "TEC-N1", 1), DELIVERED, NOW + 9)) is False


def test_an_id_that_a_centre_gave_again_finds_the_newest(world):
    opened = world.open()
    for number in range(3):
        begin(world, opened, f"TEC-N{number}", now=NOW + number)
        note(world, opened, Part(1, SENT, "smsc1", "1"), f"TEC-N{number}")
    assert [sent.op for sent in world.wait(opened.messages.find("smsc1", "1"))] == ["TEC-N2", "TEC-N1"]


def test_many_at_once_are_each_answered_by_themselves(world):
    opened = world.open()
    begin(world, opened, "TEC-N1")
    numbers = [f"336000{n:05d}" for n in range(40)]
    answers = world.wait_all(
        [opened.messages.begin(MSISDN, "TEC-N1", 1, 1, NOW + 5, QUIET_MS)]
        + [opened.messages.begin(number, "TEC-X", 1 + place % 3, place, NOW, QUIET_MS)
           for place, number in enumerate(numbers)])
    assert answers[0].repeated and answers[1:] == [Begun(place) for place in range(40)]
    world.wait_all([opened.messages.note(number, "TEC-X", Part(1, SENT, "smsc1", number), NOW)
                    for number in numbers]
                   + [opened.messages.settle(Sent(number, "TEC-X", 1), FAILED, NOW) for number in numbers])
    assert world.query("SELECT count(*) FROM message WHERE op = 'TEC-X' AND state = 'failed'") == [(40,)]


def test_a_number_that_no_column_takes_fails_alone(world):
    opened = world.open()
    bad = opened.messages.begin(str(10**30), "TEC-N1", 1, 1, NOW, QUIET_MS)
    good = opened.messages.begin(OTHER, "TEC-N1", 1, 1, NOW, QUIET_MS)
    failed, begun = world.wait_all([bad, good])
    assert isinstance(failed, Exception) and begun == Begun(1)


def test_old_messages_go_and_what_waits_in_the_outbox_stays(world, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 3)
    opened = world.open()
    world.wait(opened.store.commit(unit(1, commands=(notify(3),))))
    for number in range(8):
        begin(world, opened, f"TEC-N{number}", now=NOW + number)
    assert world.wait(opened.messages.forget(NOW + 7)) == 6
    assert rows(world, "op") == [("TEC-N3",), ("TEC-N7",)]
