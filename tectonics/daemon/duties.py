"""The duties: what the daemon does again and again because time passes.

Everything that a person might call a timer stands in this one list.
"""


from tectonics.daemon.core import Core
from tectonics.daemon.host import Host
from tectonics.engine.timers import Duty, mark_overdue
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.store.opened import OpenedStore

DAY_MS = 86_400_000
MEBIBYTE = 1024 * 1024


def duties(core: Core, files: OpenedStore, metrics: MetricsRegistry, alarms: AlarmTable,
           settings, host: Host) -> list[Duty]:
    """All duties, not started yet."""
    clock, engine = core.engine.clock, core.engine

    async def outbox() -> None:
        await core.outbox.adopt()
        await core.outbox.poll()

    async def overdue() -> None:
        await mark_overdue(engine)

    async def refresh() -> None:
        await core.policies.refresh()
        await engine.usage.refresh(engine.now())
        _watch_exposure(core, alarms)

    async def gauges() -> None:
        await _show_debt(files, metrics)
        _watch_queues(files, alarms)

    async def watch() -> None:
        await _watch_unknown(core, files, alarms, settings.outbox.unknown_alarm_s)
        _watch_disk(host.disk.free_bytes(settings.state_path), settings, alarms)

    async def retention() -> None:
        now = engine.now()
        await files.retention.run(now - settings.retention.triggers_days * DAY_MS,
                                  now - settings.tickets.keep_days * DAY_MS)

    rhythm = host.rhythm
    table = ((outbox, rhythm.outbox_s or settings.outbox.poll_s), (overdue, rhythm.overdue_s),
             (refresh, rhythm.refresh_s), (gauges, rhythm.gauges_s), (watch, rhythm.watch_s),
             (retention, rhythm.retention_s))
    return [Duty(work.__name__, interval_s, work, clock, alarms) for work, interval_s in table]


async def _show_debt(files: OpenedStore, metrics: MetricsRegistry) -> None:
    debt = await files.queries.debt()
    metrics.gauge("tectonics_open_advances", debt.open_advances)
    metrics.gauge("tectonics_outstanding_minor", debt.outstanding_minor)
    metrics.gauge("tectonics_overdue_advances", debt.overdue)
    metrics.gauge("tectonics_unknown_advances", debt.unknown)
    metrics.gauge("tectonics_barred_subscribers", debt.barred)
    metrics.gauge("tectonics_outbox_rows", debt.outbox)


def _watch_queues(files: OpenedStore, alarms: AlarmTable) -> None:
    full = [name for name, depth, bound in files.loads() if 8 * depth >= 7 * bound]
    if full:
        alarms.raise_alarm("queue_full", f"queues are nearly full: {', '.join(full)}", "store")
    else:
        alarms.clear("queue_full", "store")


async def _watch_unknown(core: Core, files: OpenedStore, alarms: AlarmTable, age_s: float) -> None:
    rows = await files.queries.unresolved(1000)
    old = [row for row in rows if row.created_at < core.engine.now() - age_s * 1000]
    if old:
        oldest = min(row.created_at for row in old)
        age = (core.engine.now() - oldest) // 60_000
        alarms.raise_alarm("unknown_ageing", f"{len(old)} money operations have an unknown outcome, the "
                           f"oldest for {age} minutes")
    else:
        alarms.clear("unknown_ageing")


def _watch_exposure(core: Core, alarms: AlarmTable) -> None:
    lending = core.policies.current.lending
    count, minor = core.engine.usage.now(core.engine.now())
    caps = ((lending.service_day_count_max, count), (lending.service_day_minor_max, minor))
    if any(cap is not None and used >= cap for cap, used in caps):
        alarms.raise_alarm("exposure_limit", "the service has lent today what it may lend in a day")
    else:
        alarms.clear("exposure_limit")


def _watch_disk(free: int, settings, alarms: AlarmTable) -> None:
    if free < settings.oam.alarms.disk_free_mib * MEBIBYTE:
        alarms.raise_alarm("disk_low", f"{free // MEBIBYTE} MiB are left for {settings.state_path}")
    else:
        alarms.clear("disk_low")
