"""A mail server as a process of its own, for tests that cannot wait in a reactor: orders go to its standard input.

Bounds: what pipes keep; STOP_S for the end, then it is killed.
"""

import json
import subprocess
import sys

from tectonics.domain.errors import TheirFault

STOP_S = 10.0


class MailboxProcess:
    """Listens on a free port once it is started; `peer` is the port that it sends to."""

    def __init__(self, peer: int = 0) -> None:
        self._peer = peer
        self.process: subprocess.Popen | None = None
        self.port = 0

    def start(self) -> "MailboxProcess":
        """Serves when it returns. TheirFault when it does not come up."""
        command = [sys.executable, "-m", "tectonics.simulators.mailbox", "--listen", "tcp:0:interface=127.0.0.1",
                   "--peer", f"tcp:127.0.0.1:{self._peer}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self._answer()["port"]
        return self

    def order(self, line: str) -> dict:
        """What it answers to an order. TheirFault is its refusal."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise TheirFault(answer["error"])
        return answer

    def kept(self) -> list[dict]:
        """The mails that it took, oldest first."""
        return self.order("kept 1000")["kept"][::-1]

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
            raise TheirFault("the mail server has ended")
        return json.loads(line)
