"""The memory in front of the log answers exactly as the log would."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.tickets.recent import RecentTickets
from tests.tickets.fakes import MemoryTicketLog


@given(st.integers(0, 20), st.lists(st.integers(1, 9), max_size=6), st.integers(0, 60), st.integers(1, 12))
def test_reads_are_those_of_the_log(earlier, batches, after, limit):
    log = MemoryTicketLog()
    log.commit(earlier, 1000)
    recent = RecentTickets(log, lines_max=10)
    for count in batches:
        log.commit(count, 1000)
    assert recent.read("n1", after, limit).result == log.read("n1", after, limit).result


def test_who_keeps_up_costs_no_query():
    log = MemoryTicketLog()
    recent = RecentTickets(log, lines_max=10)
    log.commit(25, 1000)
    assert [line.seq for line in recent.read("n1", 15, 100).result] == list(range(16, 26))
    assert recent.read("n1", 25, 100).result == [] and log.reads == 0
    recent.read("n1", 14, 100)
    recent.read("n2", 20, 100)
    assert log.reads == 2


def test_followers_hear_after_it_is_readable():
    log = MemoryTicketLog()
    recent = RecentTickets(log)
    heard = []
    recent.subscribe(lambda lines: heard.append(recent.read("n1", lines[0].seq - 1, 10).result == list(lines)))
    log.commit(3, 1000)
    assert heard == [True] and log.reads == 0


def test_a_jump_in_the_numbers_is_never_bridged():
    log = MemoryTicketLog()
    recent = RecentTickets(log)
    log.commit(2, 1000)
    log.newest["n1"] = 5
    log.commit(2, 1000)
    assert [line.seq for line in recent.read("n1", 5, 10).result] == [6, 7]
    assert [line.seq for line in recent.read("n1", 0, 10).result] == [1, 2, 6, 7]
