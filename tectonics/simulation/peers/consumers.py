"""Consumers of tickets: mediation follows each origin at its own node, an archive follows it at another.

The archive comes once there are tickets.  Where little happens both read in rounds of ROUND_S, and acknowledge
many at once.  Everything they are sent goes into the journal, with what they acknowledged.
"""

from functools import partial

from tectonics.simulation.journal import Consumed
from tectonics.simulation.stage import Stage

LOOK_S = 600.0
ROUND_S = 1200.0  # less than tickets.ping_s: who does not read is taken for dead after that


class Consumers:
    """All of them; they live as long as the run."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._all: list[tuple[Consumed, object]] = []
        self._pause_s = ROUND_S if stage.plan.quiet else 0.0
        for number, origin in enumerate(stage.nodes):
            self.add("mediation", origin, origin, delay_s=self._pause_s)
            stage.spawn(self._archive(stage.nodes[number - 1], origin))

    async def _archive(self, node: str, origin: str) -> None:
        while self._stage.auditor.numbered(origin) == 0:
            await self._stage.sleep(LOOK_S)
        self.add("archive", node, origin, delay_s=self._pause_s)

    def add(self, name: str, node: str, origin: str, **options) -> object:
        """A consumer `name` of `origin` at `node`; what it is goes on in the journal."""
        consumed = Consumed(name, origin)
        self._stage.journal.consumed.append(consumed)
        consumer = self._stage.world.consumer(name, node, origin, on_ticket=partial(_received, consumed), **options)
        self._all.append((consumed, consumer))
        return consumer

    def hurry(self) -> None:
        """Nobody waits before he reads, from now on."""
        for _, consumer in self._all:
            consumer.delay_s = 0.0
            if consumer.protocol is not None and not consumer.deaf:
                consumer.protocol.transport.resumeProducing()

    def have_all(self) -> bool:
        """Whether everything that is in the log has been read and acknowledged."""
        books = self._stage.auditor.look()
        return all(books.cursors.get((consumed.name, consumed.origin), 0) + 1 >= following
                   for consumed, _ in self._all
                   for following, _ in [books.origins.get(consumed.origin, (1, 0))])

    def note(self) -> None:
        """Brings what they acknowledged into the journal; each acknowledges whatever it has read."""
        for consumed, consumer in self._all:
            consumed.acknowledged = consumer.last_seq
            consumed.gaps = len(consumer.gaps)


def _received(consumed: Consumed, line: bytes) -> None:
    consumed.lines.append(line)
