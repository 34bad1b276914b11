"""How much memory the daemons have while they are loaded, and whether it still grows.

A sample is (seconds since the first, the memory of the largest daemon in MB).  What a daemon keeps on
purpose fills up first and then stays: sessions that have ended, known accounts.  So the slope is shown twice:
of all samples, and of the second half alone, which is what "flat" means.
"""

import time
from collections.abc import Sequence

from machine import rss_mb

EVERY_S = 10.0
Sample = tuple[float, float]


def watch(pids: Sequence[int], end_s: float, every_s: float = EVERY_S) -> list[Sample]:
    """Samples until the moment `end_s` of the monotonic clock, the first now, the last then."""
    begun_s, found = time.monotonic(), []
    while True:
        now_s = time.monotonic()
        found.append((now_s - begun_s, max(map(rss_mb, pids))))
        if now_s >= end_s:
            return found
        time.sleep(max(0.0, min(begun_s + len(found) * every_s, end_s) - now_s))


def slope_per_minute(samples: Sequence[Sample]) -> float:
    """The line of least squares through the samples: MB a minute; 0.0 where they are no line."""
    if len(samples) < 2:
        return 0.0
    mid_s, mid_mb = (sum(column) / len(samples) for column in zip(*samples, strict=True))
    spread = sum((at_s - mid_s) ** 2 for at_s, _ in samples)
    return 60 * sum((at_s - mid_s) * (mb - mid_mb) for at_s, mb in samples) / spread if spread else 0.0


def figures(samples: Sequence[Sample]) -> dict:
    """What is shown of them."""
    return {"first": samples[0][1], "last": samples[-1][1], "slope_per_minute": slope_per_minute(samples),
            "slope_per_minute_second_half": slope_per_minute(samples[len(samples) // 2:]),
            "samples": [list(sample) for sample in samples]}


def line(found: dict) -> str:
    """One line of it, for people."""
    samples = found["samples"]
    return (f"memory of a daemon {found['first']:.0f} MB at first, {found['last']:.0f} MB after {samples[-1][0]:.0f} s: "
            f"{found['slope_per_minute']:+.2f} MB a minute, {found['slope_per_minute_second_half']:+.2f} in the second half")
