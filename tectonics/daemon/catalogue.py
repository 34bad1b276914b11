"""The catalogue: the kind that the configuration names -> the adapter that is made for it.

A new billing system or channel is one line here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import clientFromString

from tectonics.billing.embedded import Deadlines, EmbeddedBilling
from tectonics.billing.ledger_client import LedgerBilling
from tectonics.config import Settings
from tectonics.daemon.calling import make_calls
from tectonics.daemon.clock import now_ms
from tectonics.daemon.host import Host
from tectonics.database.postgres import Address
from tectonics.ports import Alarms, Billing, CallServer, Capabilities, Metrics
from tectonics.store import sqlite_store
from tectonics.store.opened import OpenedStore
from tectonics.store.postgres import opening


@dataclass(frozen=True)
class Prepaid:
    """A billing system; `till` is the embedded ledger's, None where there is none."""

    billing: Billing
    till: object | None
    start: Callable[[], Deferred]
    stop: Callable[[], Deferred]


def _deadlines(settings: Settings) -> Deadlines:
    embedded = settings.billing.embedded
    return Deadlines(embedded.read_deadline_s, embedded.send_deadline_s)


def _embedded(settings: Settings, host: Host, metrics: Metrics) -> Prepaid:
    declared = settings.billing.embedded
    can = Capabilities(declared.deduplicates, int(declared.window_s), declared.readable_back,
                       declared.tells_balance, sessions=True)
    billing = EmbeddedBilling(settings.state_path / "ledger.db", host.clock, host.executor, metrics, can,
                              _deadlines(settings), host.disk)
    return Prepaid(billing, billing, lambda: succeed(None), billing.close)


def _ledger(settings: Settings, host: Host, metrics: Metrics) -> Prepaid:
    endpoint = clientFromString(host.reactor, settings.billing.address)
    billing = LedgerBilling(endpoint, host.clock, metrics, _deadlines(settings), jitter=host.jitter)

    def start() -> Deferred:
        billing.start()
        return billing.when_ready()

    return Prepaid(billing, billing, start, billing.stop)


def _sqlite(settings: Settings, host: Host, on_fenced, on_fault) -> OpenedStore:
    return sqlite_store.open_store(settings.state_path / "tectonics.db", settings.node.name, host.clock,
                                   host.executor, now_ms(host.clock), settings.outbox.lease_s, on_fenced,
                                   on_fault, host.disk)


def _postgresql(settings: Settings, host: Host, on_fenced, on_fault) -> OpenedStore:
    return opening.open_store(database_address(settings), settings.node.name, host.clock,
                              host.executor, now_ms(host.clock), settings.outbox.lease_s, on_fenced, on_fault)


def database_address(settings: Settings) -> Address:
    """Where the PostgreSQL of the configuration is."""
    return Address(settings.store.url, settings.password_path, f"tectonics {settings.node.name}")


# on_fenced() when another process has taken the origin over; on_fault(text) when the database cannot be
# written, and on_fault("") when it can again
STORE: dict[str, Callable[[Settings, Host, Callable, Callable], OpenedStore]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
}

BILLING: dict[str, Callable[[Settings, Host, Metrics], Prepaid]] = {
    "embedded": _embedded,
    "ledger": _ledger,
}

CALL_SERVER: dict[str, Callable[[Settings, Host, Metrics, Alarms], CallServer]] = {
    "sip": make_calls,
}
