"""The other daemons over the same database: who is lost, and what this node is among them.

Each daemon counts its signs of life in a row (store/nodes.py).  A node whose count stands still for `peer_silent_s` by our
clock, although it did not say that it stops, is lost: its commands are taken over when their leases end, its
gateways have to go elsewhere.  It is not lost any more when it is back, or when it is gone for good: nothing of
its work is left and it has been away for `peer_gone_s`; then its row says so, for everybody.

All nodes serve, so a node is `single` or, beside others, `active`; none is standby.  Nothing about money
depends on any of this.

Bound: as many rows as the database has of nodes (store.nodes.NODES_MAX).
"""

from collections.abc import Callable

from tectonics.config.alarms import AlarmLimits
from tectonics.ports import Alarms, Clock, Nodes, NodeSign

SERVING, STOPPED = "serving", "stopped"
SINGLE, ACTIVE = "single", "active"
NONE, UP, DOWN = "none", "up", "down"


class PeerWatch:
    """`own` is this node's name; `told(role)` hears of a new role."""

    def __init__(self, own: str, nodes: Nodes, alarms: Alarms, clock: Clock, limits: AlarmLimits) -> None:
        self._own, self._nodes, self._alarms, self._clock, self._limits = own, nodes, alarms, clock, limits
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}  # name -> its newest sign, and when we saw it first
        self._states: dict[str, str] = {}  # of the others: UP or DOWN
        self.told: Callable[[str], None] = lambda role: None

    def role(self) -> str:
        """What this node is among others."""
        return ACTIVE if UP in self._states.values() else SINGLE

    def state(self) -> str:
        """What is known of the others: down where any is lost."""
        return DOWN if DOWN in self._states.values() else UP if self._states else NONE

    def shown(self) -> list[dict]:
        """Rows of `status`."""
        return [{"name": f"node {name}", "state": state} for name, state in sorted(self._states.items())]

    async def sign(self) -> None:
        """This node is alive."""
        await self._nodes.sign(SERVING, self._now())

    async def stop(self) -> None:
        """It stops, as it was told to."""
        await self._nodes.sign(STOPPED, self._now())

    async def look(self) -> None:
        """Raises or clears peer_lost of each."""
        role = self.role()
        signs = [one for one in await self._nodes.all() if one.name != self._own]
        for one in signs:
            await self._judge(one)
        for table in (self._seen, self._states):
            for name in table.keys() - {one.name for one in signs}:
                del table[name]
        if self.role() != role:
            self.told(self.role())

    async def _judge(self, one: NodeSign) -> None:
        now_s, newest = self._clock.seconds(), (one.epoch, one.beat)
        if self._seen.get(one.name, (None, 0))[0] != newest:
            self._seen[one.name] = newest, now_s
        silent_s = now_s - self._seen[one.name][1]
        if one.state != SERVING:
            self._states.pop(one.name, None)
            self._alarms.clear("peer_lost", one.name)
        elif silent_s < self._limits.peer_silent_s:
            self._states[one.name] = UP
            self._alarms.clear("peer_lost", one.name)
        else:
            await self._lost(one, silent_s)

    async def _lost(self, one: NodeSign, silent_s: float) -> None:
        self._states[one.name] = DOWN
        has_work = await self._nodes.has_work(one.name)
        if silent_s >= self._limits.peer_gone_s and not has_work:
            await self._nodes.gone(one.name, one.beat)
            return
        left = "what it had begun is waiting to be taken over" if has_work else "what it had begun has been taken over"
        self._alarms.raise_alarm("peer_lost", f"the node {one.name} has given no sign for {_age(silent_s)}; {left}", one.name)

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)


def _age(seconds: float) -> str:
    return f"{seconds // 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} s"
