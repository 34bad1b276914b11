"""Retention: old rows go in chunks, but never what somebody still needs.

Tickets of PostgreSQL go by the month: postgres/test_partitions.py.
"""

from dataclasses import replace

import pytest

from tectonics.domain.advance import OPEN, REPAID
from tectonics.store import retention
from tectonics.store.retention import Deleted
from tests.store.building import MSISDN, NOW, advance, ticket, trigger, unit

LATER = NOW + 1_000_000


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 3)


def _tickets(world, opened, count, at=NOW):
    world.wait_all([opened.store.commit(unit(n, msisdn=f"336000{n:05d}", tickets=(ticket(n, at=at + n),)))
                    for n in range(count)])


def test_old_triggers_go_and_young_ones_stay(world):
    opened = world.open()
    for number in range(8):
        world.wait(opened.store.commit(replace(
            unit(number, msisdn=f"3360000000{number}", trigger=trigger(number)), at=NOW + number)))
    assert world.wait(opened.retention.run(NOW + 7, 0)) == Deleted(7, 0)
    assert world.wait(opened.store.load("33600000007", [trigger(7)])).answers == {trigger(7): None}
    assert world.wait(opened.store.load("33600000006", [trigger(6)])).answers == {}


def test_the_trigger_of_an_unfinished_advance_stays(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, trigger=trigger(1), trigger_answer=b"yes",
                                        marks=tuple(trigger(n) for n in range(2, 9)), advances=(advance(1, OPEN),))))
    assert world.wait(opened.retention.run(LATER, 0)) == Deleted(7, 0)
    assert world.wait(opened.store.load(MSISDN, [trigger(1)])).answers == {trigger(1): b"yes"}
    world.wait(opened.store.commit(unit(2, 1, advances=(advance(1, REPAID),))))
    assert world.wait(opened.retention.run(LATER, 0)) == Deleted(1, 0)


def test_old_tickets_go_from_the_oldest_on(file_world):
    world = file_world
    opened = world.open()
    _tickets(world, opened, 10)
    assert world.wait(opened.retention.run(0, NOW + 8)) == Deleted(0, 8)
    assert world.wait(opened.tickets.span("n1")) == (9, 10)
    assert world.wait(opened.retention.run(0, LATER)) == Deleted(0, 2)
    assert world.wait(opened.tickets.span("n1")) == (11, 10)


def test_a_ticket_that_a_consumer_has_not_passed_stays(file_world):
    world = file_world
    opened = world.open()
    _tickets(world, opened, 10)
    world.wait(opened.tickets.acknowledge("fast", "n1", 9))
    world.wait(opened.tickets.acknowledge("slow", "n1", 4))
    world.wait(opened.tickets.acknowledge("elsewhere", "n2", 0))
    assert world.wait(opened.retention.run(0, LATER)) == Deleted(0, 4)
    assert world.wait(opened.tickets.span("n1")) == (5, 10)


def test_a_young_ticket_before_old_ones_leaves_no_hole(file_world):
    world = file_world
    opened = world.open()
    for number, at in enumerate((NOW, NOW + 500, NOW)):
        world.wait(opened.store.commit(unit(number, msisdn=f"3360000000{number}", tickets=(ticket(number, at=at),))))
    assert world.wait(opened.retention.run(0, NOW + 1)) == Deleted(0, 1)
    assert world.wait(opened.tickets.span("n1")) == (2, 3)


def test_numbers_go_on_after_everything_was_deleted(file_world):
    world = file_world
    opened = world.open()
    _tickets(world, opened, 2)
    world.wait(opened.retention.run(LATER, LATER))
    reborn = world.open()
    world.wait(reborn.store.commit(unit(5, msisdn="33600000099", tickets=(ticket(5),))))
    assert [line.seq for line in world.wait(reborn.tickets.read("n1", 0, 9))] == [3]
