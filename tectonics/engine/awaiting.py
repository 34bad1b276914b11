"""Waiting for the answer of a request that moves money, within its budget.

The request has been committed, so there is an answer or there will be one: the result, here or by another node, or "you
will get an SMS", which is committed as the answer when the budget ends before the billing system answers.  Should the
store be away meanwhile, "busy" would be untrue, so that is said all the same.
"""

from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import AnswerDue, Trigger
from tectonics.domain.screens import Screen
from tectonics.engine.answers import Answers
from tectonics.engine.dispatch import Engine
from tectonics.engine.running import start

POLL_S = 0.25  # how often a request that another node serves is looked for
LEAST_S = 0.01


class Awaiting:
    """`failed` hears of what goes wrong while it is looked for."""

    def __init__(self, engine: Engine, answers: Answers, failed: Callable[[Failure], None]) -> None:
        self._engine, self._answers, self._failed = engine, answers, failed

    async def screen(self, msisdn: str, trigger: Trigger, answered: Deferred[bytes], until_at: int) -> Screen:
        """What the request is answered with, at the latest soon after `until_at`."""
        watch = self._engine.clock.callLater(
            self._pause_s(until_at), lambda: start(self._see_answered(msisdn, trigger, answered, until_at), self._seen))
        try:
            return Screen.decode(await answered)
        finally:
            if watch.active():
                watch.cancel()
            self._answers.forget(msisdn, trigger, answered)

    def _seen(self, result) -> None:
        if isinstance(result, Failure):
            self._failed(result)

    def _left_s(self, until_at: int) -> float:
        return (until_at - self._engine.now()) / 1000

    def _pause_s(self, until_at: int) -> float:
        return min(POLL_S, max(LEAST_S, self._left_s(until_at)))

    async def _see_answered(self, msisdn: str, trigger: Trigger, answered: Deferred[bytes], until_at: int) -> None:
        """Sees to it that there is an answer: the result, another node's, or at the end "pending"."""
        while not answered.called and self._left_s(until_at) > 0:
            await _unless_away(self._look(msisdn, trigger))
            if not answered.called:
                await self._pause(self._pause_s(until_at))
        if not answered.called:
            await _unless_away(self._promise(msisdn, trigger))
        if not answered.called:
            pending = Screen(self._engine.catalogue.text("result.pending", ""), more=False)
            self._answers.tell(msisdn, trigger, pending.encode())

    async def _promise(self, msisdn: str, trigger: Trigger) -> None:
        """Commits "you will get an SMS", unless another answer was committed before."""
        await self._engine.dispatch(AnswerDue(msisdn, self._engine.now(), "", trigger))
        await self._look(msisdn, trigger)

    async def _look(self, msisdn: str, trigger: Trigger) -> None:
        """Another node may have committed the answer."""
        loaded = await self._engine.store.load(msisdn, (trigger,))
        answer = loaded.answers.get(trigger)
        if answer is not None:
            self._answers.tell(msisdn, trigger, answer)

    def _pause(self, delay_s: float) -> Deferred[None]:
        pause: Deferred[None] = Deferred()
        self._engine.clock.callLater(delay_s, pause.callback, None)
        return pause


async def _unless_away(work) -> None:
    with suppress(TheirFault, OurFault):
        await work
