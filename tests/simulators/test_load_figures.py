"""The arithmetic of a measurement."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.simulators.load_figures import latencies, merge, per_advance_ms, per_second, percentile

SAMPLES = st.lists(st.floats(0, 1e6), min_size=1)


def test_percentiles_are_samples_of_the_nearest_rank():
    hundred = [float(n) for n in range(1, 101)]
    assert [percentile(hundred, p) for p in (1, 50, 95, 99, 100)] == [1.0, 50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([], 99) == 0.0


@given(SAMPLES, st.floats(1, 100))
def test_so_many_per_cent_do_not_exceed_a_percentile(samples, percent):
    found = percentile(sorted(samples), percent)
    assert found in samples
    assert sum(s <= found for s in samples) * 100 >= percent * len(samples) * (1 - 1e-9)
    assert sum(s < found for s in samples) * 100 < percent * len(samples) * (1 + 1e-9)


@given(SAMPLES)
def test_latencies_rise_and_do_not_depend_on_order(samples):
    found = latencies(samples)
    assert list(found) == ["p50", "p95", "p99", "max"]
    assert found["p50"] <= found["p95"] <= found["p99"] <= found["max"] == max(samples)
    assert latencies(reversed(samples)) == found


def test_what_several_processes_saw_is_added_up():
    one = {"outcomes": {"granted": 3}, "latencies_ms": {"dial": [1.0, 2.0], "confirm": [5.0]}}
    other = {"outcomes": {"granted": 2, "503 too many": 1}, "latencies_ms": {"dial": [3.0]}}
    assert merge([one, other]) == {
        "outcomes": {"granted": 5, "503 too many": 1},
        "latencies_ms": {"dial": [1.0, 2.0, 3.0], "confirm": [5.0]}}
    assert merge([]) == {"outcomes": {}, "latencies_ms": {}}


def test_rates():
    assert per_second(50, 4.0) == 12.5
    assert per_second(50, 0.0) == 0.0
    assert per_advance_ms(1.5, 1000) == 1.5
    assert per_advance_ms(1.5, 0) == 0.0
