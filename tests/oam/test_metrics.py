"""The registry: what is declared counts, what is not is our bug, and everything is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import OurFault
from tectonics.oam.metrics import CHILDREN_MAX, MetricsRegistry
from tectonics.oam.metrics_declared import COUNTER, DECLARATIONS, GAUGE, HISTOGRAM


def test_each_declared_name_moves_and_is_shown():
    metrics = MetricsRegistry()
    move = {COUNTER: lambda d, v: metrics.count(d.name, *v, by=3),
            GAUGE: lambda d, v: metrics.gauge(d.name, 3, *v),
            HISTOGRAM: lambda d, v: metrics.observe(d.name, 3, *v)}
    for declared in DECLARATIONS:
        move[declared.kind](declared, tuple(f"a{n}" for n in range(len(declared.labels))))
    text, snapshot = metrics.render().decode(), metrics.snapshot()
    for declared in DECLARATIONS:
        labels = ",".join(f"a{n}" for n in range(len(declared.labels)))
        figure = snapshot[declared.name]
        value = figure[labels] if declared.labels else figure
        assert value == ({"count": 1, "sum_s": 3.0} if declared.kind == HISTOGRAM else 3)
        suffix = "_sum" if declared.kind == HISTOGRAM else ""
        braces = ",".join(f'{n}="a{i}"' for n, i in sorted((n, i) for i, n in enumerate(declared.labels)))
        line = declared.name + suffix + (f"{{{braces}}}" if braces else "") + " 3.0"
        assert line in text.splitlines()


def test_counters_are_named_as_the_contract_says():
    for declared in DECLARATIONS:
        assert declared.name.startswith("tectonics_") and declared.help
        assert declared.name.endswith("_total") == (declared.kind == COUNTER)
        assert declared.name.endswith("_seconds") or declared.kind != HISTOGRAM
    assert len({d.name for d in DECLARATIONS}) == len(DECLARATIONS)


@pytest.mark.parametrize("call", [
    lambda m: m.count("tectonics_no_such_total"),
    lambda m: m.gauge("tectonics_requests_total", 1, "advance"),
    lambda m: m.count("tectonics_sessions"),
    lambda m: m.count("tectonics_requests_total"),
    lambda m: m.count("tectonics_requests_total", "a", "b"),
    lambda m: m.observe("tectonics_requests_total", 1.0, "a"),
    lambda m: m.source("tectonics_requests_total", lambda: 1),
])
def test_what_is_not_declared_is_our_fault(call):
    metrics = MetricsRegistry()
    with pytest.raises(OurFault, match="tectonics_"):
        call(metrics)


def test_a_wrong_method_on_a_known_name_is_our_fault_as_well():
    metrics = MetricsRegistry()
    metrics.count("tectonics_requests_total", "advance")
    with pytest.raises(OurFault):
        metrics.gauge("tectonics_requests_total", 7, "advance")
    assert metrics.snapshot()["tectonics_requests_total"] == {"advance": 1}


def test_two_daemons_do_not_share_a_registry():
    one, two = MetricsRegistry(), MetricsRegistry()
    one.count("tectonics_requests_total", "advance")
    assert one.snapshot()["tectonics_requests_total"] == {"advance": 1}
    assert "tectonics_requests_total" not in two.snapshot()


def test_the_combinations_of_labels_are_bounded_and_the_total_stays_right():
    metrics = MetricsRegistry()
    for n in range(CHILDREN_MAX + 50):
        metrics.count("tectonics_shed_total", f"w{n}")
    metrics.count("tectonics_shed_total", "w1")
    shown = metrics.snapshot()["tectonics_shed_total"]
    assert len(shown) == CHILDREN_MAX + 1
    assert shown["other"] == 50 and shown["w1"] == 2
    assert sum(shown.values()) == CHILDREN_MAX + 51


def test_gauge_sources_are_asked_when_shown_and_old_labels_go():
    metrics, level = MetricsRegistry(), {"critical": 2, "minor": 1}
    metrics.source("tectonics_alarms_active", lambda: level)
    metrics.source("tectonics_sessions", lambda: 7)
    assert metrics.snapshot()["tectonics_alarms_active"] == {"critical": 2, "minor": 1}
    level = {"major": 4}
    assert metrics.snapshot()["tectonics_alarms_active"] == {"major": 4}
    assert b"tectonics_sessions 7.0" in metrics.render()


def test_a_source_that_fails_does_not_hide_the_others():
    metrics = MetricsRegistry()

    def broken():
        raise RuntimeError("no figure today")

    metrics.source("tectonics_dispatching", broken)
    metrics.source("tectonics_sessions", lambda: 7)
    assert metrics.snapshot()["tectonics_sessions"] == 7


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**9))))
def test_a_counter_is_the_sum_of_what_was_counted(moves):
    metrics = MetricsRegistry()
    for label, by in moves:
        metrics.count("tectonics_requests_total", label, by=by)
    expected = {label: sum(by for name, by in moves if name == label) for label, _ in moves}
    assert metrics.snapshot().get("tectonics_requests_total", {}) == expected


def test_no_gauge_has_the_name_of_a_counter_without_its_ending():
    names = {d.name for d in DECLARATIONS}
    assert not {d.name.removesuffix("_total") for d in DECLARATIONS if d.kind == COUNTER} & names  # one family in OpenMetrics
