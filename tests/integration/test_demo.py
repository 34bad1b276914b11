"""The demo is a test: every step holds."""

import json
import subprocess
import sys

from tectonics.simulators.daemon_process import CHECKOUT


def test_every_step_of_the_demo_holds():
    done = subprocess.run([sys.executable, "-m", "tectonics.simulators.demo", "--json"], cwd=CHECKOUT,
                          capture_output=True, text=True, timeout=120, check=False)
    report = json.loads(done.stdout or "null")
    assert report is not None, done.stderr
    assert [one for one in report["checks"] if not one["held"]] == []
    assert len(report["checks"]) > 100
    assert report["passed"] and done.returncode == 0
