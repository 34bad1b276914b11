"""A history is one sentence in the order of the virtual time."""

from tectonics.simulation.history import MOMENTS_MAX, clock, sentence
from tectonics.simulation.journal import Step
from tests.simulation.invariants.healthy import NOW, journal, subscriber


def test_who_did_what_and_which_faults_came_between():
    seen = journal()
    seen.fault(5.0, "crash", "[crash n1]")
    seen.resolved.append((12.0, "TEC-1", "done"))
    told = sentence(subscriber(), seen, NOW)
    assert told.startswith("33620000000: day 0 00:00:00.000 the ledger booked credit 200 as L1 (TEC-1); ")
    parts = ["dialled '2*1' in S1 and saw 'You have received", "[crash n1]", "recharge R1 of 100",
             "R1 was answered OK", "an operator said of TEC-1: done"]
    assert [told.index(part) for part in parts] == sorted(told.index(part) for part in parts)
    assert told.endswith(".")


def test_only_the_newest_moments_are_told():
    seen = journal()
    seen.sessions["S1"].steps += [Step(100.0 + n, "1") for n in range(100)]
    told = sentence(subscriber(), seen, NOW)
    assert told.count("; ") == MOMENTS_MAX - 1 and "(after " in told


def test_virtual_time_reads_as_a_clock():
    assert clock(86_400 + 3600 * 8 + 61.5) == "day 1 08:01:01.500"
