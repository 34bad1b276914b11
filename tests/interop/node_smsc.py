"""A message centre on node-smpp (npm package `smpp` 0.5.1), a process of its own, which takes orders and tells what happens."""

import json
import shutil
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol

from tests.links.smpp.loopback import until

MODULES = Path(__file__).parents[2] / "var" / "interop" / "node_modules"  # where scripts/interop installs it
SCRIPT = Path(__file__).with_suffix(".js")


class NodeSmsc(ProcessProtocol):
    """Started by `start`; `told` is all that it has said."""

    def __init__(self) -> None:
        self.told: list[dict] = []
        self.complaints = b""
        self._begun = b""
        self._orders = 0
        self._ended: Deferred[None] = Deferred()

    async def start(self, password: str = "secret") -> int:
        """Its port."""
        node = shutil.which("node")
        assert node and (MODULES / "smpp").is_dir(), "node and its package smpp are missing: scripts/interop installs them"
        reactor.spawnProcess(self, node, [node, str(SCRIPT), str(MODULES), password], env=None)
        await self.until("port")
        return self.told[0]["port"]

    async def order(self, **what) -> None:
        """See the script; done when this returns."""
        self._orders += 1
        self.transport.write(json.dumps(what).encode() + b"\n")
        await self.until("done", self._orders)

    def all(self, kind: str) -> list[dict]:
        """What it has told of one kind."""
        return [one for one in self.told if kind in one]

    async def until(self, kind: str, count: int = 1) -> list[dict]:
        """What it has told of one kind, as soon as there are so many."""
        await until(lambda: self._ended.called or len(self.all(kind)) >= count)
        assert not self._ended.called, self.complaints.decode()
        return self.all(kind)

    async def stop(self) -> None:
        """It ends when its orders do."""
        if self.transport is not None and not self._ended.called:
            self.transport.closeStdin()
            await self._ended

    def outReceived(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        self.told += map(json.loads, lines)

    def errReceived(self, data: bytes) -> None:
        self.complaints += data

    def processEnded(self, reason) -> None:
        self._ended.callback(None)
