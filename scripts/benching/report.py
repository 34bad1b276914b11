"""What was seen, as the figures that are written (JSON) and shown."""

import memory

from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import BUSY

COLUMNS = ("p50", "p95", "p99", "max")
NO_LIMIT = {"sessions": 0, "seconds": 0.0}


def summary(chosen, seen: dict, limit: dict, about: dict) -> dict:
    """The figures of a measurement under the names that others rely on; `about`: the store and the machine."""
    steps = latencies(seen)
    whole = sum(count for outcome, count in seen["outcomes"].items() if not outcome.startswith(BUSY))
    sessions_per_second = figures.per_second(whole, seen["seconds"])
    limit_per_second = figures.per_second(limit["sessions"], limit["seconds"])
    return {
        "sessions_per_second": sessions_per_second,
        "advances_per_second": figures.per_second(seen["advances"], seen["seconds"]),
        "recoveries_per_second": figures.per_second(*seen["recoveries"]),
        **{f"latency_ms_{name}": steps["confirm"][name] for name in ("p50", "p95", "p99")},
        "latency_ms_by_step": steps,
        "cpu_ms_per_advance": {part: figures.per_advance_ms(spent_s, seen["advances"])
                               for part, spent_s in seen["cpu_s"].items()},
        "processors_others": figures.per_second(seen["others_cpu_s"], seen["seconds"]),
        "rss_mb_max": seen["rss_mb_max"], "rss_mb": seen["memory"],
        "limit_per_second": limit_per_second,
        "limit_ratio": sessions_per_second / limit_per_second if limit_per_second else 0.0,
        "offered_per_second": seen["offered"],
        "subscribers": chosen.subscribers, "processes": chosen.processes, "concurrency": chosen.concurrency,
        "seconds": seen["seconds"], "outcomes": seen["outcomes"], "exhausted": seen["exhausted"], **about,
    }


def latencies(seen: dict) -> dict[str, dict[str, float]]:
    """Of each step, p50, p95, p99 and max."""
    return {step: figures.latencies(samples) for step, samples in seen["latencies_ms"].items()}


def rounded(value):
    """Figures with three decimals; more would not be true."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


def middle(runs: list[dict]) -> dict:
    """The run with the middle rate; several are named beside it."""
    chosen = sorted(runs, key=lambda run: run["sessions_per_second"])[len(runs) // 2]
    return chosen | ({"runs": [rounded(run) for run in runs]} if len(runs) > 1 else {})


def shown(found: dict) -> str:
    """The figures of a measurement for people."""
    rates = [("whole sessions", "sessions_per_second", ""), ("advances", "advances_per_second", ""),
             ("recoveries", "recoveries_per_second", "  (recharges on the feed, afterwards)")]
    if found["limit_per_second"]:
        how = "pgbench, the same statements one by one" if found["store"] == "postgres" \
            else "the same statements without the daemon"
        rates.append(("limit", "limit_per_second", f"  ({how}); ratio {found['limit_ratio']:.2f}"))
    lines = ["", *(f"{name:<15} {found[key]:>8.0f} /s{more}" for name, key, more in rates), "",
             *table(found["latency_ms_by_step"]), "",
             "processor time per advance, ms: "
             + ", ".join(f"{part} {ms:.2f}" for part, ms in found["cpu_ms_per_advance"].items()),
             f"processors that others kept busy: {found['processors_others']:.2f}",
             f"memory of a daemon at most {found['rss_mb_max']:.0f} MB"]
    if len(found["rss_mb"]["samples"]) > 3:
        lines.append(memory.line(found["rss_mb"]))
    return "\n".join([*lines, outcomes(found)])


def table(steps: dict[str, dict[str, float]]) -> list[str]:
    """The latencies by step, a line each."""
    return ["latency, ms     " + "".join(f"{name:>9}" for name in COLUMNS),
            *(f"  {step:<14}" + "".join(f"{values[name]:>9.1f}" for name in COLUMNS)
              for step, values in steps.items())]


def outcomes(found: dict) -> str:
    """How many ended how, and whether there were enough of them."""
    text = "outcomes: " + ", ".join(f"{count} x {what}" for what, count in found["outcomes"].items())
    return text + ("\nThe subscribers ran out before the time did: the rates are too low; give more --subscribers."
                   if found["exhausted"] else "")


def books(wrong: list[str]) -> str:
    """Whether the books agree."""
    return "The books DO NOT agree: " + "; ".join(wrong) if wrong else \
        "The books agree: store, ledger and ticket numbers."
