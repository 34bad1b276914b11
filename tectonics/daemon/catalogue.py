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
from tectonics.database.executors import ThreadExecutor
from tectonics.ports import Billing, Capabilities, Clock, Metrics


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


def _embedded(settings: Settings, reactor, clock: Clock, metrics: Metrics) -> Prepaid:
    declared = settings.billing.embedded
    can = Capabilities(declared.deduplicates, int(declared.window_s), declared.readable_back,
                       declared.tells_balance)
    billing = EmbeddedBilling(settings.state_path / "ledger.db", clock, lambda: ThreadExecutor(reactor),
                              metrics, can, _deadlines(settings))
    return Prepaid(billing, billing, lambda: succeed(None), billing.close)


def _ledger(settings: Settings, reactor, clock: Clock, metrics: Metrics) -> Prepaid:
    endpoint = clientFromString(reactor, settings.billing.address)
    billing = LedgerBilling(endpoint, clock, metrics, _deadlines(settings))

    def start() -> Deferred:
        billing.start()
        return billing.when_ready()

    return Prepaid(billing, billing, start, billing.stop)


BILLING: dict[str, Callable[[Settings, object, Clock, Metrics], Prepaid]] = {
    "embedded": _embedded,
    "ledger": _ledger,
}
