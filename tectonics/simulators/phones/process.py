"""A switch full of telephones as a process of its own, for the demo and for tests that cannot wait in a reactor.

Orders go to its standard input, a line each, and come back as a line of JSON (control.py).
Bounds: what pipes keep; STOP_S for the end, then it is killed.
"""

import json
import subprocess
import sys

from tectonics.domain.errors import TheirFault

STOP_S = 10.0


class PhonesProcess:
    """Takes calls at a free port once it is started; phones that have no other script do what `script` says."""

    def __init__(self, script: str = "") -> None:
        self._script = script
        self.process: subprocess.Popen | None = None
        self.port = 0

    def start(self) -> "PhonesProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        command = [sys.executable, "-m", "tectonics.simulators.phones", "--port", "0", "--script", self._script]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self._answer()["port"]
        return self

    @property
    def address(self) -> str:
        """Where the daemon sends its calls."""
        return f"127.0.0.1:{self.port}"

    def order(self, line: str) -> dict:
        """What the switch answers to an order. TheirFault is its refusal."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise TheirFault(answer["error"])
        return answer

    def calls(self) -> list[dict]:
        """All calls that came, oldest first."""
        return self.order("calls 1000")["calls"][::-1]

    def close(self) -> None:
        """Ends it, in good order if it lets itself be ended so."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.stdin.close()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise TheirFault("the switch has ended")
        return json.loads(line)
