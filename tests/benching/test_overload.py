"""The figures of an overload: every session that was offered is in exactly one of them."""

import overload
from hypothesis import given
from hypothesis import strategies as st

ABOUT = {"store": "sqlite", "store_settings": "WAL", "machine": "a machine"}
OUTCOMES = st.dictionaries(
    st.sampled_from(["granted", "busy", "unsent", "nothing", "busy at confirm", "200 END No.", "500 a fault"]),
    st.integers(1, 10_000))


def seen(outcomes, **latencies_ms):
    steps = {"dial": [], "choose": [], "confirm": []}
    return {"outcomes": outcomes, "seconds": 4.0, "latencies_ms": steps | latencies_ms, "exhausted": False,
            "cpu_s": {"daemon": 3.0, "load": 1.0}, "others_cpu_s": 0.5}


@given(OUTCOMES)
def test_everybody_is_in_one_of_them(outcomes):
    found = overload.at_rate(5.0, seen(outcomes))
    parts = ("granted", "busy", "broken_off", "unsent", "nothing")
    assert sum(found[part] for part in parts) == found["arrived"] == sum(outcomes.values())
    assert all(found[part] >= 0 for part in parts)


def test_rates_and_shares():
    found = overload.at_rate(5.0, seen({"granted": 40, "busy": 150, "busy at choose": 6, "500 a fault": 4}))
    assert (found["offered_per_second"], found["admitted_per_second"]) == (50.0, 10.0)
    assert (found["busy"], found["broken_off"]) == (150, 10)
    assert found["processors"] == {"daemon": 0.75, "load": 0.25, "others": 0.125}


def test_for_people_a_column_for_each_rate():
    at = [(0.8, seen({"granted": 400}, confirm=[20.0], late=[0.5])),
          (5.0, seen({"granted": 480, "busy": 1500}, confirm=[25.0], busy=[3.0]))]
    found = overload.summary(125.0, at, ABOUT)
    assert found["sessions_per_second"] == 125.0 and found["store"] == "sqlite"
    lines = overload.shown(found).splitlines()
    rows = {line[:22].strip(): line[22:].split() for line in lines if line[22:23] == " "}
    assert rows["admitted"] == ["100", "/s", "120", "/s"]
    assert rows["told busy"] == ["0", "1500"]
    assert rows["confirm p99"] == ["20.0", "ms", "25.0", "ms"]
    assert rows["busy p99"] == ["-", "3.0", "ms"]
    assert lines[-1] == "5 x, outcomes: 480 x granted, 1500 x busy"
