"""PostgreSQL, daemons and ledger as processes, killed at random moments under traffic; and two daemons hammered.

Ten kills of each, also of a daemon and the server at the same moment: with one daemon over a ledger that
recognises repetitions, with two daemons over one that does not.  scripts/soak does it hundreds of times.
The seed stands in the failure: `scripts/soak --store postgres --kills 10 --seed S --mode M --keep`, with
`--daemons 2` for the second, repeats the people and the killers (not the operating system).
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
SEED = random.SystemRandom().randrange(1_000_000)
SCRIPT = [sys.executable, str(ROOT / "scripts/soaking/main.py"), "--json", "--seed", str(SEED)]
KILLED = ["--store", "postgres", "--kills", str(KILLS), "--subscribers", "120"]
RUNS = {"one": [*KILLED, "--mode", "deduplicates"], "two": [*KILLED, "--mode", "readable", "--daemons", "2"],
        "hammer": ["--hammer", "3", "--mode", "readable"]}


def begin(arguments):
    return subprocess.Popen([*SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # it ends its own processes first
    process.communicate()


def report_of(process):
    output, errors = process.communicate()
    assert output, errors
    report = json.loads(output)
    assert report["complaints"] == [], f"seed {SEED}: {errors}"
    assert report["recovered_minor"] > report["lent_minor"] > 0
    return report


@pytest.fixture(scope="module")
def soaks():
    """All runs at once: most of their time is waiting."""
    running = {name: begin(arguments) for name, arguments in RUNS.items()}
    yield running
    for process in running.values():
        end(process)


@pytest.mark.parametrize("name, daemons", [("one", ["daemon"]), ("two", ["n1", "n2"])])
def test_killed_at_random_moments_every_book_agrees(soaks, name, daemons):
    report = report_of(soaks[name])
    assert report["kills"] == dict.fromkeys([*daemons, "ledger", "postgres", "both"], KILLS)
    assert report["advances"] > 5 and report["recoveries"] > 5  # some 200 as a rule, 13 in a slow hour


def test_who_confirms_with_two_daemons_at_the_same_moment_gets_one_advance(soaks):
    report = report_of(soaks["hammer"])
    assert report["sessions"] >= 4 * report["advances"] > 200
    assert all(count > 0 for count in report["tickets"].values())
    assert report["granted_though_busy"] == 0
