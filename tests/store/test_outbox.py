"""The outbox: rows belong to one life of one origin, and change hands exactly once."""

from dataclasses import replace

import pytest

from tectonics.domain.commands import Ring, Talk
from tectonics.ports import LOOK_UP, SEND
from tests.store.building import MSISDN, NOW, credit, notify, unit

LEASE_MS = 30_000


def _write(world, opened, count=3):
    world.wait_all([opened.store.commit(unit(n, msisdn=f"3360000000{n}", commands=(credit(n, f"3360000000{n}"),)))
                    for n in range(count)])


def _ops(rows):
    return [row.command.op for row in rows]


def test_nobody_takes_what_its_living_owner_holds(world):
    first, second = world.open("n1"), world.open("n2")
    _write(world, first)
    assert world.wait(second.outbox.adopt(NOW + LEASE_MS, 10)) == []
    assert world.wait(first.outbox.adopt(NOW + 10 * LEASE_MS, 10)) == []
    assert world.wait(second.outbox.due(NOW + LEASE_MS, 10)) == []


def test_an_earlier_life_is_adopted_at_once_and_once(world):
    _write(world, world.open())
    reborn = world.open(now=NOW + 5)
    assert world.wait(reborn.outbox.due(NOW + 5, 10)) == []
    adopted = world.wait(reborn.outbox.adopt(NOW + 5, 10))
    assert _ops(adopted) == ["TEC-0", "TEC-1", "TEC-2"]
    assert {row.lease_until for row in adopted} == {NOW + 5 + LEASE_MS}
    assert world.wait(reborn.outbox.adopt(NOW + 5, 10)) == []
    assert sorted(_ops(world.wait(reborn.outbox.due(NOW + 5, 10)))) == ["TEC-0", "TEC-1", "TEC-2"]


def test_two_heirs_never_get_the_same_row(world):
    _write(world, world.open("n1"), 9)
    heirs = [world.open("n2"), world.open("n3")]
    later = NOW + LEASE_MS + 1
    taken = world.wait_all([heir.outbox.adopt(later, 2) for _ in range(6) for heir in heirs])
    ops = [op for rows in taken for op in _ops(rows)]
    assert sorted(ops) == [f"TEC-{n}" for n in range(9)]
    assert max(map(len, taken)) == 2
    for heir in heirs:
        assert world.wait(heir.outbox.due(later, 10))


def test_what_was_adopted_can_be_lost_again(world):
    first, second = world.open("n1"), world.open("n2")
    _write(world, first, 1)
    later = NOW + LEASE_MS + 1
    assert len(world.wait(second.outbox.adopt(later, 10))) == 1
    assert world.wait(first.outbox.reschedule("33600000000", "TEC-0", later + 9, 1, later)) is False
    assert world.wait(first.outbox.due(later, 10)) == []
    assert world.wait(first.outbox.adopt(later + LEASE_MS, 10)) == []
    assert len(world.wait(first.outbox.adopt(later + LEASE_MS + 1, 10))) == 1


def test_adoption_keeps_state_attempts_and_identity(world):
    first = world.open("n1")
    world.wait(first.store.commit(unit(1, commands=(credit(1), notify(1)))))
    world.wait(first.store.commit(unit(2, 1, unresolved=("TEC-1",))))
    world.wait(first.outbox.reschedule(MSISDN, "TEC-1", NOW + 7, 4, NOW))
    adopted = world.wait(world.open("n2").outbox.adopt(NOW + 7 + LEASE_MS + 1, 10))
    assert [(row.command, row.state, row.attempts, row.due_at, row.created_at) for row in adopted] == [
        (notify(1), SEND, 0, NOW, NOW), (credit(1), LOOK_UP, 4, NOW + 7, NOW)]


def test_what_is_finished_beside_a_write_that_changes_nothing_stays_finished(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, commands=(credit(1), credit(2)))))
    world.wait_all([opened.outbox.finish(MSISDN, "TEC-1"), opened.outbox.finish(MSISDN, "TEC-2"),
                    opened.outbox.reschedule(MSISDN, "TEC-9", NOW, 1, NOW)])  # the last two in one batch
    assert world.query("SELECT op FROM outbox") == []


def test_putting_off_moves_the_row_and_keeps_it_ours(world):
    first, second = world.open("n1"), world.open("n2")
    world.wait(first.store.commit(unit(1, commands=(credit(1),))))
    hour = NOW + 3_600_000
    assert world.wait(first.outbox.reschedule(MSISDN, "TEC-1", hour, 2, NOW)) is True
    assert world.wait(first.outbox.due(hour - 1, 10)) == []
    assert [row.attempts for row in world.wait(first.outbox.due(hour, 10))] == [2]
    assert world.wait(second.outbox.adopt(hour + LEASE_MS, 10)) == []
    assert world.wait(first.outbox.reschedule(MSISDN, "TEC-none", hour, 2, NOW)) is False


def test_what_has_certainly_not_been_sent_begins_anew(world):
    first, second = world.open("n1"), world.open("n2")
    world.wait(first.store.commit(unit(1, commands=(credit(1),))))
    world.wait(first.outbox.reschedule(MSISDN, "TEC-1", NOW + 7, 4, NOW))
    hour = NOW + 3_600_000
    assert world.wait(first.outbox.begin_anew(MSISDN, "TEC-1", hour)) is True
    assert world.wait(second.outbox.adopt(hour + LEASE_MS, 10)) == []
    [row] = world.wait(second.outbox.adopt(hour + LEASE_MS + 1, 10))
    assert (row.state, row.attempts, row.created_at, row.due_at) == (SEND, 0, hour, hour)
    assert world.wait(first.outbox.begin_anew(MSISDN, "TEC-1", hour)) is False
    assert world.wait(second.outbox.begin_anew(MSISDN, "TEC-none", hour)) is False


def test_finishing_is_deleting_and_may_be_repeated(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, commands=(notify(1),))))
    assert world.wait(opened.outbox.finish(MSISDN, "TEC-N1")) is None
    assert world.wait(opened.outbox.finish(MSISDN, "TEC-N1")) is None
    assert world.wait(opened.outbox.due(NOW, 10)) == []


def test_lists_are_bounded_and_the_oldest_comes_first(world):
    opened = world.open()
    for number in (3, 1, 2):
        late = replace(unit(number, msisdn=f"3360000000{number}", commands=(credit(number),)), at=NOW + number)
        world.wait(opened.store.commit(late))
    assert _ops(world.wait(opened.outbox.due(NOW + 9, 2))) == ["TEC-1", "TEC-2"]
    assert _ops(world.wait(world.open().outbox.adopt(NOW, 2))) == ["TEC-1", "TEC-2"]


@pytest.mark.parametrize("lease_s", [1.5, 90.0])
def test_the_lease_is_what_the_store_was_opened_with(world, lease_s):
    opened = world.open(lease_s=lease_s)
    world.wait(opened.store.commit(unit(1, commands=(credit(1),))))
    assert world.wait(opened.outbox.due(NOW, 1))[0].lease_until == NOW + lease_s * 1000


def test_calls_are_listed_of_all_nodes_and_nothing_else(world):
    ring = Ring("TEC-1", MSISDN, "CALL1", MSISDN, "", 45)
    talk = Talk("TEC-2", "33600000002", "CALL2", "a", "", "b", "", NOW)
    world.wait(world.open().store.commit(unit(1, commands=(ring, credit(3)))))
    other = world.open("n2")
    world.wait(other.store.commit(replace(unit(2, msisdn="33600000002", commands=(talk,)), at=NOW + 1)))
    assert [row.command for row in world.wait(other.queries.calls())] == [ring, talk]
    assert [row.command for row in world.wait(other.queries.calls(1))] == [ring]
