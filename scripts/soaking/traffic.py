"""The world outside as one process: `traffic.py DIRECTORY`.

It reads `traffic.json` in the directory (seed, subscribers, the ports of each daemon), writes `journal` and
`consumed-ORIGIN` there, and finds `ledger.sock` there.
Two words are taken on standard input: `finish` (everybody pays back and stops; answered with
`finished` on standard output) and `end` (the consumers of tickets stop too).
"""

import json
import random
import sys
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.daemon.clock import WallClock
from tectonics.daemon.run import install_reactor
from tectonics.simulators.soak.evidence import CONSUMER
from tectonics.simulators.soak.feed_sender import FeedSender
from tectonics.simulators.soak.journal import Consumed, Journal
from tectonics.simulators.soak.people import Subscriber
from tectonics.simulators.soak.routes import InTurn, Routes
from tectonics.simulators.soak.slow_ledger import SlowLedger
from tectonics.simulators.ticket_consumer import TicketConsumer
from tectonics.simulators.ussd_gateway import Gateway

HOST = "127.0.0.1"
CONNECTIONS = 32


class Traffic:
    """Everybody."""

    def __init__(self, reactor, directory: Path, seed: int, nodes: list[dict], first: int, count: int,
                 hammer: bool, ledger_delay_s: float) -> None:
        self._reactor, self._clock = reactor, WallClock(reactor)
        self._directory, self._hammer = directory, hammer
        clock = self._clock
        self.journal = Journal(directory / "journal")
        gateways = [Gateway(reactor, HOST, node["ussd"], connections=CONNECTIONS) for node in nodes]
        routes = Routes(gateways, seed)
        self.feed = FeedSender(InTurn([HostnameEndpoint(reactor, HOST, node["feed"]) for node in nodes]), clock)
        self.consumers = {node["origin"]: self._consumer(node) for node in nodes}
        self.ledger = SlowLedger(UNIXClientEndpoint(reactor, str(directory / "ledger.sock")), ledger_delay_s, clock)
        self.people = [Subscriber(str(number), routes, self.feed, self.journal, clock,
                                  random.Random(f"{seed}:{number}")) for number in range(first, first + count)]

    def _consumer(self, node: dict) -> TicketConsumer:
        file = (self._directory / f"consumed-{node['origin']}").open("wb", buffering=0)
        return TicketConsumer(HostnameEndpoint(self._reactor, HOST, node["tickets"]), CONSUMER, self._clock,
                              ack_every=20, on_ticket=lambda line: file.write(line + b"\n"))

    def start(self) -> None:
        """Everybody begins."""
        for one in (self.feed, self.ledger, *self.consumers.values()):
            one.start()
        self._lives = gatherResults([Deferred.fromCoroutine(one.hammer() if self._hammer else one.live())
                                     for one in self.people], consumeErrors=True)
        self._lives.addCallbacks(lambda _: print("finished", flush=True), self._broken)

    def _broken(self, failure) -> None:
        failure.value.subFailure.printTraceback(sys.stderr)
        print(f"broken {failure.value.subFailure.getErrorMessage()}", flush=True)

    def finish(self) -> None:
        """Everybody ends what he is at and pays back."""
        for one in self.people:
            one.stopping = True

    def end(self) -> None:
        """The consumers' counts are written, and the process ends."""
        for origin, one in self.consumers.items():
            self.journal.write(Consumed(one.last_seq, one.received, one.repeated, one.unflagged, one.holes,
                                        len(one.gaps), one.errors, one.connections, origin))
        gatherResults([one.stop() for one in (self.feed, self.ledger, *self.consumers.values())]).addBoth(
            lambda _: self._reactor.stop())


class Words(LineOnlyReceiver):
    """Standard input."""

    delimiter = b"\n"

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def lineReceived(self, line: bytes) -> None:
        """One word."""
        {b"finish": self._traffic.finish, b"end": self._traffic.end}[line.strip()]()


def main() -> None:
    """See above."""
    directory = Path(sys.argv[1])
    reactor = install_reactor()
    traffic = Traffic(reactor, directory, **json.loads((directory / "traffic.json").read_text()))
    StandardIO(Words(traffic), reactor=reactor)
    reactor.callWhenRunning(traffic.start)
    reactor.run()


if __name__ == "__main__":
    main()
