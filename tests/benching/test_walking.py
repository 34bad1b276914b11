"""Windows by turns, and what is made of them."""

import main
import pytest
import walking
import windows
from snmp_walks import at_moments


def test_the_order_favours_no_side():
    sides = [windows.is_with(window) for window in range(8)]
    assert sides == [False, True, True, False] * 2
    assert sum(window for window, side in enumerate(sides) if side) == sum(window for window, side in enumerate(sides) if not side)


def test_it_happens_in_its_windows_only():
    due = list(windows.moments(100.0, 116.5, 0.5))
    assert len(due) == 4 * windows.WINDOW_S / 0.5
    assert all(windows.is_with(int((one - 100.0) // windows.WINDOW_S)) for one in due) and due == sorted(due)


def test_sessions_stand_in_their_window_and_its_beginning_is_left_out():
    counted = windows.Windows(10.0, 10.0 + 2 * windows.WINDOW_S + 1)
    for moment_s in (9.9, 10.0 + windows.SETTLE_S / 2, 10.5, 10.5 + windows.WINDOW_S, 10.5 + 2 * windows.WINDOW_S):
        counted.session(moment_s, [0.001, 0.002, moment_s / 1000], "granted")
    assert [one["confirm"] for one in counted.latencies_ms()] == [[10.5], [10.5 + windows.WINDOW_S]]
    assert counted.outcomes == {"granted": 2}


def test_who_comes_too_late_leaves_it_out():
    import time
    now_s = time.monotonic()
    assert len(at_moments(lambda: None, iter([now_s - 9.0, now_s - 0.001]), 5.0)) == 1


def seen(without, beside):
    pattern = [without, beside, beside, without] * 5
    return {"windows": [dict.fromkeys(("dial", "choose", "confirm"), one) for one in pattern], "cpu_s": {"daemon": 3.0}, "others_cpu_s": 0.4,
            "seconds": 40.0, "outcomes": {"granted": 9}, "exhausted": False}


def test_ratios_and_their_range():
    chosen = main.arguments(["--walk", "v3", "--seconds", "40"])
    told = {"walks_ms": [3.0] * 20, "gets_ms": [1.0] * 399 + [9.0]}
    found = walking.summary(chosen, seen([1.0] * 99 + [10.0] * 2, [1.0] * 99 + [12.0] * 2), told,
                            {"variables": 47, "requests": 2.0, "cpu_ms": 1.0}, {"store": "sqlite"})
    dial = found["steps"]["dial"]
    assert (dial["without"]["p99"], dial["with"]["p99"], dial["p50_ratio"]) == (10.0, 12.0, 1.0)
    assert dial["p99_ratio"] == pytest.approx(1.2) and dial["p99_ratio_95"] == pytest.approx([1.2, 1.2])
    assert (found["walks_per_second"], found["gets_per_second"], found["get_ms"]["max"]) == (1.0, 20.0, 9.0)
    assert "dial p99" in walking.shown(found) and "1.200  (1.20 to 1.20)" in walking.shown(found)


def test_noise_makes_the_range_wide():
    low, high = walking.drawn([(1.0, 1.0), (1.0, 9.0), (9.0, 1.0)] * 5)
    assert low < 0.7 and high > 1.4 and walking.drawn([]) == [0.0, 0.0]


@pytest.mark.parametrize("given", ["--walk --overload", "--walk --repeat 2", "--walk --store postgres --processes 2"])
def test_it_is_a_measurement_of_its_own(given, capsys):
    with pytest.raises(SystemExit):
        main.arguments(given.split())
    assert "--walk" in capsys.readouterr().err


def test_what_is_offered_unless_said():
    assert main.arguments(["--walk"]).offered == walking.OFFERED and main.arguments(["--walk", "v3", "--offered", "9"]).offered == 9
