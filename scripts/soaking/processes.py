"""The two processes that are killed, and the one that is not."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLI = (sys.executable, "-m", "tectonics.cli")
LATER = Path(__file__).with_name("an_hour_later.py")
STOP_S = 20.0


class Victim:
    """A process that can be started again and again; all its lives log into one file."""

    def __init__(self, name: str, arguments: list[str], log: Path, address: tuple[str, int] | str) -> None:
        self.name, self.kills = name, 0
        self._address = address  # where it serves: host and port, or the path of a socket
        self._arguments, self._log = arguments, log
        self.process: subprocess.Popen | None = None

    def start(self, *launcher: str) -> None:
        """A new life; `launcher` in the place of the ordinary one."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*(launcher or CLI), *self._arguments], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=log, cwd=ROOT)

    def serves(self) -> bool:
        """Whether it takes connections."""
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex(self._address) == 0

    def kill(self) -> None:
        """kill -9. An AssertionError when it had ended by itself: nobody may."""
        ended = self.process.poll()
        assert ended is None, f"{self.name} ended by itself with {ended}, see {self._log}"
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

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


class Traffic:
    """The load process."""

    def __init__(self, directory: Path, seed: int, ports: list[int], first: int, count: int) -> None:
        self.journal, self.consumed = directory / "journal", directory / "consumed"
        self._arguments = [str(directory), *map(str, (seed, *ports, first, count))]
        self._log = directory / "traffic.log"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Everybody begins."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, str(ROOT / "scripts/soaking/traffic.py"),
                                             *self._arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True, cwd=ROOT, env=environment())

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


def write_settings(directory: Path, ports: list[int]) -> Path:
    """The daemon's settings, as JSON, which is YAML; the state is in `directory`/state."""
    ussd, feed, tickets = (f"tcp:{port}:interface=127.0.0.1" for port in ports)
    settings = {
        "channels": {"ussd_http": {"endpoint": ussd}},
        "feeds": {"tcp": feed}, "web": {"endpoint": ""}, "demo": {"subscribers": False},
        "tickets": {"stream": "", "acknowledged": tickets, "ping_s": 5},
        "messages": {"directory": str(ROOT / "etc/messages")},
        "billing": {"kind": "ledger", "address": f"unix:{directory / 'ledger.sock'}",
                    "embedded": {"read_deadline_s": 1, "send_deadline_s": 1}},
        "outbox": {"lease_s": 5, "first_s": 0.2, "longest_s": 1, "poll_s": 0.2},
        "policy": {"currency": "EUR", "lending": {"balance_max": None, "recharges": None}},
        "log": {"level": "warn"},
    }
    path = directory / "tectonics.yaml"
    path.write_text(json.dumps(settings, indent=1))
    return path
