"""The alarm table as it is configured, and who watches over what no part of the daemon sees by itself (watch/)."""

from collections.abc import Callable, Coroutine

from tectonics.config import Settings
from tectonics.daemon.clock import now_ms
from tectonics.daemon.core import Core
from tectonics.daemon.host import Host
from tectonics.daemon.watch.bad_debt import watch_bad_debt
from tectonics.daemon.watch.certificates import CertificateWatch, certificates_of
from tectonics.daemon.watch.peers import PeerWatch
from tectonics.daemon.watch.reconciling import Reconciling
from tectonics.daemon.watch.ussd import UssdWatch
from tectonics.engine.timers import Duty
from tectonics.oam.alarm_history import KeptHistory
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.flapping import Damping
from tectonics.oam.metrics import MetricsRegistry
from tectonics.ports import Billing, TicketLog
from tectonics.store.opened import OpenedStore

SIGNS = 4  # of life within the silence after which a node counts as lost


def make_alarms(settings: Settings, host: Host, metrics: MetricsRegistry) -> AlarmTable:
    """The table, and its figures."""
    limits = settings.oam.alarms
    history = KeptHistory(settings.state_path, host.disk, now_ms(host.clock))
    alarms = AlarmTable(host.clock, metrics, Damping(limits.hold_s, limits.flap_raises, limits.flap_window_s), history)
    metrics.source("tectonics_alarms_active", alarms.by_severity)
    metrics.source("tectonics_alarm_active", alarms.by_alarm)
    metrics.source("tectonics_alarm_acknowledged", alarms.acknowledged)
    metrics.source("tectonics_alarm_flapping", alarms.flapping)
    return alarms


def make_peers(settings: Settings, host: Host, files: OpenedStore, alarms: AlarmTable) -> PeerWatch:
    """Alone where the database is a file, which has one daemon."""
    return PeerWatch(settings.node.name, files.nodes, alarms, host.clock, settings.oam.alarms)


def watchers(settings: Settings, host: Host, core: Core, files: OpenedStore, tickets: TicketLog, billing: Billing, till,
             peers: PeerWatch, metrics: MetricsRegistry, alarms: AlarmTable) -> list[Duty]:
    """All of them, not started yet; the certificates are looked at now."""
    limits, clock, watch_s = settings.oam.alarms, host.clock, host.rhythm.watch_s
    ussd = UssdWatch(metrics, alarms, limits)
    certificates = CertificateWatch(certificates_of(settings), alarms, limits)
    reconciling = Reconciling(files.queries, tickets, billing, till, alarms, clock, limits)
    certificates.look(now_ms(clock))

    async def sessions() -> None:
        ussd.look(clock.seconds())

    async def bad_debt() -> None:
        await watch_bad_debt(files.queries, core.policies.current, now_ms(clock), alarms, limits)

    async def validity() -> None:
        certificates.look(now_ms(clock))

    async def nodes() -> None:
        await peers.sign()
        await peers.look()

    found: list[tuple[Callable[[], Coroutine], float]] = [(sessions, watch_s), (bad_debt, 6 * watch_s), (validity, 60 * watch_s)]
    if settings.store.kind == "postgresql":
        found.append((nodes, limits.peer_silent_s / SIGNS))
    if limits.reconcile_every_s:
        found.append((reconciling.look, limits.reconcile_every_s))
    return [Duty(work.__name__ if work != reconciling.look else "books", interval_s, work, clock, alarms)
            for work, interval_s in found]
