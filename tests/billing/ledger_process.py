"""A ledger as a process of its own, for tests that kill it: path, UNIX socket, deduplicates (1 or 0)."""

import sys

from twisted.internet import reactor

from tectonics.billing.ledger_server import make_ledger_service
from tectonics.ports import Capabilities


def main(path, socket, deduplicates):
    capabilities = Capabilities(deduplicates == "1", 86_400, True, True, True)
    service = make_ledger_service(path, f"unix:{socket}", reactor, capabilities)
    service.startService()
    service.listening.addErrback(lambda failure: (print(failure), reactor.stop()))
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()


main(*sys.argv[1:])
