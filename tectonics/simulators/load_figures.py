"""The arithmetic of a measurement: what several load processes saw, as the figures that are shown.

A percentile is the smallest sample that so many per cent of the samples do not exceed (nearest rank):
it is a latency that somebody really had.  No samples give 0.0.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil

PERCENTILES = (50, 95, 99)


def percentile(rising: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of samples in rising order."""
    if not rising:
        return 0.0
    return rising[max(1, ceil(len(rising) * percent / 100)) - 1]


def latencies(samples_ms: Iterable[float]) -> dict[str, float]:
    """p50, p95, p99 and max of these samples."""
    rising = sorted(samples_ms)
    found = {f"p{percent}": percentile(rising, percent) for percent in PERCENTILES}
    return found | {"max": rising[-1] if rising else 0.0}


def merge(seen: Sequence[dict]) -> dict:
    """What all load processes saw together.

    Each is {"outcomes": {outcome: count}, "latencies_ms": {step: samples}}; sums and all samples.
    """
    outcomes: Counter[str] = Counter()
    samples: dict[str, list[float]] = {}
    for one in seen:
        outcomes.update(one["outcomes"])
        for step, values in one["latencies_ms"].items():
            samples.setdefault(step, []).extend(values)
    return {"outcomes": dict(outcomes), "latencies_ms": samples}


def per_second(count: int, seconds: float) -> float:
    """A rate; 0 when no time has passed."""
    return count / seconds if seconds > 0 else 0.0


def per_advance_ms(cpu_s: float, advances: int) -> float:
    """Milliseconds of processor time that one advance cost."""
    return cpu_s * 1000 / advances if advances else 0.0
