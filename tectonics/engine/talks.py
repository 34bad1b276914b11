"""Conversations that this node watches: more is asked for before the reserved time ends, and the call server told.

    begin ──▶ extend_before_s before until_at: TalkExtended ──▶ the unit moves until_at ──▶ heard: the call server may go on
                                                    └─▶ nothing moves: it ends at until_at

The timers are in memory; a restart, or whoever takes the call over, makes them anew from the account, which knows
until when is reserved.  LOOK_S before the end the account is read once more, in case another node has
moved it (the answer of a reservation may have been found there).  Asking twice moves nothing: the workflow
asks for more once per until_at.

Bound: one entry per conversation, each with one timer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from tectonics.domain.call import TALKING
from tectonics.domain.commands import Talk
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import Event, TalkExtended
from tectonics.domain.msisdn import mask
from tectonics.domain.value import replace
from tectonics.engine.dispatch import Engine
from tectonics.engine.running import start
from tectonics.ports import CallServer
from tectonics.workflows.decision import Decision

LOOK_S = 2.0
AGAIN_S = 1.0  # until an extension is asked for again that could not be decided
log = Logger()


@dataclass(slots=True)
class Watched:
    """A conversation; `until_at` (ms) is what the call server knows."""

    command: Talk
    until_at: int
    timer: IDelayedCall | None = None


class Talks:
    """Those of one process."""

    def __init__(self, engine: Engine, server: CallServer) -> None:
        self._engine, self._server = engine, server
        self._watched: dict[str, Watched] = {}
        engine.on_decided.append(self.heard)

    def __len__(self) -> int:
        return len(self._watched)

    def watches(self, call: str) -> bool:
        """Whether that conversation is one of them."""
        return call in self._watched

    async def begin(self, command: Talk, again: bool) -> Talk:
        """Watches it from now on; the command with the end that holds now."""
        if again:
            command = replace(command, until_at=await self._reserved_until(command))
        self._watched[command.call] = watched = Watched(command, command.until_at)
        self._arm(watched)
        return command

    def end(self, call: str) -> None:
        """It is over."""
        watched = self._watched.pop(call, None)
        if watched is not None:
            _cancel(watched)

    def stop(self) -> None:
        """No timer runs any more; the conversations go on."""
        for watched in self._watched.values():
            _cancel(watched)

    def heard(self, event: Event, decision: Decision, now: int) -> None:
        """Engine hook: the unit is durable; it may have moved an end."""
        call = decision.account.standing.call
        if call is not None and call.state == TALKING:
            self._move(call.id, call.until_at)

    def _move(self, call: str, until_at: int) -> None:
        watched = self._watched.get(call)
        if watched is None or until_at <= watched.until_at:
            return
        watched.until_at = until_at
        self._server.extend(call, until_at)
        self._arm(watched)

    # --- time

    def _arm(self, watched: Watched) -> None:
        rules = self._engine.policies.current.call_back
        self._later(watched, watched.until_at / 1000 - rules.extend_before_s, self._ask)

    def _later(self, watched: Watched, at_s: float, work: Callable) -> None:
        def due() -> None:
            watched.timer = None
            start(work(watched), self._done)

        _cancel(watched)
        watched.timer = self._engine.clock.callLater(max(0.0, at_s - self._engine.clock.seconds()), due)

    @staticmethod
    def _done(result) -> None:
        if isinstance(result, Failure):
            log.failure("an extension failed", result)

    async def _ask(self, watched: Watched) -> None:
        """Asks for more; again, until the end, where that cannot be decided."""
        command, until_at = watched.command, watched.until_at
        try:
            await self._engine.dispatch(TalkExtended(command.msisdn, self._engine.now(), command.call))
        except (TheirFault, OurFault) as fault:
            log.info("more time for {msisdn} could not be asked for: {why}", msisdn=mask(command.msisdn), why=str(fault),
                     trace=command.trace)
            if self._watching(watched, until_at) and self._left_s(until_at) > AGAIN_S + LOOK_S:
                self._later(watched, self._engine.clock.seconds() + AGAIN_S, self._ask)
            return
        if self._watching(watched, until_at):
            self._later(watched, until_at / 1000 - LOOK_S, self._look)

    async def _look(self, watched: Watched) -> None:
        try:
            until_at = await self._reserved_until(watched.command)
        except (TheirFault, OurFault):  # the store is away: it ends when it was known to end
            return
        self._move(watched.command.call, until_at)

    def _watching(self, watched: Watched, until_at: int) -> bool:
        """Whether it goes on, and nothing has been moved meanwhile."""
        return self._watched.get(watched.command.call) is watched and watched.until_at == until_at

    def _left_s(self, until_at: int) -> float:
        return until_at / 1000 - self._engine.clock.seconds()

    async def _reserved_until(self, command: Talk) -> int:
        account = (await self._engine.store.load(command.msisdn)).account
        call = account and account.standing.call
        return call.until_at if call is not None and call.id == command.call else command.until_at


def _cancel(watched: Watched) -> None:
    if watched.timer is not None and watched.timer.active():
        watched.timer.cancel()
    watched.timer = None
