"""The processes that are killed, and the one that is not.

A daemon that cannot reach its database when it starts says so in one sentence and ends; whoever runs it
(systemd) starts it again, and so does `Victim.serves`.  Nobody may end by himself for any other reason.
"""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLI = (sys.executable, "-m", "tectonics.cli")
LATER = Path(__file__).with_name("an_hour_later.py")
STOP_S = 20.0
LEASE_S = 5
NO_DATABASE = "cannot start: the database"
LAST_WORDS_BYTES, LAST_LINES = 4096, 4  # PostgreSQL says why in several lines


class Victim:
    """A process that can be started again and again; all its lives log into one file."""

    def __init__(self, name: str, arguments: list[str], log: Path, address: tuple[str, int] | str) -> None:
        self.name, self.kills = name, 0
        self.turned_away = 0  # lives that ended because there was no database
        self.turn = threading.Lock()  # of whoever kills it, until it has been started again
        self._address = address  # where it serves: host and port, or the path of a socket
        self._arguments, self._log = arguments, log
        self._launcher: tuple[str, ...] = CLI
        self.process: subprocess.Popen | None = None

    def start(self, *launcher: str) -> None:
        """A new life; `launcher` in the place of the ordinary one."""
        self._launcher = launcher or CLI
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*self._launcher, *self._arguments], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=log, cwd=ROOT)

    def serves(self) -> bool:
        """Whether it takes connections; starts it again if it could not start without its database."""
        if self.turn.acquire(blocking=False):
            try:
                if self.process.poll() is not None:
                    self._excuse()
                    self.start(*self._launcher)
            finally:
                self.turn.release()
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex(self._address) == 0

    def kill(self) -> None:
        """kill -9. An AssertionError when it had ended by itself without a good reason."""
        if self.process.poll() is not None:
            self._excuse()
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def _excuse(self) -> None:
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - LAST_WORDS_BYTES))
            last = log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        assert self.process.returncode == 1 and any(NO_DATABASE in line for line in last), (
            f"{self.name} ended by itself with {self.process.returncode}, see {self._log}")
        self.turned_away += 1

    def stop(self) -> int:
        """SIGTERM; the exit code, -9 when that was not enough."""
        if self.process is None or self.process.poll() is not None:
            return 0 if self.process is None else self.process.returncode
        self.process.terminate()
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def faults(self) -> list[str]:
        """What must not stand in its log."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return [line for line in lines if "Traceback" in line or "Unhandled" in line or " critical " in line]


@dataclass(frozen=True)
class Node:
    """A daemon's name and its ports of loopback."""

    origin: str
    ussd: int
    feed: int
    tickets: int


class Traffic:
    """The load process."""

    def __init__(self, directory: Path, nodes: Sequence[Node], **settings) -> None:
        self.journal = directory / "journal"
        self.consumed = {node.origin: directory / f"consumed-{node.origin}" for node in nodes}
        self._directory, self._log = directory, directory / "traffic.log"
        settings["nodes"] = [asdict(node) for node in nodes]
        (directory / "traffic.json").write_text(json.dumps(settings))
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Everybody begins."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, str(ROOT / "scripts/soaking/traffic.py"),
                                             str(self._directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True, cwd=ROOT, env=environment())

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def say(self, word: str) -> None:
        """`finish` or `end`."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def heard(self, seconds: float) -> str:
        """Its next line; `nothing` after so many seconds."""
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self.process.stdout.readline().strip() if readable else "nothing"


def environment() -> dict[str, str]:
    """With the checkout on the path, for scripts that are run by their file."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has at this moment; the peers must find them again after each restart."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_until(met, seconds: float, what: str, poll_s: float = 0.1) -> None:
    """Looks again until `met()`; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"{what} did not come within {seconds:g} s"
        time.sleep(poll_s)


def write_settings(directory: Path, node: Node, store: dict) -> Path:
    """The settings of a daemon, as JSON, which is YAML."""
    ussd, feed, tickets = (f"tcp:{port}:interface=127.0.0.1" for port in (node.ussd, node.feed, node.tickets))
    settings = {
        "node": {"name": node.origin}, "store": store,
        "channels": {"ussd_http": {"endpoint": ussd}, "email": {"endpoint": ""}},
        "oam": {"snmp": {"endpoint": ""}},
        "feeds": {"tcp": feed}, "web": {"endpoint": ""}, "demo": {"subscribers": False},
        "tickets": {"stream": "", "acknowledged": tickets, "ping_s": 5},
        "messages": {"directory": str(ROOT / "etc/messages")},
        "billing": {"kind": "ledger", "address": f"unix:{directory / 'ledger.sock'}",
                    "embedded": {"read_deadline_s": 1, "send_deadline_s": 1}},
        "outbox": {"lease_s": LEASE_S, "first_s": 0.2, "longest_s": 1, "poll_s": 0.2},
        "policy": {"currency": "EUR", "lending": {"balance_max": None, "recharges": None}},
        "log": {"level": "warn"},
    }
    path = directory / f"{node.origin}.yaml"
    path.write_text(json.dumps(settings, indent=1))
    return path
