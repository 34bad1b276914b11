"""`tectonics top` on a real terminal (a pseudo-terminal), over a real daemon that goes away and comes back."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios

import pytest

from tectonics.simulators.daemon_process import CHECKOUT, CLI
from tests.integration.clients import ANN, dial, until

ALTERNATE, BACK, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
FRAME = b"\x1b[H"
ENVIRONMENT = {**{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}, "TERM": "xterm-256color"}
# Makes the terminal that of the session, so that Ctrl-C comes to it.
OWN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """`tectonics top` on a terminal of its own."""

    def __init__(self, daemon, columns=80, rows=24, *words):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.modes = termios.tcgetattr(self.slave)
        self.shown = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWN, *CLI, "--state", str(daemon.state), "top", "--every", "0.3", *words], cwd=CHECKOUT,
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True, env=ENVIRONMENT)

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def frame(self):
        """The newest whole frame, as lines without colours."""
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 1 << 16)
        frames = self.shown.split(FRAME)
        return plain(frames[-2]) if len(frames) > 2 else []

    def sees(self, *words):
        """Waits until a frame has all of these."""
        def found():
            frame = self.frame()
            return frame if all(any(word in line for line in frame) for word in words) else None

        return until(found, lambda: f"{words} not in {self.frame()}")

    def press(self, key):
        os.write(self.master, key)

    def end(self):
        """The exit code; the terminal is as it was."""
        until(lambda: (self.frame(), self.process.poll())[1] is not None)
        code = self.process.returncode
        self.frame()
        assert self.shown.count(ALTERNATE) == self.shown.count(BACK) == 1 and CURSOR in self.shown[self.shown.rindex(FRAME):]
        assert termios.tcgetattr(self.slave) == self.modes
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def plain(frame):
    """Its lines, without what colours and clears."""
    text, skipping = "", False
    for character in frame.decode(errors="replace"):
        if character == "\x1b":
            skipping = True
        elif not skipping:
            text += character
        elif character.isalpha():
            skipping = False
    return text.replace("\r", "").split("\n")


@pytest.fixture
def terminal():
    """`terminal(daemon)`: top on a terminal."""
    made = []

    def make(daemon, *arguments):
        made.append(Terminal(daemon, *arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_shows_what_happens_and_sees_the_daemon_come_back(daemon, terminal):
    top = terminal(daemon)
    assert len(top.sees("n1  serving", "ussd_http")) == 24
    assert dial(daemon, ANN, "2", "1")[1].startswith("You have received 2.00")
    top.sees("owed 4.40 EUR")
    dial(daemon, "33600000002")
    top.press(b"2")
    frame = top.sees("tenure")
    assert all(len(line) <= 80 for line in frame)
    top.resize(100, 40)
    os.kill(top.process.pid, signal.SIGWINCH)
    until(lambda: len(top.frame()) == 40)
    daemon.kill()
    top.sees("n1  away", "no daemon is running")
    daemon.start()
    frame = top.sees("n1  serving")
    assert "-0" not in " ".join(frame) and not any("away" in line for line in frame)
    top.press(b"q")
    assert top.end() == 0


@pytest.mark.parametrize("ending", [b"\x03", signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_the_terminal_is_given_back(make_daemon, terminal, ending):
    top = terminal(make_daemon())
    top.sees("no daemon is running")
    top.press(ending) if isinstance(ending, bytes) else top.process.send_signal(ending)
    assert top.end() == 0 and b"Traceback" not in top.shown and b"Aborted" not in top.shown


def test_for_programs_it_is_one_line_for_each_look(daemon):
    process = subprocess.Popen([*CLI, "--state", str(daemon.state), "top", "--json", "--every", "0.2"], cwd=CHECKOUT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    looks = [json.loads(process.stdout.readline())["daemons"][0] for _ in range(2)]
    assert [one["state"] for one in looks] == ["serving"] * 2 and looks[0]["in_s"] == 0
    process.stdout.close()  # as `| head` does
    assert process.wait(20) == 0 and process.stderr.read() == b""
    process.stderr.close()
