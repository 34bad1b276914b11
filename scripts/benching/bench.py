"""One database under measurement: it is filled, daemons are started over it, loaded and ended, and their books read.

A phase is one stretch of load: a closed loop of so many sessions at a time, or so many offered a second.
All processes are ours and are ended here, whatever happens.
"""

import json
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import machine
import memory
import walking
from books import Books
from nodes import billing, ledger_file, running
from people import borrowers, configure, fill_ledger

from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import GRANTED

HERE = Path(__file__).parent
WARM_S = 5.0
RECHARGE_S_MAX = 30.0  # of recharges afterwards; half as long as the sessions where that is less
LOAD_START_S = 1.5  # until the load processes are there
BORROWERS_PER_SECOND = 5_000  # who have an account in the ledger; more than can be served
UNDER_WAY_MAX = 900  # sessions of an open loop, a connection each; the daemon takes 1000 connections
NORMAL, FIVEFOLD = 0.8, 5.0  # of the closed loop's rate
SEED = 133  # of the arrivals


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of load; `offered` sessions a second, 0 is the closed loop. `turn` chooses the people."""

    turn: int
    seconds: float
    offered: float = 0.0
    warm_s: float = WARM_S
    recharge_s: float = 0.0
    windows: bool = False  # latencies window by window


class Bench:
    """One database, measured once or several times; its people are shared out among `turns` phases."""

    def __init__(self, chosen, directory: Path, engine, turns: int) -> None:
        self._chosen, self._directory, self._engine = chosen, directory, engine
        self._turns = turns
        self._origins = [f"n{number}" for number in range(1, chosen.processes + 1)]
        self._borrowers = min(int((WARM_S + chosen.seconds) * BORROWERS_PER_SECOND),
                              chosen.subscribers // 2 // turns)  # in one phase
        count, self._ledger = chosen.processes, ledger_file(directory, chosen.processes)
        oam = walking.settings(directory) if chosen.walk else None
        settings = [configure(directory, origin, engine.settings, billing(directory, count), oam)
                    for origin in self._origins]
        self._settings = settings[0]  # they differ by the origin alone

    def fill(self) -> None:
        """The subscribers, and the accounts of those who will borrow."""
        chosen, now = self._chosen, int(time.time() * 1000)
        self._ledger.parent.mkdir(parents=True, exist_ok=True)
        self._engine.fill(self._settings, chosen.subscribers, now)
        fill_ledger(self._ledger, self._settings,
                    borrowers(chosen.subscribers, self._borrowers * self._turns), now)

    def measure(self, turn: int) -> tuple[dict, list[str]]:
        """Daemons and one phase: what was seen and found, and what does not agree in the books."""
        seconds = self._chosen.seconds
        phase = Phase(turn, seconds, self._chosen.offered, recharge_s=min(seconds / 2, RECHARGE_S_MAX))
        with running(self._directory, self._origins) as (nodes, ledger):
            seen = self.run(phase, nodes, ledger)
            seen["rss_mb_max"] = max(machine.rss_max_mb(node.pid) for node in nodes)
        with closing(self._engine.connection()) as connection:
            books = Books(connection, [self._ledger])
            seen |= {"advances": books.advances(seen["window_ms"]),
                     "recoveries": books.recoveries(seen["window_ms"][1])}
            return seen, books.check()

    def limit(self) -> dict:
        """What the engine does without the daemon: sessions and seconds."""
        chosen = self._chosen
        self._engine.settle()
        found = self._engine.limit(self._settings, chosen.seconds, chosen.concurrency, chosen.subscribers,
                                   int(time.time() * 1000))
        self._engine.settle()
        return found

    def overload(self, rate: float) -> tuple[float, list[tuple[float, dict]], list[str]]:
        """The closed loop's rate, what was seen at each multiple of it, and the books.

        Where `rate` is 0 the closed loop is measured first, and is there as multiple 0.
        """
        seconds, at = self._chosen.seconds, []
        with running(self._directory, self._origins) as (nodes, ledger):
            if not rate:
                at.append((0.0, self.run(Phase(0, seconds), nodes, ledger)))
                rate = figures.per_second(at[0][1]["outcomes"].get(GRANTED, 0), seconds)
            at += [(times, self.run(Phase(turn, seconds, times * rate), nodes, ledger))
                   for turn, times in enumerate((NORMAL, FIVEFOLD), 1)]
        with closing(self._engine.connection()) as connection:
            return rate, at, Books(connection, [self._ledger]).check()

    def walked(self) -> tuple[dict, dict, dict, list[str]]:
        """What was seen, what the manager saw who walked in some of the windows, what a walk costs, and the books."""
        chosen = self._chosen
        with running(self._directory, self._origins) as (nodes, ledger):
            cost = walking.alone(nodes[0], chosen.walk)
            phase = Phase(0, chosen.seconds, chosen.offered, windows=True)
            shared = self._plan(phase)
            with walking.manager(nodes[0], chosen.walk, {name: shared[name] for name in ("begin_s", "end_s")}) as told:
                seen = self.run(phase, nodes, ledger, shared)
        with closing(self._engine.connection()) as connection:
            return seen, told, cost, Books(connection, [self._ledger]).check()

    def run(self, phase: Phase, nodes: list, ledger: int | None, shared: dict | None = None) -> dict:
        """What the loads saw together, and the processor time and memory between the two moments; `shared` is their plan."""
        shared = shared or self._plan(phase)
        loads = self._start_loads(phase, nodes, shared)
        try:
            time.sleep(max(0.0, shared["begin_s"] - time.monotonic()))
            before, begin_ms, busy_s = self._cpu_s(nodes, ledger, loads), time.time() * 1000, machine.busy_s()
            samples = memory.watch([node.pid for node in nodes], shared["end_s"])
            after, end_ms, busy_s = self._cpu_s(nodes, ledger, loads), time.time() * 1000, machine.busy_s() - busy_s
            seen = [json.loads(load.communicate()[0]) for load in loads]
        finally:
            for load in loads:
                load.kill()
                load.wait()
        cpu_s = {part: after[part] - before[part] for part in before}
        return figures.merge(seen) | {
            "cpu_s": cpu_s, "others_cpu_s": max(0.0, busy_s - sum(cpu_s.values())), "window_ms": (begin_ms, end_ms),
            "seconds": (end_ms - begin_ms) / 1000, "exhausted": any(one["exhausted"] for one in seen),
            "memory": memory.figures(samples), "offered": phase.offered, "windows": seen[0].get("windows", [])}

    def _plan(self, phase: Phase) -> dict:
        """What all load processes are told."""
        arrive_s = time.monotonic() + LOAD_START_S
        texts = self._settings.catalogue.texts[self._settings.catalogue.default]
        return {"arrive_s": arrive_s, "begin_s": arrive_s + phase.warm_s,
                "end_s": arrive_s + phase.warm_s + phase.seconds, "recharge_s": phase.recharge_s, "windows": phase.windows,
                "subscribers": self._chosen.subscribers, "until": (phase.turn + 1) * self._borrowers,
                "step": len(self._origins), "currency": self._settings.seed_policy().currency,
                "granted_mark": texts["result.granted"].partition("$")[0], "busy_mark": texts["busy"]}

    def _start_loads(self, phase: Phase, nodes: list, shared: dict) -> list:
        """One load process for each daemon, with its share of the people and of the load."""
        share, more = divmod(UNDER_WAY_MAX if phase.offered else self._chosen.concurrency, len(nodes))
        own = [{"ussd": node.ports["ussd_http"], "feed": node.ports["feed"],
                "first": phase.turn * self._borrowers + index, "prefix": f"B{phase.turn}-{index}-",
                "concurrency": share + (index < more), "offered": phase.offered / len(nodes),
                "seed": SEED + index} for index, node in enumerate(nodes)]
        command = [sys.executable, HERE / "load.py"]
        return [subprocess.Popen([*command, json.dumps(shared | one)], stdout=subprocess.PIPE) for one in own]

    def _cpu_s(self, nodes: list, ledger: int | None, loads: list) -> dict[str, float]:
        """Processor time so far."""
        pids = [node.pid for node in nodes]
        daemons_s, database_s = sum(map(machine.process_cpu_s, pids)), self._engine.cpu_s(pids)
        if self._engine.name == "sqlite":  # works in the daemon's own process
            daemons_s -= database_s
        found = {"daemon": daemons_s, "database": database_s,
                 "load": sum(machine.process_cpu_s(load.pid) for load in loads)}
        return found if ledger is None else found | {"ledger": machine.process_cpu_s(ledger)}
