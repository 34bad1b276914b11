"""A message centre as a process of its own, for the demo and for tests that cannot wait in a reactor.

Orders go to its standard input, a line each, and come back as a line of JSON (control.py).
Bounds: ANSWER_S for an answer, STOP_S for the end, then it is killed.
"""

import json
import selectors
import subprocess
import sys
import time

from tectonics.domain.errors import TheirFault

ANSWER_S = 20.0
STOP_S = 10.0


class CentreProcess:
    """Listens on a free port once it is started."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.process: subprocess.Popen | None = None
        self.port = 0

    def start(self) -> "CentreProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        command = [sys.executable, "-m", "tectonics.simulators.smsc", "--listen", "tcp:0:interface=127.0.0.1",
                   *self._options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self._answer()["port"]
        return self

    @property
    def address(self) -> str:
        """Where the daemon connects to."""
        return f"tcp:127.0.0.1:{self.port}"

    def order(self, line: str) -> dict:
        """What the centre answers to an order. TheirFault is its refusal."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise TheirFault(answer["error"])
        return answer

    def messages(self, msisdn: str) -> list[str]:
        """The texts that went to a number, oldest first; parts of a long one put together once all are there."""
        texts, parts = [], []
        for one in reversed(self.order("submitted 1000")["submitted"]):
            if one["to"] == msisdn:
                number, _, total = one["part"].partition("/")
                parts = [*parts, one["text"]] if number not in ("", "1") else [one["text"]]
                if number == total:
                    texts.append("".join(parts))
        return texts

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
        waiting = selectors.DefaultSelector()
        waiting.register(self.process.stdout, selectors.EVENT_READ)
        end = time.monotonic() + ANSWER_S
        if not waiting.select(max(0.0, end - time.monotonic())):
            raise TheirFault("the message centre does not answer")
        line = self.process.stdout.readline()
        if not line:
            raise TheirFault("the message centre has ended")
        return json.loads(line)
