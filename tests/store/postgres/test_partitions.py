"""Months of tickets: made ahead, dropped as a whole, and never what somebody still needs."""

from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest

from tectonics.database.postgres import CHANGING, connect
from tectonics.store.postgres.partitions import drop_months, make_months
from tectonics.store.retention import Deleted
from tests.store.building import NOW, ticket, unit

DAY = 86_400_000


def at(year, month, day=1, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def months(world):
    return [name for name, in world.query(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'ticket'::regclass ORDER BY 1")]


def write(world, opened, *times):
    """One ticket for each time, in this order."""
    for number, moment in enumerate(times):
        world.wait(opened.store.commit(unit(number, msisdn=f"3360000{opened.epoch:02d}{number:02d}",
                                            tickets=(ticket(number, at=moment),))))


@pytest.fixture
def world(server_world):
    """A store whose clock stands in January 2027, over the months of September to November 2026."""
    server_world.clock.rightNow = at(2027, 1, 20) / 1000
    return server_world


def test_opening_makes_this_month_and_the_next(world):
    assert months(world) == ["ticket_2026_09", "ticket_2026_10", "ticket_2026_11", "ticket_other"]
    world.open(now=at(2026, 12, 31, 23))
    assert months(world)[2:] == ["ticket_2026_11", "ticket_2026_12", "ticket_2027_01", "ticket_2027_02",
                                 "ticket_other"]


def test_a_ticket_stands_in_its_month_and_one_of_no_month_is_not_refused(world):
    opened = world.open()
    write(world, opened, at(2026, 9, 30, 23), at(2026, 10, 1), at(2031, 5, 1))
    assert world.query("SELECT count(*) FROM ticket_2026_09") == [(1,)]
    assert world.query("SELECT count(*) FROM ticket_2026_10") == [(1,)]
    assert world.query("SELECT count(*) FROM ticket_other") == [(1,)]
    assert [line.seq for line in world.wait(opened.tickets.read("n1", 0, 9))] == [1, 2, 3]
    assert [line.seq for line in world.wait(opened.tickets.read_time(0, at(2040, 1), (0, "", 0), 9))] == [1, 2, 3]


def test_the_duty_makes_coming_months_and_drops_whole_old_ones(world):
    opened = world.open()
    write(world, opened, at(2026, 9, 20), at(2026, 9, 30, 23), at(2026, 10, 15), at(2026, 11, 2))
    assert world.wait(opened.retention.run(0, at(2026, 10, 31, 23))) == Deleted(0, 2)
    assert months(world) == ["ticket_2026_10", "ticket_2026_11", "ticket_2027_01", "ticket_2027_02",
                             "ticket_2027_03", "ticket_other"]
    assert world.wait(opened.tickets.span("n1")) == (3, 4)
    assert world.wait(opened.retention.run(0, at(2026, 11, 1))) == Deleted(0, 1)
    assert world.wait(opened.tickets.span("n1")) == (4, 4)
    assert world.wait(opened.retention.run(0, at(2026, 11, 1))) == Deleted(0, 0)


def test_what_a_consumer_has_not_passed_stays_with_its_month(world):
    opened = world.open()
    write(world, opened, at(2026, 9, 20), at(2026, 9, 21), at(2026, 10, 1))
    world.wait(opened.tickets.acknowledge("slow", "n1", 1))
    world.wait(opened.tickets.acknowledge("fast", "n1", 3))
    assert world.wait(opened.retention.run(0, at(2026, 12))) == Deleted(0, 0)
    world.wait(opened.tickets.acknowledge("slow", "n1", 2))
    assert world.wait(opened.retention.run(0, at(2026, 10, 5))) == Deleted(0, 2)


def test_tickets_around_midnight_leave_no_hole(world):
    opened = world.open()
    write(world, opened, at(2026, 9, 30, 23), at(2026, 10, 1), at(2026, 9, 30, 23), at(2026, 10, 1))
    assert world.wait(opened.retention.run(0, at(2026, 10, 1))) == Deleted(0, 3)
    assert world.wait(opened.tickets.span("n1")) == (4, 4)


def test_numbers_go_on_after_everything_was_dropped(world):
    write(world, world.open(), at(2026, 9, 20), at(2026, 9, 21))
    reborn = world.open(now=NOW)
    world.wait(reborn.retention.run(0, at(2027, 1)))
    write(world, reborn, at(2027, 1, 20))
    assert [line.seq for line in world.wait(reborn.tickets.read("n1", 0, 9))] == [3]


def test_a_long_read_makes_the_duty_come_again_and_stops_no_unit(world):
    opened = world.open()
    with closing(connect(world.address, CHANGING)) as reading, \
            closing(connect(world.address, {**CHANGING, "lock_timeout": "50ms"})) as dropping:
        reading.send("BEGIN; SELECT count(*) FROM ticket")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            drop_months(dropping, at(2027, 1))
        assert not dropping.in_transaction
        write(world, opened, at(2026, 9, 20))
        reading.send("COMMIT")
        assert drop_months(dropping, at(2026, 10, 1)) == 1
        make_months(dropping, at(2026, 9, 1))
    assert months(world)[0] == "ticket_2026_09"
