"""The real thing: ledger and daemon as processes, killed with `kill -9` at random moments under traffic.

Ten kills of each, for each thing that a billing system may promise; scripts/soak does it hundreds of
times.  The seed stands in the failure: `scripts/soak --kills 10 --seed S --mode M --keep` repeats its
people and its killers (not the operating system).
"""

import json
import os
import random
import signal
import subprocess
import sys

import pytest

from tests.house.source import ROOT

KILLS = 10
MODES = ("deduplicates", "readable")
SEED = random.SystemRandom().randrange(1_000_000)


@pytest.fixture(scope="module")
def soaks():
    """Both runs at once: most of their time is waiting."""
    command = [sys.executable, str(ROOT / "scripts/soaking/main.py"), "--kills", str(KILLS), "--seed", str(SEED),
               "--subscribers", "120", "--json", "--mode"]
    running = {mode: subprocess.Popen([*command, mode], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) for mode in MODES}
    yield running
    for process in running.values():
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # it ends its own processes first
        process.wait()


@pytest.mark.parametrize("mode", MODES)
def test_killed_at_random_moments_every_book_agrees(soaks, mode):
    output, errors = soaks[mode].communicate()
    assert output, errors
    report = json.loads(output)
    assert report["complaints"] == [], f"seed {SEED}, mode {mode}: {errors}"
    assert report["kills"] == {"daemon": KILLS, "ledger": KILLS}
    assert report["advances"] > 50 and report["recoveries"] > 50
    assert report["recovered_minor"] > report["lent_minor"]
