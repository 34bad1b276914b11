"""Looking for inputs of one parser, until the time is over or the contract is broken.

Guided: atheris (libFuzzer) sees which branches an input takes and goes on from what is new.  Where it is
not installed, hypothesis puts words and mutations together, and what takes a new way is kept.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from tests.fuzz.entries import FOLDER
from tests.fuzz.mutations import inputs
from tests.fuzz.parsers import load
from tests.fuzz.tracing import trace

GUIDED = Path(__file__).with_name("guided.py")
GRACE_S = 60  # for starting, and for an input that hangs
BATCH = 200  # examples of hypothesis between two looks at the time


@dataclass(slots=True)
class Found:
    """What one hunt brought home; `breaking` broke the contract."""

    inputs: list[bytes] = field(default_factory=list)
    breaking: bytes | None = None
    runs: int = 0


def is_guided() -> bool:
    """Whether atheris is installed."""
    return find_spec("atheris") is not None


def guided(parser: str, seconds: int, seed_number: int) -> Found:
    """A hunt under atheris."""
    (FOLDER / parser).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="fuzz-") as name:
        folder, log = Path(name), Path(name) / "log"
        with log.open("wb") as output:
            ended = subprocess.run([sys.executable, GUIDED, parser, folder, str(seconds), str(seed_number)],
                                   stdout=output, stderr=subprocess.STDOUT, check=False,
                                   timeout=seconds + GRACE_S, env={**os.environ, "PYTHONHASHSEED": "0"})
        new = folder / "new"
        found = Found([path.read_bytes() for path in sorted(new.iterdir())] if new.is_dir() else [])
        found.runs = _runs(log.read_text(errors="replace"))
        broken = [*folder.glob("crash-*"), *folder.glob("timeout-*"), *folder.glob("oom-*")]
        found.breaking = broken[0].read_bytes() if broken else None
        if ended.returncode and not broken:
            raise SystemExit(f"atheris failed on {parser}:\n{log.read_text(errors='replace')[-3000:]}")
        return found


def _runs(log: str) -> int:
    counts = [int(word[1:]) for word in log.split() if word[:1] == "#" and word[1:].isdecimal()]
    return max(counts, default=0)


def unguided(parser: str, seconds: int, seed_number: int) -> Found:
    """A hunt in hypothesis's own loop."""
    check, found, known = load(parser).check, Found(), set()
    until, number = time.monotonic() + seconds, seed_number
    while time.monotonic() < until and found.breaking is None:
        _batch(parser, check, found, known, number)
        number += 1
    return found


def _batch(parser: str, check, found: Found, known: set, number: int) -> None:
    @seed(number)
    @settings(max_examples=BATCH, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(inputs(parser))
    def run(data: bytes) -> None:
        found.runs += 1
        try:
            arcs = trace(check, data).arcs
        except HypothesisException:
            raise
        except Exception:
            found.breaking = data
            raise
        if not arcs <= known:
            known.update(arcs)
            found.inputs.append(data)

    try:
        run()
    except Exception:
        if found.breaking is None:
            raise
