"""The processes under measurement: daemons, each an origin of its own, and the ledger that several share.

One daemon keeps the prepaid ledger in its own process, as `scripts/run` does.  Several share one ledger
process (`tectonics ledger`), as several daemons share one billing system: so everybody can be served and
recharged through any of them.  All are ended here, whatever happens.
"""

import json
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

START_S, STOP_S, LOOK_S = 60.0, 30.0, 0.2


class Node:
    """A daemon that serves: its process and name -> (host, port) of its listeners."""

    def __init__(self, process, ports: dict[str, tuple[str, int]]) -> None:
        self.pid, self.ports = process.pid, ports


def ledger_file(directory: Path, count: int) -> Path:
    """Where the ledger of these daemons is."""
    return directory / ("ledger.db" if count > 1 else "state-n1/ledger.db")


def billing(directory: Path, count: int) -> dict:
    """The section of their configuration."""
    return {"kind": "ledger", "address": f"unix:{directory / 'ledger.sock'}"} if count > 1 else {"kind": "embedded"}


@contextmanager
def running(directory: Path, origins: list[str]):
    """(the daemons, the pid of the ledger process or None)."""
    with ExitStack() as stack:
        ledger = None
        if len(origins) > 1:
            command = ["ledger", "--db", ledger_file(directory, len(origins)),
                       "--listen", f"unix:{directory / 'ledger.sock'}"]
            ledger = stack.enter_context(_process(directory, "ledger", command)).pid
        yield [stack.enter_context(_node(directory, origin)) for origin in origins], ledger


def log_tails(directory: Path) -> str:
    """The ends of all their logs."""
    return "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(directory.glob("*.log")))


@contextmanager
def _node(directory: Path, origin: str):
    state = directory / f"state-{origin}"
    with _process(directory, origin, ["run", "--config", directory / f"{origin}.yaml", "--state", state]) as process:
        yield Node(process, _listeners(process, directory, state))


@contextmanager
def _process(directory: Path, name: str, command: list):
    with open(directory / f"{name}.log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "tectonics.cli", *command], stdout=log, stderr=log)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)
    finally:
        process.kill()
        process.wait()


def _listeners(process, directory: Path, state: Path) -> dict[str, tuple[str, int]]:
    ask = [sys.executable, "-m", "tectonics.cli", "status", "--state", state, "--json"]
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        answer = subprocess.run(ask, capture_output=True, check=False)
        if answer.returncode == 0 and (status := json.loads(answer.stdout))["state"] == "serving":
            return {one["name"]: _address(one["address"]) for one in status["listeners"]}
        time.sleep(LOOK_S)
    sys.exit(f"the daemon did not start:\n{log_tails(directory)}")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
