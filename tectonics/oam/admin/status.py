"""The state of the daemon in one answer: what it is, what is wrong, what it serves, what waits.

It must come when it is needed most.  What the database has to be asked for (the debt, the newest ticket) is waited for
ANSWER_S at most; then the last that is known is shown, and marked stale.
"""

import platform
from functools import partial

import twisted
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.domain.money import format_minor
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.oam.admin.sampling import debt_shown, take_sample
from tectonics.oam.derived import Counts
from tectonics.ports import Debt
from tectonics.wire.sample import BillingNode, Channel, Sample, Service, Spread

ANSWER_S = 2.0
_log = Logger()


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "status": Method(partial(_status, offices), {}, "the state of the daemon"),
        "messages": Method(partial(_messages, offices), {"msisdn": take.msisdn(offices.country_code)},
                           "the short messages that a number got (demo)"),
    }


async def _status(offices: Offices, who: str) -> dict:
    about, policy = offices.about, offices.policies.current
    debt = await _soon(offices, offices.queries.debt(), "debt")
    span = await _soon(offices, offices.tickets.span(about["origin"]), "newest ticket")
    consumers = await offices.readers()
    counters = offices.metrics.snapshot()
    counts = Counts(counters)
    now = take_sample(offices, consumers, counts)
    return {
        "version": about["version"], "node": about["node"], "origin": about["origin"], "role": now.role,
        "state": now.state, "started_at": shown.time(now.started_at), "at": shown.time(now.now_at),
        "uptime_s": max(0, now.now_at - now.started_at) // 1000, "policy_version": policy.version,
        "accepting": policy.lending.accepting,
        "listeners": [{"name": one.name, "address": one.address, **one.extra} for one in offices.listeners],
        "peers": [_peer(one) for one in offices.peers()],
        "channels": list(map(_channel, now.channels)), "billing": list(map(_billing_node, now.billing)),
        "services": [_service(one, policy.currency) for one in now.services],
        "backlog": {"outbox": now.outbox if debt is None else debt.outbox, "dispatching": now.dispatching,
                    "sessions": now.sessions},
        "queues": [{"name": one.name, "depth": one.depth, "bound": one.bound} for one in now.queues], "shed": now.shed,
        "debt": _debt(debt, counts, policy.currency), "tickets": _tickets(about["origin"], span, now, counts),
        "counters": counters, "alarms": [shown.alarm(one) for one in offices.alarms.active()],
        "consumers": [_consumer(*row) for row in consumers], "versions": _versions(about["version"]),
    }


async def _soon(offices: Offices, asked: Deferred, what: str) -> object | None:
    """The answer, None when it does not come in time or cannot be had."""
    return await asked.addTimeout(ANSWER_S, offices.clock).addErrback(
        lambda failure: _log.warn("status: the {what} could not be read: {why}", what=what, why=failure.getErrorMessage()))


def _peer(one: dict) -> dict:
    return one | {"since": shown.time(one["since"])} if "since" in one else one


def _channel(one: Channel) -> dict:
    return {"name": one.name, "state": one.state, "in": one.came, "out": one.went, "errors": one.errors,
            "sessions": one.sessions, **_latency(one.spread)}


def _billing_node(one: BillingNode) -> dict:
    return {"name": one.name, "state": one.state, "requests": one.requests, "errors": one.errors,
            "timeouts": one.timeouts, "unknown": one.unknown, **_latency(one.spread)}


def _service(one: Service, currency: str) -> dict:
    return {"name": one.name, "requests": one.requests, "granted": one.granted, "refused": sum(one.refused.values()),
            "failed": one.failed, "unknown": one.unknown, "amount": format_minor(one.amount_granted_minor, currency),
            "recovered": format_minor(one.amount_recovered_minor, currency), "refusals": one.refused}


def _latency(spread: Spread) -> dict:
    """Half and 99 of 100 took no longer, in ms; null of nothing. Beyond all bounds the last one, as SNMP has it."""
    return {name: spread.within_most_ms(share) for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99))}


def _debt(debt: Debt | None, counts: Counts, currency: str) -> dict:
    if debt is None:
        known = debt_shown(counts)
        minor = known.pop("outstanding_minor")
        return {**known, "outstanding": format_minor(minor, currency), "currency": currency, "stale": True}
    return {"open_advances": debt.open_advances,
            "outstanding": format_minor(debt.outstanding_minor, currency), "currency": currency,
            "overdue": debt.overdue, "unknown": debt.unknown, "barred": debt.barred}


def _tickets(origin: str, span: tuple[int, int] | None, now: Sample, counts: Counts) -> dict:
    return {"origin": origin, "newest": None if span is None else span[1], "numbered": now.tickets,
            "consumers_dropped": int(counts.of("tectonics_ticket_consumers_dropped_total"))}


def _consumer(name: str, origin: str, acknowledged: int | None, newest: int, connected: bool) -> dict:
    return {"name": name, "origin": origin, "acknowledged": acknowledged, "newest": newest,
            "lag": max(0, newest - (acknowledged or 0)), "connected": connected}


def _versions(own: str) -> dict[str, str]:
    return {"tectonics": own, "python": platform.python_version(), "twisted": twisted.__version__}


async def _messages(offices: Offices, who: str, msisdn: str) -> dict:
    return {"messages": [{"at": shown.time(at), "text": text} for at, text in offices.messages(msisdn)]}
