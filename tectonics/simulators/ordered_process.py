"""A simulator as a process of its own, for the demo and for tests that cannot wait in a reactor.

Orders go to its standard input, a line each, and each comes back as a line of JSON (orders.py); the first line that it
says by itself is where it listens.
Bounds: ANSWER_S for an answer, STOP_S for the end, then it is killed.
"""

import json
import selectors
import subprocess
import sys

from tectonics.domain.errors import TheirFault

ANSWER_S = 20.0
STOP_S = 10.0


class OrderedProcess:
    """`python -m MODULE OPTIONS`; `port` is known once it is started."""

    def __init__(self, module: str, *options: str) -> None:
        self._module, self._options = module, options
        self._process: subprocess.Popen | None = None
        self.port = 0

    def start(self) -> None:
        """Serves when it returns. TheirFault when it does not come up."""
        self._process = subprocess.Popen([sys.executable, "-m", self._module, *self._options],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self._answer()["port"]

    def order(self, line: str) -> dict:
        """What it answers to an order. TheirFault is its refusal."""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise TheirFault(answer["error"])
        return answer

    def close(self) -> None:
        """Ends it, in good order if it lets itself be ended so."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> dict:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._process.stdout, selectors.EVENT_READ)
            if not waiting.select(ANSWER_S):
                raise TheirFault(f"{self._module} does not answer")
        line = self._process.stdout.readline()
        if not line:
            raise TheirFault(f"{self._module} has ended")
        return json.loads(line)
