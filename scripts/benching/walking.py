"""What a manager that walks costs the dialogues: one open loop, without and with the manager in windows by turns.

Percentiles are over all samples of the windows of a side.  How far the machine's noise reaches is told beside the ratio of
the 99th: pairs of neighbouring windows are drawn again and again, and 95 of 100 such draws have their ratio in the range.
What a walk costs the daemon is measured beforehand, by many walks without any dialogue.
"""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import machine
from report import outcomes
from snmp_walks import COMMUNITY, PHRASES
from windows import WINDOW_S, is_with

from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import STEPS

HERE = Path(__file__).parent
OFFERED = 500.0  # sessions a second
WALK_EVERY_S, GET_EVERY_S = 1.0, 0.5
WALKS_ALONE = 200
STOP_S = 60.0
DRAWS, SEED = 1000, 133


def settings(directory: Path) -> dict:
    """The daemon's section `oam`, and its secrets in files of this directory."""
    for name, secret in zip(("snmp.community", "snmp.authentication", "snmp.privacy"), (COMMUNITY, *PHRASES), strict=True):
        (directory / name).write_text(secret + "\n")
    return {"snmp": {
        "endpoint": "udp:0:interface=127.0.0.1",
        "communities": [{"community_file": "snmp.community", "sources": ["127.0.0.1"]}],
        "users": [{"name": "bench", "authentication_file": "snmp.authentication", "privacy_file": "snmp.privacy"}]}}


def alone(node, version: str) -> dict:
    """Walks without any dialogue: requests and processor time of each."""
    before_s = machine.process_cpu_s(node.pid)
    with manager(node, version, {"walks": WALKS_ALONE}) as seen:
        pass
    return {"variables": seen["variables"], "requests": seen["asked"] / seen["walks"],
            "cpu_ms": 1000 * (machine.process_cpu_s(node.pid) - before_s) / seen["walks"]}


@contextmanager
def manager(node, version: str, plan: dict):
    """The manager's process is there; what it saw is in the mapping afterwards."""
    whole = {"address": node.ports["snmp"], "version": version, "walk_every_s": WALK_EVERY_S, "get_every_s": GET_EVERY_S, **plan}
    process = subprocess.Popen([sys.executable, HERE / "snmp_walks.py", json.dumps(whole)], stdout=subprocess.PIPE)
    seen: dict = {}
    try:
        yield seen
        seen |= json.loads(process.communicate(timeout=STOP_S)[0])
    finally:
        process.kill()
        process.wait()


def summary(chosen, seen: dict, told: dict, cost: dict, about: dict) -> dict:
    """The figures that are written. `told` is what the manager saw."""
    seconds = WINDOW_S * sum(map(is_with, range(len(seen["windows"]))))
    return {
        "version": chosen.walk, "offered_per_second": chosen.offered, "seconds": chosen.seconds, "window_s": WINDOW_S,
        "windows": len(seen["windows"]), "steps": {step: _compared([one[step] for one in seen["windows"]]) for step in STEPS},
        "get_ms": figures.latencies(told["gets_ms"]), "walk_ms": figures.latencies(told["walks_ms"]),
        "walks_per_second": figures.per_second(len(told["walks_ms"]), seconds),
        "gets_per_second": figures.per_second(len(told["gets_ms"]), seconds), "walk": cost,
        "processors": {part: figures.per_second(spent_s, seen["seconds"])
                       for part, spent_s in (seen["cpu_s"] | {"others": seen["others_cpu_s"]}).items()},
        "outcomes": seen["outcomes"], "exhausted": seen["exhausted"], **about}


def _compared(windows: Sequence[Sequence[float]]) -> dict:
    """One step, its samples window by window."""
    sides = {name: [one for window, one in enumerate(windows) if is_with(window) == walks]
             for name, walks in (("without", False), ("with", True))}
    found = {name: {key: value for key, value in figures.latencies(one for window in side for one in window).items() if key != "p95"}
             for name, side in sides.items()}
    pairs = [(_p99(first), _p99(second)) for first, second in zip(*sides.values(), strict=False)]
    return found | {f"{key}_ratio": _ratio(found["with"][key], found["without"][key]) for key in ("p50", "p99")} \
        | {"p99_ratio_95": drawn(pairs)}


def _p99(window: Sequence[float]) -> float:
    return figures.latencies(window)["p99"]


def _ratio(one: float, other: float) -> float:
    return one / other if other else 0.0


def drawn(pairs: Sequence[tuple[float, float]]) -> list[float]:
    """The range of the ratio of the sums (second to first) that 95 of 100 draws, with repetition, of as many pairs have."""
    chance, ratios = random.Random(SEED), []
    for _ in range(DRAWS if pairs else 0):
        firsts, seconds = zip(*chance.choices(pairs, k=len(pairs)), strict=True)
        ratios.append(_ratio(sum(seconds), sum(firsts)))
    ratios.sort()
    return [ratios[DRAWS // 40], ratios[-DRAWS // 40]] if ratios else [0.0, 0.0]


def shown(found: dict) -> str:
    """The figures for people."""
    rows = [("", "without", "with", "ratio", "")]
    for step, one in found["steps"].items():
        for key in ("p50", "p99"):
            reach = "  ({:.2f} to {:.2f})".format(*one["p99_ratio_95"]) if key == "p99" else ""
            rows.append((f"{step} {key}", f"{one['without'][key]:.2f} ms", f"{one['with'][key]:.2f} ms", f"{one[f'{key}_ratio']:.3f}", reach))
    head = (f"{found['offered_per_second']:g} sessions offered a second; in every second pair of {found['windows']} windows of "
            f"{found['window_s']:g} s a manager ({found['version']}) that makes {found['walks_per_second']:.2f} walks and "
            f"{found['gets_per_second']:.0f} GETs a second")
    get, walks, walk = found["get_ms"], found["walk_ms"], found["walk"]
    return "\n".join([
        "", head, "", *(f"{row[0]:<14}" + "".join(f"{cell:>12}" for cell in row[1:4]) + row[4] for row in rows), "",
        f"GET p50 {get['p50']:.2f} ms, p99 {get['p99']:.2f} ms, max {get['max']:.1f} ms",
        f"whole walk p50 {walks['p50']:.1f} ms, p99 {walks['p99']:.1f} ms",
        f"a walk: {walk['variables']} variables, {walk['requests']:.1f} requests, {walk['cpu_ms']:.2f} ms of the daemon's processor time",
        "processors: " + ", ".join(f"{part} {busy:.2f}" for part, busy in found["processors"].items()), outcomes(found)])
