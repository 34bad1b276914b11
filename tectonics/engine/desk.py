"""What people decide goes the same way as everything else: an event, a unit, an audit ticket."""

from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.events import Event, Trigger
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.engine.call_requests import CallRequests
from tectonics.engine.dispatch import Engine
from tectonics.engine.outbox import OutboxRunner
from tectonics.ports import Queries

BALANCE_S = 10.0  # the longest that a request of people waits for a balance
RECONCILE_MAX = 1000  # unresolved commands looked up in one go


class EngineDesk:
    """Fills ports.Desk."""

    def __init__(self, engine: Engine, outbox: OutboxRunner, queries: Queries, requests: CallRequests) -> None:
        self._engine, self._outbox, self._queries, self._requests = engine, outbox, queries, requests

    def decide(self, event: Event) -> Deferred[str]:
        """Carries out what somebody decided; the sentence that says what was done."""
        return Deferred.fromCoroutine(self._decide(event))

    async def _decide(self, event: Event) -> str:
        result = await self._engine.dispatch(event)
        if result.decision is None:
            raise TheirFault("that has been done already")
        return result.decision.text

    def call_back(self, msisdn: str, number: str, trigger: Trigger) -> Deferred[tuple[bool, str]]:
        """Asks for a call-back: whether he is rung, and the sentence that answers."""
        return Deferred.fromCoroutine(self._call_back(msisdn, number, trigger))

    async def _call_back(self, msisdn: str, number: str, trigger: Trigger) -> tuple[bool, str]:
        result = await self._requests.ask(msisdn, trigger, number, BALANCE_S)
        if result.decision is None:
            raise TheirFault("that has been asked for already")
        call = result.decision.account.standing.call
        return call is not None and call.trigger == trigger.id, result.decision.answer.text

    def reconcile(self) -> Deferred[list[dict]]:
        """Looks every unresolved money command up now."""
        return Deferred.fromCoroutine(self._reconcile())

    async def _reconcile(self) -> list[dict]:
        found = []
        for row in await self._queries.unresolved(RECONCILE_MAX):
            outcome = await self._outbox.look_up_now(row)
            result, text = _told(outcome)
            found.append({"op": row.command.op, "msisdn": row.command.msisdn, "result": result, "text": text})
        return found


def _told(outcome) -> tuple[str, str]:
    match outcome:
        case Done():
            return "done", "the billing system did it"
        case Refused():
            return "not_done", f"the billing system refused it: {outcome.text or outcome.reason}"
        case NotFound():
            return "not_done", "the billing system never did it"
        case Unknown():
            return "unknown", outcome.text or "the billing system cannot tell"
    return "at_work", "it is being looked up right now"
