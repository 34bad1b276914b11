"""Advances: a list in pages, one by its id, and giving a debt up (which the Desk decides)."""

from functools import partial

from tectonics.domain import advance as adv
from tectonics.domain.events import Trigger, WrittenOff
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices

STATES = (adv.GRANTING, adv.UNKNOWN, adv.OPEN, adv.OVERDUE, adv.REPAID, adv.WRITTEN_OFF, adv.FAILED)


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    identity = take.text("the id of an advance", length_max=take.ID_MAX)
    return {
        "advances.list": Method(partial(_list, offices), {
            "msisdn": take.msisdn(offices.country_code, ""),
            "state": take.word(f"one of {', '.join(STATES)}", STATES, ""),
            "after": take.cursor(2), "limit": take.limit()}, "a page of advances, oldest first"),
        "advances.show": Method(partial(_show, offices), {"id": identity}, "one advance"),
        "advances.write_off": Method(partial(_write_off, offices), {
            "id": identity, "text": take.text("why the debt is given up")}, "gives a debt up", changes=True),
    }


async def _list(offices: Offices, who: str, msisdn: str, state: str, after: tuple | None, limit: int) -> dict:
    rows = await offices.queries.advances(msisdn, state, after or (0, ""), limit)
    last = rows[-1][1] if len(rows) == limit else None
    return {"advances": [shown.advance(number, item) for number, item in rows],
            "after": f"{last.requested_at}:{last.id}" if last else ""}


async def _find(offices: Offices, id: str) -> tuple[str, adv.Advance]:
    found = await offices.queries.advance(id)
    if found is None:
        raise take.NotThere("no advance has that id")
    return found


async def _show(offices: Offices, who: str, id: str) -> dict:
    return shown.advance(*await _find(offices, id))


async def _write_off(offices: Offices, who: str, id: str, text: str) -> dict:
    msisdn, _ = await _find(offices, id)
    now = offices.now()
    trigger = Trigger("admin", offices.ids.new(now))
    return {"text": await offices.desk.decide(WrittenOff(msisdn, now, id, who, text, trigger))}
