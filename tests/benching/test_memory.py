"""Memory over time: the slope, its second half, and what the kernel says of this very process."""

import os
import time

import machine
import memory
import pytest
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(-100, 100), st.floats(0, 1000), st.integers(2, 50))
def test_the_slope_of_a_line_is_its_slope(per_minute, first_mb, count):
    samples = [(10.0 * n, first_mb + per_minute * n / 6) for n in range(count)]
    assert memory.slope_per_minute(samples) == pytest.approx(per_minute, abs=1e-6)


@pytest.mark.parametrize("samples", [[], [(0.0, 50.0)], [(5.0, 50.0), (5.0, 60.0)]])
def test_without_time_there_is_no_slope(samples):
    assert memory.slope_per_minute(samples) == 0.0


def test_what_fills_up_and_stays_is_flat_in_the_second_half():
    samples = [(60.0 * n, min(100.0 + 20 * n, 160.0)) for n in range(11)]
    found = memory.figures(samples)
    assert (found["first"], found["last"]) == (100.0, 160.0)
    assert found["slope_per_minute"] > 4
    assert found["slope_per_minute_second_half"] == pytest.approx(0.0)
    assert memory.line(found) == ("memory of a daemon 100 MB at first, 160 MB after 600 s: "
                                  f"{found['slope_per_minute']:+.2f} MB a minute, +0.00 in the second half")


def test_the_watch_ends_with_a_sample_at_the_end():
    samples = memory.watch([os.getpid()], time.monotonic() + 0.05, 0.02)
    assert len(samples) >= 2
    assert samples[0][0] < 0.05 <= samples[-1][0] + 0.01
    assert [at_s for at_s, _ in samples] == sorted(at_s for at_s, _ in samples)
    assert all(mb > 1 for _, mb in samples)


def test_memory_and_processor_time_of_this_process():
    pid = os.getpid()
    assert 1 < machine.rss_mb(pid) <= machine.rss_max_mb(pid)
    assert 0 < machine.process_cpu_s(pid) <= machine.busy_s() + 1
    # The kernel rounds user and system time of thread and of process each for itself: a second of grace.
    assert machine.main_thread_cpu_s(pid) <= machine.process_cpu_s(pid) + 1
    assert machine.process_cpu_s(pid) <= machine.tree_cpu_s(pid) + 1
    assert f"{os.cpu_count()} x " in machine.describe()


def test_a_process_that_has_ended_needs_no_time(tmp_path):
    assert machine.cpu_s(tmp_path / "stat") == 0.0


def test_the_name_of_a_process_may_hold_anything(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("1 (a ) b) S " + " ".join(["0"] * 10) + " 150 50 0 0\n")
    assert machine.cpu_s(stat) == 200 / os.sysconf("SC_CLK_TCK")
