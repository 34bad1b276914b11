"""One SNMP manager in a process of its own: full bulk walks of the module and GETs, each at its moments (windows.py).

Its argument is a JSON object: the agent's address, `version` (v2c, v3), and either `walks`, made without a pause, or the
`begin_s` and `end_s` of the load with `walk_every_s` and `get_every_s`.  What it saw goes to stdout as JSON.  What it comes too
late for, by more than a period, is left out and missing in its figures.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator

from windows import moments

from tectonics.simulators.snmp_manager import SnmpManager, V3User

MODULE = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 133)
GRANTED = (*MODULE, 1, 2, 1, 3, 7, *b"advance")  # tectonicsServiceGranted
COMMUNITY = "bench"
PHRASES = "authentication", "privacy phrase"


def manager(plan: dict) -> SnmpManager:
    """Of the version that is asked for; it has learned what it must."""
    made = SnmpManager(tuple(plan["address"]), V3User("bench", *PHRASES) if plan["version"] == "v3" else COMMUNITY.encode())
    made.get(GRANTED)
    made.asked = 0
    return made


def at_moments(work: Callable[[], object], due: Iterator[float], late_s_max: float) -> list[float]:
    """Does it at each moment; how long each took, in ms from the moment it was due."""
    took_ms = []
    for due_s in due:
        time.sleep(max(0.0, due_s - time.monotonic()))
        if time.monotonic() - due_s <= late_s_max:
            work()
            took_ms.append(1000 * (time.monotonic() - due_s))
    return took_ms


def beside(plan: dict) -> dict:
    """Walks and GETs while the load goes on."""
    walker, getter, found = manager(plan), manager(plan), {}

    def turn(name: str, every_s: float, work: Callable[[], object]) -> None:
        found[name] = at_moments(work, moments(plan["begin_s"], plan["end_s"], every_s), every_s)

    works = [("walks_ms", plan["walk_every_s"], lambda: list(walker.walk(MODULE))), ("gets_ms", plan["get_every_s"], lambda: getter.get(GRANTED))]
    threads = [threading.Thread(target=turn, args=work) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def alone(plan: dict) -> dict:
    """Walks without a pause."""
    walker = manager(plan)
    variables = [len(list(walker.walk(MODULE))) for _ in range(plan["walks"])]
    return {"walks": plan["walks"], "variables": variables[-1], "asked": walker.asked}


if __name__ == "__main__":
    PLAN = json.loads(sys.argv[1])
    json.dump(alone(PLAN) if PLAN.get("walks") else beside(PLAN), sys.stdout)
