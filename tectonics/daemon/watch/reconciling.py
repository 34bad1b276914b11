"""Our books against those of the billing system, some operations at a time, all the time.

A look takes subscribers from the tickets of some minutes ago, and asks the billing system about each finished operation of
theirs (advances, recoveries) of the last day: whether it did what we believe it did.  With the embedded ledger the
amounts are compared too.  What is still being settled is left alone; an answer that tells nothing says nothing.
An operation that differs is asked about again until both agree, or KEEP_S at most, after which the log and the
history of alarms have it.

Bounds: `reconcile_operations` look-ups at a time, of each subscriber SUBSCRIBER_MAX; FOUND_MAX differences are kept.
What was done faster than that is passed over: this is a sample, not an audit.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from twisted.logger import Logger

from tectonics.config.alarms import AlarmLimits
from tectonics.domain.advance import FAILED, PENDING, Advance
from tectonics.domain.money import format_minor
from tectonics.domain.msisdn import mask
from tectonics.domain.outcome import Done, NotFound, Refused
from tectonics.domain.recharge import Recovery
from tectonics.ports import Alarms, Billing, Clock, Queries, TicketLog

SETTLED_MS = 10 * 60_000  # younger operations may still be settled
DAY_MS = 86_400_000
SUBSCRIBER_MAX = 10
FOUND_MAX = 100
SHOWN_MAX = 3
MOVEMENTS = 100  # of a ledger's account, among which an operation's amount is looked for
KEEP_S = 86_400.0
_KINDS = ("advance.", "recovery.")
log = Logger()


@dataclass(frozen=True, slots=True)
class Operation:
    """One that is finished for us: `done` is what we believe."""

    op: str
    msisdn: str
    done: bool
    amount_minor: int
    currency: str
    what: str  # for people


class Reconciling:
    """`till` is the embedded ledger's, where there is one."""

    def __init__(self, queries: Queries, tickets: TicketLog, billing: Billing, till, alarms: Alarms, clock: Clock,
                 limits: AlarmLimits) -> None:
        self._queries, self._tickets, self._billing, self._till = queries, tickets, billing, till
        self._alarms, self._clock, self._limits = alarms, clock, limits
        self._since = 0  # the tickets before were looked at
        self._found: dict[str, tuple[Operation, str, float]] = {}  # op -> (what differs, how, until when it is kept)

    async def look(self) -> None:
        """Compares some, and raises or clears reconcile_difference."""
        if not self._billing.capabilities.readable_back:
            return
        left = self._limits.reconcile_operations
        for operation in [kept[0] for kept in self._found.values()][:left]:
            left -= 1
            await self._compare(operation)
        for msisdn in await self._subscribers(left):
            for operation in await self._operations(msisdn):
                if left and operation.op not in self._found:
                    left -= 1
                    await self._compare(operation)
        self._tell()

    async def _subscribers(self, limit: int) -> list[str]:
        """Some of those about whom there were tickets since the last look."""
        until = self._now() - SETTLED_MS
        since = max(self._since, until - int(self._limits.reconcile_every_s * 1000))
        self._since = max(self._since, until)
        if since >= until or not limit:
            return []
        lines = await self._tickets.read_time(since, until, (since, "", 0), limit)
        records = [json.loads(line.line) for line in lines]
        return list(dict.fromkeys(one["msisdn"] for one in records if one["type"].startswith(_KINDS) and one.get("msisdn")))

    async def _operations(self, msisdn: str) -> list[Operation]:
        since, until = self._now() - DAY_MS, self._now() - SETTLED_MS
        lent = await self._queries.advances(msisdn, "", (since, ""), SUBSCRIBER_MAX)
        paid = await self._queries.recoveries(msisdn, SUBSCRIBER_MAX)
        found = [one for advance in lent if advance[1].requested_at < until for one in _lent(msisdn, advance[1])]
        currency = found[0].currency if found else ""
        return found + [one for recovery in paid if since < recovery.created_at < until for one in _paid(msisdn, recovery, currency)]

    async def _compare(self, operation: Operation) -> None:
        answer = await self._billing.look_up(operation.op, operation.msisdn)
        differs = await self._difference(operation, answer)
        if differs is None:
            return
        if not differs:
            self._found.pop(operation.op, None)
        elif operation.op not in self._found and len(self._found) < FOUND_MAX:
            self._found[operation.op] = operation, differs, self._clock.seconds() + KEEP_S
            log.error("Our books and the billing system's differ: {what} ({op}): {how}", what=operation.what, op=operation.op, how=differs)

    async def _difference(self, operation: Operation, answer) -> str | None:
        """How they differ; empty: they do not; None: that cannot be told."""
        if isinstance(answer, NotFound | Refused):
            return "we have it as done, the billing system never did it" if operation.done else ""
        if not isinstance(answer, Done):
            return None
        if not operation.done:
            return "we have it as failed, the billing system has done it"
        moved = await self._moved(operation)
        if moved is None or moved == operation.amount_minor:
            return ""
        ours, theirs = (format_minor(one, operation.currency) if operation.currency else str(one)
                        for one in (operation.amount_minor, moved))
        return f"we have {ours}, the ledger moved {theirs}"

    async def _moved(self, operation: Operation) -> int | None:
        if not hasattr(self._till, "movements"):
            return None
        movements = await self._till.movements(operation.msisdn, MOVEMENTS)
        return next((abs(one.amount_minor) for one in movements if one.op == operation.op), None)

    def _tell(self) -> None:
        now_s = self._clock.seconds()
        self._found = {op: kept for op, kept in self._found.items() if kept[2] > now_s}
        if not self._found:
            self._alarms.clear("reconcile_difference")
            return
        shown = "; ".join(f"{one.what}: {how}" for one, how, _ in list(self._found.values())[:SHOWN_MAX])
        self._alarms.raise_alarm("reconcile_difference", f"{len(self._found)} operations differ: {shown}")

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)


def _lent(msisdn: str, one: Advance) -> Iterator[Operation]:
    if one.state not in PENDING:
        yield Operation(one.op, msisdn, one.state != FAILED, one.offer.amount_minor, one.offer.currency,
                        f"advance {one.id} of {mask(msisdn)}")


def _paid(msisdn: str, one: Recovery, currency: str) -> Iterator[Operation]:
    if one.state == "done" and one.op and not one.reverse:
        yield Operation(one.op, msisdn, True, one.amount_minor, currency, f"recovery {one.id} of {mask(msisdn)}")
