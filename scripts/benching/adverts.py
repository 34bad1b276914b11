"""How many advertisements a second one daemon decides, commits and hands to a message centre, and what that costs dialogues:

    .venv/bin/python scripts/benching/adverts.py [--seconds S] [--sessions N] [--under-way N] [--json F]

Two phases over the same daemon (SQLite, fsync on): N whole sessions offered a second alone, then the same beside a
feed that tells low balances, each of somebody else, as fast as they are answered with so many under way.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import machine
import yaml
from bench import Bench, Phase
from engines import ENGINES
from nodes import running
from report import latencies

from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import GRANTED
from tectonics.simulators.smsc.process import CentreProcess

HERE = Path(__file__).parent
SUBSCRIBERS = 300_000
SENDING = {"sending": True, "quiet_from": "00:00", "quiet_to": "00:00"}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--seconds", type=float, default=10.0, help="measured in each phase")
    add("--sessions", type=float, default=100.0, help="whole sessions offered a second, in both phases")
    add("--under-way", type=int, default=100, help="balances told and not yet answered")
    add("--json", type=Path, metavar="F", help="write the figures to this file")
    chosen = parser.parse_args()
    chosen.store, chosen.subscribers, chosen.processes, chosen.concurrency = "sqlite", SUBSCRIBERS, 1, 200
    return chosen


def amend(directory: Path, centre: CentreProcess) -> None:
    """The daemon's configuration with a message centre, and with advertising switched on."""
    path = directory / "n1.yaml"
    document = yaml.safe_load(path.read_text())
    document["channels"]["sms_smpp"] = {"receipts": False, "accounts": [
        {"name": "centre", "address": centre.address, "sessions": 2, "per_second": 20_000}]}
    path.write_text(yaml.safe_dump(document | {"policy": {"advertising": SENDING}}))


@contextmanager
def teller(feed: tuple[str, int], under_way: int):
    """Tells low balances until it is ended."""
    plan = {"feed": feed, "subscribers": SUBSCRIBERS, "under_way": under_way}
    process = subprocess.Popen([sys.executable, HERE / "balances.py", json.dumps(plan)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def counted(directory: Path, name: str) -> dict:
    """A counter of the daemon, by its labels."""
    ask = [sys.executable, "-m", "tectonics.cli", "status", "--state", directory / "state-n1", "--json"]
    return json.loads(subprocess.run(ask, capture_output=True, check=True).stdout)["counters"].get(name, {})


def measured(chosen, directory: Path, centre: CentreProcess) -> dict:
    """Both phases."""
    bench = Bench(chosen, directory, ENGINES["sqlite"](directory), 2)
    amend(directory, centre)
    bench.fill()
    with running(directory, ["n1"]) as (nodes, ledger):
        alone = bench.run(Phase(0, chosen.seconds, chosen.sessions), nodes, ledger)
        with teller(nodes[0].ports["feed"], chosen.under_way):
            beside = bench.run(Phase(1, chosen.seconds, chosen.sessions), nodes, ledger)
            adverts, shed = counted(directory, "tectonics_adverts_total"), counted(directory, "tectonics_shed_total")
            seconds = chosen.seconds + 5.0 + 1.5  # of the phase, its warm-up and its start
            submits = centre.order("stats")["counts"].get("submitted", 0)
    return {"alone": told(alone), "beside": told(beside), "adverts_per_second": adverts.get("sent", 0) / seconds,
            "adverts": adverts, "shed": shed, "submits": submits, "machine": machine.describe()}


def told(seen: dict) -> dict:
    """Rate and latencies of the dialogues of one phase."""
    return {"sessions_per_second": figures.per_second(seen["outcomes"].get(GRANTED, 0), seen["seconds"]),
            "latency_ms_by_step": latencies(seen), "cpu_s": seen["cpu_s"]}


def shown(found: dict) -> str:
    """For people."""
    lines = [found["machine"], (f"advertisements  {found['adverts_per_second']:.0f} /s committed; {found['submits']} "
             f"messages at the centre; shed {found['shed'].get('advert', 0)}")]
    for name in ("alone", "beside"):
        steps = found[name]["latency_ms_by_step"]
        lines.append(f"{name:<8} {found[name]['sessions_per_second']:.0f} sessions/s, " + ", ".join(
            f"{step} p50 {steps[step]['p50']:.1f} p99 {steps[step]['p99']:.1f} ms" for step in ("dial", "confirm")))
    return "\n".join(lines)


def main() -> None:
    """Measures, prints, writes."""
    chosen, directory = arguments(), Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    centre = CentreProcess("--receipt-s", "0")
    try:
        found = measured(chosen, directory, centre.start())
    finally:
        centre.close()
        shutil.rmtree(directory)
    print(shown(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
