"""A view as plain data, for `top --json`: one object a line for each look, with every daemon in it."""

from collections.abc import Mapping, Sequence

import msgspec

from tectonics.cli.top.rates import Flow, Rate, View
from tectonics.cli.top.watched import Watched
from tectonics.wire.sample import Spread


def record(watched: Sequence[Watched], at: str) -> dict:
    """One look at all daemons. `at` is the time as text; a daemon that is away says why."""
    return {"at": at, "daemons": [_daemon(one) for one in watched]}


def _daemon(one: Watched) -> dict:
    if one.trouble or one.view is None:
        return {"node": one.name, "away": one.trouble or "not heard yet"}
    return _view(one.view)


def _view(view: View) -> dict:
    return {
        "node": view.node, "version": view.version, "state": view.state, "role": view.role, "up_s": round(view.up_s),
        "elapsed_s": _short(view.elapsed_s), "in_s": _short(view.came_s), "granted_s": _short(view.granted_s),
        "channels": [_flow(one) | {"open": one.open} for one in view.channels],
        "services": [_flow(one, timed=False) for one in view.services],
        "refusals": [{"service": one.service, "reason": one.reason, "per_s": _short(one.per_s), "total": one.total}
                     for one in view.refusals],
        "billing": list(map(_flow, view.billing)), "decisions": _flow(view.decisions),
        "shed": {what: {"per_s": _short(per_s), "total": total} for what, (per_s, total) in view.shed.items()},
        "tickets_s": _short(view.tickets_s),
        "backlog": {"outbox": view.outbox, "dispatching": view.dispatching, "sessions": view.sessions},
        "queues": msgspec.to_builtins(view.queues), "consumers": msgspec.to_builtins(view.consumers),
        "alarms": msgspec.to_builtins(view.alarms),
        "debt": {**view.debt, "outstanding": view.owed, "currency": view.currency},
    }


def _flow(flow: Flow, timed: bool = True) -> dict:
    shown = {"name": flow.name} | ({"state": flow.state} if flow.state else {})
    return shown | {"per_s": _rates(flow.per_s)} | (_latency(flow.spread) if timed else {})


def _rates(rates: Mapping[str, Rate]) -> dict:
    return {name: _short(value) for name, value in rates.items()}


def _latency(spread: Spread) -> dict:
    """Bounds that half and 99 of 100 kept in the interval, in ms; null of nothing, the last bound beyond all."""
    return {"count": spread.total, "p50_ms": spread.within_most_ms(0.5), "p99_ms": spread.within_most_ms(0.99)}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
