"""The levels of the log, area by area, of the process that is asked: changed at once, until it ends or they are reset.

The change is in memory and its audit ticket in the database, which may be what somebody wants to read more about:
so the level is changed first, and a ticket that cannot be written is said to be missing.
"""

from functools import partial

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin.method import LogControl, Method, Offices
from tectonics.oam.admin.ticketed import ticketed

LEVELS = ("debug", "info", "warn", "error")
AREA_CHARS_MAX = 64


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "log.show": Method(partial(_show, offices), {}, "which areas of the log are written from which level on"),
        "log.level": Method(partial(_level, offices), {
            "area": take.text("a part of the daemon such as engine or channels.ussd_http", length_max=AREA_CHARS_MAX),
            "level": take.word("the least important that is written", LEVELS)},
            "changes the level of an area until the daemon ends", changes=True),
        "log.reset": Method(partial(_reset, offices), {}, "puts all levels back to those of the configuration", changes=True),
    }


async def _show(offices: Offices, who: str) -> dict:
    return _log(offices).shown()


async def _level(offices: Offices, who: str, area: str, level: str) -> dict:
    _log(offices).change(area, level)
    return {"text": await ticketed(offices, who, f"the log shows {area} from {level} on")}


async def _reset(offices: Offices, who: str) -> dict:
    _log(offices).reset()
    return {"text": await ticketed(offices, who, "the log has the levels of the configuration again")}


def _log(offices: Offices) -> LogControl:
    if offices.log is None:
        raise TheirFault("this daemon does not write a log of its own")
    return offices.log
