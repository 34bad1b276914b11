"""The figures of the daemon in one cheap look, for `tectonics top`: nothing is asked of the database.

What is counted and shown is read as it stands in memory; the debt is that of the gauges, which a duty refreshes every
few seconds.  `status` (status.py) shows the same rows, and asks more.
"""

from functools import partial

from tectonics.domain.money import format_minor
from tectonics.oam import derived
from tectonics.oam.admin.method import Method, Offices
from tectonics.oam.derived import Counts
from tectonics.ports import Alarm as ActiveAlarm
from tectonics.wire import sample
from tectonics.wire.sample import Alarm, Consumer, Queue, Sample

SERVING = "serving"
ALARMS_SHOWN_MAX = 50  # the gravest
CONSUMERS_SHOWN_MAX = 50  # those that are furthest behind
_DEBT = {"open_advances": "tectonics_open_advances", "outstanding_minor": "tectonics_outstanding_minor",
         "overdue": "tectonics_overdue_advances", "unknown": "tectonics_unknown_advances",
         "barred": "tectonics_barred_subscribers"}


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {"sample": Method(partial(_sample, offices), {}, "the figures of the daemon, for `tectonics top`")}


async def _sample(offices: Offices, who: str) -> dict:
    return sample.encode(take_sample(offices, await offices.readers(), Counts(offices.metrics.snapshot())))


def take_sample(offices: Offices, readers: list, counts: Counts) -> Sample:
    """Everything as it is now; `readers` are the consumers of tickets."""
    about, metrics, active = offices.about, offices.metrics, offices.alarms.active()
    currency, debt = offices.policies.current.currency, debt_shown(counts)
    return Sample(
        node=about["node"], version=about["version"], state=offices.ready() or SERVING, role=offices.role(),
        now_at=offices.now(), started_at=about["started_at"],
        channels=tuple(derived.channels(counts, metrics, offices.channels, active)),
        services=tuple(derived.services(counts)),
        billing=tuple(derived.billing(counts, metrics, offices.prepaid, active)),
        decided=metrics.spread("tectonics_decide_seconds"), units=_whole(counts.by_label("tectonics_units_total", 0)),
        shed=_whole(counts.by_label("tectonics_shed_total", 0)), tickets=int(counts.of("tectonics_tickets_total")),
        outbox=int(counts.of("tectonics_outbox_rows")), dispatching=int(counts.of("tectonics_dispatching")),
        sessions=int(counts.of("tectonics_sessions")), queues=tuple(Queue(*one) for one in offices.loads()),
        consumers=_consumers(readers), alarms=tuple(map(_alarm, active[:ALARMS_SHOWN_MAX])),
        debt={name: level for name, level in debt.items() if name != "outstanding_minor"},
        owed=format_minor(debt["outstanding_minor"], currency), currency=currency)


def debt_shown(counts: Counts) -> dict[str, int]:
    """The debt as the gauges have it."""
    return {name: int(counts.of(gauge)) for name, gauge in _DEBT.items()}


def _whole(sums: dict[str, float]) -> dict[str, int]:
    return {name: int(count) for name, count in sums.items()}


def _consumers(rows: list) -> tuple[Consumer, ...]:
    found = [Consumer(name, max(0, newest - (acknowledged or 0)), connected) for name, _, acknowledged, newest, connected in rows]
    return tuple(sorted(found, key=lambda one: (-one.lag, one.name))[:CONSUMERS_SHOWN_MAX])


def _alarm(one: ActiveAlarm) -> Alarm:
    acknowledged_by = one.acknowledged.who if one.acknowledged else ""
    return Alarm(one.id, one.severity, one.since_at, one.text, one.advice, acknowledged_by, one.flapping)
