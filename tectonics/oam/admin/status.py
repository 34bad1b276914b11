"""The state of the daemon in one answer: what it is, what it serves, what waits, what is wrong."""

from functools import partial

from twisted.internet.defer import Deferred

from tectonics.domain.money import format_minor
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.ports import Debt

SERVING = "serving"


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "status": Method(partial(_status, offices), {}, "the state of the daemon"),
        "messages": Method(partial(_messages, offices), {"msisdn": take.msisdn(offices.country_code)},
                           "the short messages that a number got (demo)"),
    }


async def _status(offices: Offices, who: str) -> dict:
    about, policy, now = offices.about, offices.policies.current, offices.now()
    debt = await offices.queries.debt()
    counters = offices.metrics.snapshot()
    return {
        "version": about["version"], "node": about["node"], "origin": about["origin"],
        "state": offices.ready() or SERVING, "started_at": shown.time(about["started_at"]),
        "uptime_s": max(0, now - about["started_at"]) // 1000, "policy_version": policy.version,
        "accepting": policy.lending.accepting,
        "listeners": [{"name": one.name, "address": one.address, **one.extra} for one in offices.listeners],
        "peers": [_peer(one) for one in offices.peers()], "backlog": _backlog(debt, counters), "debt": _debt(debt, policy.currency),
        "counters": counters, "alarms": [shown.alarm(one) for one in offices.alarms.active()],
        "consumers": await _consumers(offices),
    }


def _peer(one: dict) -> dict:
    return one | {"since": shown.time(one["since"])} if "since" in one else one


def _backlog(debt: Debt, counters: dict) -> dict:
    return {"outbox": debt.outbox, "dispatching": counters.get("tectonics_dispatching", 0),
            "sessions": counters.get("tectonics_sessions", 0)}


def _debt(debt: Debt, currency: str) -> dict:
    return {"open_advances": debt.open_advances,
            "outstanding": format_minor(debt.outstanding_minor, currency), "currency": currency,
            "overdue": debt.overdue, "unknown": debt.unknown, "barred": debt.barred}


async def _consumers(offices: Offices) -> list[dict]:
    rows = offices.consumers()
    if isinstance(rows, Deferred):
        rows = await rows
    return [{"name": name, "origin": origin, "acknowledged": acknowledged, "newest": newest,
             "lag": max(0, newest - (acknowledged or 0)), "connected": connected}
            for name, origin, acknowledged, newest, connected in rows]


async def _messages(offices: Offices, who: str, msisdn: str) -> dict:
    return {"messages": [{"at": shown.time(at), "text": text} for at, text in offices.messages(msisdn)]}
