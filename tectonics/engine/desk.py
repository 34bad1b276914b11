"""What people decide goes the same way as everything else: an event, a unit, an audit ticket."""

from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.events import Event
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.engine.dispatch import Engine
from tectonics.engine.outbox import OutboxRunner
from tectonics.ports import Queries

RECONCILE_MAX = 1000  # unresolved commands looked up in one go


class EngineDesk:
    """Fills ports.Desk."""

    def __init__(self, engine: Engine, outbox: OutboxRunner, queries: Queries) -> None:
        self._engine, self._outbox, self._queries = engine, outbox, queries

    def decide(self, event: Event) -> Deferred[str]:
        """Carries out what somebody decided; the sentence that says what was done."""
        return Deferred.fromCoroutine(self._decide(event))

    async def _decide(self, event: Event) -> str:
        result = await self._engine.dispatch(event)
        if result.decision is None:
            raise TheirFault("that has been done already")
        return result.decision.text

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
