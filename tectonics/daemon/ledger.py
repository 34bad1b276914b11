"""The prepaid ledger as a process of its own, on whatever host."""

from pathlib import Path

from tectonics.billing.ledger_server import LedgerService, make_ledger_service
from tectonics.daemon.host import Host
from tectonics.ports import Capabilities


def ledger_service(host: Host, path: Path, listen: str, promises: Capabilities) -> LedgerService:
    """The ledger in the file `path`, served on the endpoint string `listen`."""
    return make_ledger_service(path, listen, host.reactor, promises, clock=host.clock, executor=host.executor,
                               disk=host.disk)
