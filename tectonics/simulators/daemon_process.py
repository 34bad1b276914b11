"""A daemon as a process of its own, for the demo and for tests: started, asked, stopped, killed.

Every listener is on port 0, so that the system chooses free ones; the daemon tells them over its
control socket.  The settings are written as JSON, which is YAML, beside the state directory; what is
not named in them keeps its default.  Standard error is kept in a file, so that a talkative daemon
never blocks, and `faults_logged` finds what should never stand there.
Bounds: START_S for a start, STOP_S for a graceful stop, then it is killed and that is an error.
"""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tectonics.domain.errors import TheirFault
from tectonics.wire.control import ANSWER_BYTES_MAX, Failure, Request, decode_answer, encode_request
from tectonics.wire.lines import Lines

START_S = 30.0
STOP_S = 20.0
POLL_S = 0.03
ASK_S = 30.0
CHECKOUT = Path(__file__).parents[2]
ANY_PORT = "tcp:0:interface=127.0.0.1"
FREE_PORTS = {
    "channels": {"ussd_http": {"endpoint": ANY_PORT}, "email": {"endpoint": ANY_PORT},
                 "did_sip": {"endpoint": "udp:0:interface=127.0.0.1"}},
    "web": {"endpoint": ANY_PORT},
    "oam": {"snmp": {"endpoint": "udp:0:interface=127.0.0.1"}},
    "feeds": {"tcp": ANY_PORT},
    "tickets": {"stream": ANY_PORT, "acknowledged": ANY_PORT},
    "messages": {"directory": str(CHECKOUT / "etc" / "messages")},
}
CLI = (sys.executable, "-m", "tectonics.cli")


class NotRunning(TheirFault):
    """The daemon did not start, or is gone; the text ends with what it said last."""


class DaemonProcess:
    """One daemon over `directory`: `settings` on top of FREE_PORTS, state in `directory`/state."""

    def __init__(self, directory: Path, settings: Mapping | None = None) -> None:
        self.state = directory / "state"
        self.config = directory / "tectonics.yaml"
        self.log = directory / "stderr"
        self.process: subprocess.Popen | None = None
        self.config.write_text(json.dumps(merged(FREE_PORTS, settings or {}), indent=1))

    def start(self) -> "DaemonProcess":
        """Serves when it returns; NotRunning says why not."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*CLI, "run", "--config", str(self.config), "--state", str(self.state)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, cwd=CHECKOUT)
        end = time.monotonic() + START_S
        while not self._serving():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise NotRunning(f"the daemon did not start: {self.last_words()}")
            time.sleep(POLL_S)
        return self

    def _serving(self) -> bool:
        try:
            return self.ask("status")["state"] == "serving"
        except OSError:
            return False

    def ask(self, method: str, **params: object):
        """What the daemon answers over its control socket; TheirFault is its refusal."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ASK_S)
            connection.connect(str(self.state / "control.sock"))
            connection.sendall(encode_request(Request(1, method, params)))
            lines = Lines(ANSWER_BYTES_MAX)
            while data := connection.recv(1 << 16):
                for line in lines.feed(data):
                    answer = decode_answer(line or b"")
                    if isinstance(answer, Failure):
                        raise TheirFault(answer.text)
                    return answer.result
        raise ConnectionError("the daemon closed its control socket")

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        """Runs `tectonics ARGUMENTS` against this daemon, as a person would."""
        return subprocess.run([*CLI, "--state", str(self.state), *arguments], capture_output=True, text=True,
                              timeout=ASK_S, cwd=CHECKOUT, check=False)

    def address(self, listener: str) -> tuple[str, int]:
        """Where a listener is."""
        shown = next(one["address"] for one in self.ask("status")["listeners"] if one["name"] == listener)
        host, _, port = shown.rpartition(":")
        return host, int(port)

    def stop(self) -> int:
        """SIGTERM; the exit code. NotRunning when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotRunning(f"the daemon did not stop within {STOP_S:g} s: {self.last_words()}") from None

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def stderr(self) -> str:
        """All that it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_words(self) -> str:
        """Why it ended, as far as it said so: the last error that it logged, else its last line."""
        lines = self.stderr().strip().splitlines() or ["it said nothing"]
        return next((line for line in reversed(lines) if " error " in line), lines[-1])

    def faults_logged(self) -> list[str]:
        """Lines of standard error that must not be there: tracebacks and faults of our own."""
        return [line for line in self.stderr().splitlines()
                if "Traceback" in line or "Unhandled" in line or " critical " in line]


def merged(under: Mapping, over: Mapping) -> dict:
    """`over` laid upon `under`, mapping by mapping."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        result[name] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
