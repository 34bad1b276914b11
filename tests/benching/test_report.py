"""From what was seen to the figures: names that others rely on, arithmetic, and the text for people."""

from argparse import Namespace

import report

CHOSEN = Namespace(subscribers=1000, processes=1, concurrency=20)
ABOUT = {"store": "sqlite", "store_settings": "WAL", "machine": "a machine"}
CONTRACT = {"sessions_per_second", "advances_per_second", "recoveries_per_second", "latency_ms_p50", "latency_ms_p95",
            "latency_ms_p99", "latency_ms_by_step", "cpu_ms_per_advance", "rss_mb_max", "limit_per_second",
            "limit_ratio", "subscribers", "processes", "concurrency", "store", "machine"}


def seen(**changes):
    found = {"outcomes": {"granted": 95, "200 END No.": 5}, "seconds": 2.0, "advances": 96,
             "recoveries": (30, 1.5), "cpu_s": {"daemon": 0.48, "load": 0.096}, "rss_mb_max": 99.5,
             "others_cpu_s": 0.5,
             "latencies_ms": {"dial": [1.0, 3.0], "choose": [1.0], "confirm": [float(n) for n in range(1, 101)]},
             "memory": {"first": 80.0, "last": 99.0, "slope_per_minute": 1.0, "slope_per_minute_second_half": 0.0,
                        "samples": [[0.0, 80.0], [2.0, 99.0]]},
             "exhausted": False, "offered": 0.0}
    return found | changes


def test_the_figures_have_their_names_and_are_right():
    found = report.summary(CHOSEN, seen(), {"sessions": 800, "seconds": 4.0}, ABOUT)
    assert set(found) >= CONTRACT
    assert (found["sessions_per_second"], found["advances_per_second"], found["recoveries_per_second"]) == (50, 48, 20)
    assert (found["limit_per_second"], found["limit_ratio"]) == (200.0, 0.25)
    assert (found["latency_ms_p50"], found["latency_ms_p95"], found["latency_ms_p99"]) == (50.0, 95.0, 99.0)
    assert found["cpu_ms_per_advance"] == {"daemon": 5.0, "load": 1.0}
    assert found["processors_others"] == 0.25


def test_who_was_told_busy_had_no_whole_session():
    found = report.summary(CHOSEN, seen(outcomes={"granted": 10, "busy": 7, "busy at choose": 1}), report.NO_LIMIT, ABOUT)
    assert found["sessions_per_second"] == 5.0


def test_nothing_seen_is_zero_and_no_fault():
    nothing = seen(outcomes={}, advances=0, recoveries=(0, 0.0), latencies_ms={"dial": [], "choose": [], "confirm": []})
    found = report.summary(CHOSEN, nothing, report.NO_LIMIT, ABOUT)
    assert (found["sessions_per_second"], found["limit_ratio"], found["latency_ms_p99"]) == (0.0, 0.0, 0.0)
    assert found["cpu_ms_per_advance"] == {"daemon": 0.0, "load": 0.0}


def test_for_people():
    shown = report.shown(report.summary(CHOSEN, seen(), {"sessions": 800, "seconds": 4.0}, ABOUT))
    assert "whole sessions        50 /s" in shown
    assert "the same statements without the daemon); ratio 0.25" in shown
    assert "  confirm            50.0     95.0     99.0    100.0" in shown
    assert "outcomes: 95 x granted, 5 x 200 END No." in shown
    assert "ran out" not in shown and "MB a minute" not in shown


def test_for_people_what_is_not_as_usual():
    memory = seen()["memory"] | {"samples": [[0.0, 80.0]] * 4}
    shown = report.shown(report.summary(CHOSEN, seen(exhausted=True, memory=memory), report.NO_LIMIT, ABOUT))
    assert "ran out before the time did" in shown and "MB a minute" in shown
    assert "limit" not in shown


def test_the_books():
    assert "DO NOT agree: a; b" in report.books(["a", "b"])
    assert report.books([]).startswith("The books agree")


def test_figures_are_rounded_wherever_they_stand():
    assert report.rounded({"a": 1.23456, "b": [{"c": 2.00049}, 7, "x"], "d": True}) == {
        "a": 1.235, "b": [{"c": 2.0}, 7, "x"], "d": True}


def test_of_several_runs_the_middle_one_counts_and_all_are_named():
    runs = [{"sessions_per_second": rate} for rate in (30.0, 10.0, 20.00049)]
    found = report.middle(runs)
    assert found["sessions_per_second"] == 20.00049
    assert found["runs"] == [{"sessions_per_second": rate} for rate in (30.0, 10.0, 20.0)]
    assert report.middle(runs[:1]) == {"sessions_per_second": 30.0}
