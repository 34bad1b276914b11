"""The figures of an overload: what the same daemon did at four fifths of what it can serve, and at five times that.

Multiple 0 is the closed loop, by which "what it can serve" was found.

Every session that was offered is in one of these: admitted (granted, whatever came in between), told "busy"
when it dialled (one honest screen), broken off (told "busy" or anything else in the midst of it), unsent (the
generator's bound of sessions under way was reached: nothing came back for that long), nothing (no answer).
"""

from collections.abc import Sequence

from report import latencies, outcomes

from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import BUSY, GRANTED, NOTHING
from tectonics.simulators.load_offered import UNSENT

LINES = (("offered", "offered_per_second", "{:.0f} /s"), ("admitted", "admitted_per_second", "{:.0f} /s"),
         ("told busy", "busy", "{}"), ("broken off", "broken_off", "{}"), ("unsent", "unsent", "{}"),
         ("no answer", "nothing", "{}"))
STEPS = (("dial p50", "dial", "p50"), ("dial p99", "dial", "p99"), ("confirm p50", "confirm", "p50"),
         ("confirm p99", "confirm", "p99"), ("busy p99", BUSY, "p99"), ("generator late p99", "late", "p99"))


def at_rate(times: float, seen: dict) -> dict:
    """The figures of one phase."""
    ended, arrived = seen["outcomes"], sum(seen["outcomes"].values())
    counted = {name: ended.get(name, 0) for name in (BUSY, UNSENT, NOTHING)}
    granted = ended.get(GRANTED, 0)
    return {
        "times": times, "offered_per_second": figures.per_second(arrived, seen["seconds"]),
        "admitted_per_second": figures.per_second(granted, seen["seconds"]), "arrived": arrived,
        "granted": granted, **counted, "broken_off": arrived - granted - sum(counted.values()),
        "latency_ms_by_step": latencies(seen),
        "processors": {part: figures.per_second(spent_s, seen["seconds"])
                       for part, spent_s in (seen["cpu_s"] | {"others": seen["others_cpu_s"]}).items()},
        "outcomes": ended, "exhausted": seen["exhausted"],
    }


def summary(rate: float, at: Sequence[tuple[float, dict]], about: dict) -> dict:
    """The figures that are written."""
    return {"sessions_per_second": rate, "overload": [at_rate(*one) for one in at], **about}


def shown(found: dict) -> str:
    """The figures for people: a column for each phase."""
    phases = found["overload"]
    rows = [("", *map(_title, phases))]
    rows += [(name, *(how.format(phase[key]) for phase in phases)) for name, key, how in LINES]
    rows += [(name, *(_ms(phase, step, column) for phase in phases)) for name, step, column in STEPS]
    rows += [(f"processors, {part}", *(f"{phase['processors'][part]:.2f}" for phase in phases))
             for part in phases[0]["processors"]]
    lines = ["", f"1 x is {found['sessions_per_second']:.0f} whole sessions a second", "",
             *(f"{row[0]:<22}" + "".join(f"{cell:>14}" for cell in row[1:]) for row in rows), ""]
    return "\n".join(lines + [f"{_title(phase)}, {outcomes(phase)}" for phase in phases])


def _title(phase: dict) -> str:
    return f"{phase['times']:g} x" if phase["times"] else "closed loop"


def _ms(phase: dict, step: str, column: str) -> str:
    values = phase["latency_ms_by_step"].get(step)
    return f"{values[column]:.1f} ms" if values else "-"
