"""A real OsmoHLR and its demonstration entity (Debian package osmo-hlr), each a process of its own.

The GSUP port of OsmoHLR is fixed, so every one gets a loopback address of its own.
Bounds: WAIT_S for anything that a process should do soon.
"""

import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

GSUP_PORT, VTY_PORT, CTRL_PORT = 4222, 4258, 4259
WAIT_S = 10.0
DEMO_ENTITY = "foobar-00-00-00-00-00-00"

CONFIGURATION = """\
log stderr
 logging filter all 1
 logging color 0
 logging print level 1
 logging level set-all info
 logging level ss debug
line vty
 bind {host}
ctrl
 bind {host}
hlr
 gsup
  bind ip {host}
 euse tectonics
 euse {demo}
 ussd route prefix *#100# internal own-msisdn
 ussd route prefix *133 external tectonics
 ussd route prefix *134 external {demo}
 ncss-guard-timeout {guard_s}
"""


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Returns when it has happened; fails after WAIT_S."""
    end = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < end, f"in vain for {WAIT_S:g} s: {what}"
        time.sleep(0.02)


class OsmoHlr:
    """One home location register, which keeps its database over `stop` and `start`."""

    def __init__(self, folder: Path, guard_s: int = 30) -> None:
        assert shutil.which("osmo-hlr"), "osmo-hlr is not installed: scripts/interop installs it"
        self.host = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
        self._folder = folder
        self._log = folder / "osmo-hlr.log"
        self._process: subprocess.Popen | None = None
        (folder / "osmo-hlr.cfg").write_text(
            CONFIGURATION.format(host=self.host, demo=DEMO_ENTITY, guard_s=guard_s))

    def start(self) -> "OsmoHlr":
        """Serves when it returns."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(["osmo-hlr", "-c", "osmo-hlr.cfg", "-l", "hlr.db"], cwd=self._folder,
                                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        wait_for(self._serves, "osmo-hlr serves; its log: " + self.log()[-500:])
        return self

    def stop(self) -> None:
        """Killed: its connections are reset, its sessions forgotten."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text(errors="replace")

    def vty(self, *commands: str) -> str:
        """What it answers to commands on its terminal, after `enable`."""
        with socket.create_connection((self.host, VTY_PORT), WAIT_S) as terminal:
            _until_prompt(terminal)
            said = []
            for command in ("enable", *commands):
                terminal.sendall(command.encode() + b"\r\n")
                said.append(_until_prompt(terminal))
            return "\n".join(said[1:])

    def _serves(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            for port in (GSUP_PORT, VTY_PORT, CTRL_PORT):
                socket.create_connection((self.host, port), WAIT_S).close()
        except ConnectionRefusedError:
            return False
        return True


def _until_prompt(terminal: socket.socket) -> str:
    said = b""
    while not re.search(rb"OsmoHLR[>#] $", said):
        more = terminal.recv(4096)
        assert more, said
        said += more
    return said.decode("latin-1")


class DemoEntity:
    """osmo-euse-demo, which answers every code with what it was."""

    def __init__(self, host: str) -> None:
        self._process = subprocess.Popen(["osmo-euse-demo", host, str(GSUP_PORT)], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
