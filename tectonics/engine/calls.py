"""Carrying the commands of call-backs out: ring, connect, talk, hang up.

They differ from a movement of money in that their answer may take hours.  The row stays in the outbox until the event
that the answer causes is committed; meanwhile it is put off again and again, which keeps its lease, so that another
node adopts it only when this one is gone.  What may have been asked before, because it was found after a
restart or taken over from another node, is asked `again`: the call server waits on for a leg that it finds, and rings
nobody.  A stop lets the calls be: they go on at the call server, and the next life takes them over.

Whose row has been taken over all the same (this node was away for longer than its lease) tells what it saw: the
account says whether that still counts, and a leg that nobody knows of any more is hung up.

Bound: as many as there are rows; `calls_max` (pace.Limits) says how many requests may lead to one.
"""

from dataclasses import dataclass

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from tectonics.domain.call import GONE, LOST, Ended, NotAnswered
from tectonics.domain.commands import CallCommand, Connect, HangUp, Ring, Talk
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import Event, LegAnswered, TalkEnded
from tectonics.domain.msisdn import mask
from tectonics.domain.outcome import Done, Unknown
from tectonics.engine.call_figures import CallFigures
from tectonics.engine.dispatch import Engine
from tectonics.engine.pace import OutboxPace
from tectonics.engine.talks import Talks
from tectonics.ports import CallServer, Outbox

HANG_UPS_MAX = 20  # tries; then the call server's own limit of each leg ends it
log = Logger()


@dataclass(slots=True)
class Waiting:
    """A command whose answer is awaited; `kept_at` is when its lease was last renewed (ms, 0: not yet)."""

    command: CallCommand
    since_at: int
    kept_at: int = 0
    ours: bool = True


class CallRunner:
    """Asks the call server, and tells what became of it as an event."""

    def __init__(self, engine: Engine, outbox: Outbox, server: CallServer | None, pace: OutboxPace) -> None:
        self._engine, self._outbox, self._pace = engine, outbox, pace
        self._server = server or NoCallServer(engine)
        self.offered = server is not None
        self.talks = Talks(engine, self._server)
        self.figures = CallFigures(engine.metrics, engine.alarms)
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        """Commands whose answer is awaited."""
        return len(self._waiting)

    def by_kind(self) -> dict[str, int]:
        """How many of each kind are awaited."""
        kinds = [type(one.command).__name__.lower() for one in self._waiting.values()]
        return {kind: kinds.count(kind) for kind in ("ring", "connect", "talk", "hangup")}

    def stop(self) -> None:
        """No timer runs any more; the calls go on."""
        self.talks.stop()

    async def answer(self, command: CallCommand, again: bool, attempts: int = 0) -> Event | None:
        """The event that the command's answer causes, at the latest when its time is over; None for a hang-up."""
        waiting = self._waiting[command.op] = Waiting(command, self._engine.now())
        try:
            if isinstance(command, HangUp):
                await self._hang_up(command, attempts)
                return None
            if isinstance(command, Talk):
                return await self._talk(command, again)
            return await self._leg(command, again)
        finally:
            if self._waiting.get(command.op) is waiting:
                del self._waiting[command.op]

    async def keep(self) -> None:
        """Renews the leases of what is awaited; to be called oftener than a third of a lease."""
        now = self._engine.now()
        late = [one for one in self._waiting.values()
                if one.ours and now >= one.kept_at + self._pace.lease_s * 1000 / 3]
        kept = [(one, self._put_off(one, now)) for one in late]
        for one, done in kept:
            try:
                one.ours = await done
            except (TheirFault, OurFault):  # the store is busy or away: at the next turn
                one.kept_at = 0
            if not one.ours and self._waiting.get(one.command.op) is one:
                log.info("{op} of {msisdn} has been taken over by another node", op=one.command.op,
                         msisdn=mask(one.command.msisdn), trace=one.command.trace)

    def _put_off(self, one: Waiting, now: int) -> Deferred[bool]:
        one.kept_at = now
        due_at = now + int(self._pace.lease_s * 1000 / 2)
        return self._outbox.reschedule(one.command.msisdn, one.command.op, due_at, 0, now)

    # --- one command

    async def _leg(self, command: Ring | Connect, again: bool) -> Event:
        ask = self._server.ring if isinstance(command, Ring) else self._server.connect
        result = await ask(command, again)
        self.figures.leg(command, result)
        return LegAnswered(command.msisdn, self._engine.now(), command.call, command.op, result)

    async def _talk(self, command: Talk, again: bool) -> Event:
        command = await self.talks.begin(command, again)
        try:
            result = await self._server.talk(command, again)
        finally:
            self.talks.end(command.call)
        self.figures.ended(result)
        return TalkEnded(command.msisdn, self._engine.now(), command.call, command.op, result)

    async def _hang_up(self, command: HangUp, attempts: int) -> None:
        outcome = await self._server.hang_up(command)
        if isinstance(outcome, Unknown) and attempts < HANG_UPS_MAX:
            now = self._engine.now()
            due_at = now + int(self._pace.delay_s(attempts) * 1000)
            await self._outbox.reschedule(command.msisdn, command.op, due_at, attempts + 1, now)
            return
        if not isinstance(outcome, Done):
            log.error("{op} of {msisdn} was not hung up: {why}", op=command.op, msisdn=mask(command.msisdn),
                      why=outcome.text, trace=command.trace)
        await self._outbox.finish(command.msisdn, command.op)


class NoCallServer:
    """Stands where none is configured (any more): whatever was under way is over, as far as can be known."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ring(self, command: Ring, again: bool = False):
        """Nobody is rung."""
        return succeed(NotAnswered(self._engine.now(), GONE))

    def connect(self, command: Connect, again: bool = False):
        """Nobody is rung."""
        return succeed(NotAnswered(self._engine.now(), GONE))

    def talk(self, command: Talk, again: bool = False):
        """Nobody sees when it ends."""
        return succeed(Ended(self._engine.now(), LOST))

    def extend(self, call: str, until_at: int) -> None:
        """There is nothing to be extended."""

    def hang_up(self, command: HangUp):
        """Nothing can be told to anybody."""
        return succeed(Done())
