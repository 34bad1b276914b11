"""Reconciliation: money operations whose outcome nobody knows, looked up again or settled by a person.

A person's word is an event like the billing system's own: `done` is Done with the person's text as
reference, `not_done` is NotFound ("certain that it never did it").  Who said it goes into the ticket.
"""

from functools import partial

from tectonics.domain.commands import Debit, MoneyCommand, Reserve, Settle
from tectonics.domain.events import (
    CreditAnswered,
    DebitAnswered,
    Event,
    RefundAnswered,
    ReserveAnswered,
    SettleAnswered,
)
from tectonics.domain.outcome import Done, NotFound
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices

OUTCOMES = ("done", "not_done")
SHOWN_MAX = 1000  # beyond these the oldest are settled first


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "reconcile.list": Method(partial(_list, offices), {}, "money operations with an unknown outcome"),
        "reconcile.run": Method(partial(_run, offices), {}, "looks every one of them up now", changes=True),
        "reconcile.resolve": Method(partial(_resolve, offices), {
            "op": take.text("the operation, as `reconcile.list` shows it", length_max=take.ID_MAX),
            "outcome": take.word("done or not_done, as the billing system's records say", OUTCOMES),
            "text": take.text("how that is known; it stands in the ticket")},
            "settles one by hand", changes=True),
    }


async def _list(offices: Offices, who: str) -> dict:
    rows = await offices.queries.unresolved(SHOWN_MAX)
    return {"unresolved": [shown.unresolved(row) for row in rows]}


async def _run(offices: Offices, who: str) -> dict:
    return {"results": await offices.desk.reconcile()}


async def _resolve(offices: Offices, who: str, op: str, outcome: str, text: str) -> dict:
    rows = await offices.queries.unresolved(SHOWN_MAX)
    command = next((row.command for row in rows if row.command.op == op), None)
    if command is None:
        raise take.NotThere("no unresolved operation has that id; `reconcile.list` shows which there are")
    result = Done(ref=text) if outcome == "done" else NotFound()
    return {"text": await offices.desk.decide(_answered(command, offices.now(), result, who))}


def _answered(command: MoneyCommand, now: int, result: Done | NotFound, who: str) -> Event:
    if isinstance(command, Reserve):
        return ReserveAnswered(command.msisdn, now, command.call, command.op, result, resolved_by=who)
    if isinstance(command, Settle):
        return SettleAnswered(command.msisdn, now, command.call, command.op, result, resolved_by=who)
    if isinstance(command, Debit):
        return DebitAnswered(command.msisdn, now, command.recovery, command.op, result, resolved_by=who)
    if command.recovery:
        return RefundAnswered(command.msisdn, now, command.recovery, command.op, result, resolved_by=who)
    return CreditAnswered(command.msisdn, now, command.advance, command.op, result, resolved_by=who)
