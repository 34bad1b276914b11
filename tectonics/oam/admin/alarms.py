"""Alarms: which are active, what became of them, and who looks after them.

An acknowledgement is kept with the alarm, in memory and in the history's file, and changes nothing else; its audit
ticket goes to the database, which may be what the alarm is about (ticketed.py).
"""

from functools import partial

from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.oam.admin.ticketed import ticketed
from tectonics.ports import Alarm


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    id = take.text("the alarm, as `alarms.list` shows it", length_max=take.ID_MAX)
    return {
        "alarms.list": Method(partial(_list, offices), {}, "the active alarms, the gravest first"),
        "alarms.history": Method(partial(_history, offices), {"limit": take.limit()},
                                 "what became of alarms, also before the last start, the newest first"),
        "alarms.ack": Method(partial(_acknowledge, offices), {
            "id": id, "note": take.text("what others should know", "")}, "says that you look after an alarm", changes=True),
        "alarms.unack": Method(partial(_take_back, offices), {"id": id}, "takes an acknowledgement back", changes=True),
    }


async def _list(offices: Offices, who: str) -> dict:
    return {"alarms": [shown.alarm(one) for one in offices.alarms.active()]}


async def _history(offices: Offices, who: str, limit: int) -> dict:
    newest_first = offices.alarms.history()[:-limit - 1:-1]
    return {"changes": [{"at": shown.time(one.at), "what": one.what, "who": one.who or None, **shown.alarm(one.alarm)}
                        for one in newest_first]}


async def _acknowledge(offices: Offices, who: str, id: str, note: str) -> dict:
    _known(offices, id)
    offices.alarms.acknowledge(id, who, note)
    text = f"the alarm {id} is acknowledged{f': {note}' if note else ''}"
    return {"text": await ticketed(offices, who, text)}


async def _take_back(offices: Offices, who: str, id: str) -> dict:
    _known(offices, id)
    offices.alarms.take_back(id, who)
    return {"text": await ticketed(offices, who, f"the acknowledgement of the alarm {id} is taken back")}


def _known(offices: Offices, id: str) -> Alarm:
    found = next((one for one in offices.alarms.active() if one.id == id), None)
    if found is None:
        raise take.NotThere(f"there is no active alarm {id}; `alarms.list` shows which there are")
    return found
