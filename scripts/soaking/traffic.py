"""The world outside as one process: `traffic.py DIRECTORY SEED USSD FEED TICKETS FIRST COUNT`.

It writes `journal` and `consumed` in the directory and finds `ledger.sock` there.  USSD, FEED and
TICKETS are ports of the daemon on loopback, FIRST is the first of COUNT subscribers.
Two words are taken on standard input: `finish` (everybody pays back and stops; answered with
`finished` on standard output) and `end` (the consumer of tickets stops too).
"""

import random
import sys
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.daemon.clock import WallClock
from tectonics.daemon.run import install_reactor
from tectonics.simulators.soak.feed_sender import FeedSender
from tectonics.simulators.soak.journal import Consumed, Journal
from tectonics.simulators.soak.people import Subscriber
from tectonics.simulators.soak.slow_ledger import SlowLedger
from tectonics.simulators.ticket_consumer import TicketConsumer
from tectonics.simulators.ussd_gateway import Gateway

HOST = "127.0.0.1"
CONNECTIONS = 32
LEDGER_DELAY_S = 0.1


class Traffic:
    """Everybody."""

    def __init__(self, reactor, directory: Path, seed: int, ports: list[int], first: int, count: int) -> None:
        self._reactor, clock = reactor, WallClock(reactor)
        ussd, feed, tickets = ports
        self.journal = Journal(directory / "journal")
        self._consumed = (directory / "consumed").open("wb", buffering=0)
        self.gateway = Gateway(reactor, HOST, ussd, connections=CONNECTIONS, seed=seed)
        self.feed = FeedSender(HostnameEndpoint(reactor, HOST, feed), clock)
        self.consumer = TicketConsumer(HostnameEndpoint(reactor, HOST, tickets), "soak", clock, ack_every=20,
                                       on_ticket=lambda line: self._consumed.write(line + b"\n"))
        self.ledger = SlowLedger(UNIXClientEndpoint(reactor, str(directory / "ledger.sock")), LEDGER_DELAY_S, clock)
        self.people = [Subscriber(str(number), self.gateway, self.feed, self.journal, clock,
                                  random.Random(f"{seed}:{number}")) for number in range(first, first + count)]

    def start(self) -> None:
        """Everybody begins."""
        for one in (self.feed, self.consumer, self.ledger):
            one.start()
        self._lives = gatherResults([Deferred.fromCoroutine(one.live()) for one in self.people],
                                    consumeErrors=True)
        self._lives.addCallbacks(lambda _: print("finished", flush=True), self._broken)

    def _broken(self, failure) -> None:
        failure.value.subFailure.printTraceback(sys.stderr)
        print(f"broken {failure.value.subFailure.getErrorMessage()}", flush=True)

    def finish(self) -> None:
        """Everybody ends what he is at and pays back."""
        for one in self.people:
            one.stopping = True

    def end(self) -> None:
        """The consumer's counts are written, and the process ends."""
        one = self.consumer
        self.journal.write(Consumed(one.last_seq, one.received, one.repeated, one.unflagged, one.holes,
                                    len(one.gaps), one.errors, one.connections))
        gatherResults([one.stop(), self.feed.stop(), self.ledger.stop()]).addBoth(lambda _: self._reactor.stop())


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
    directory, seed, ussd, feed, tickets, first, count = sys.argv[1:]
    reactor = install_reactor()
    traffic = Traffic(reactor, Path(directory), int(seed), [int(ussd), int(feed), int(tickets)], int(first),
                      int(count))
    StandardIO(Words(traffic), reactor=reactor)
    reactor.callWhenRunning(traffic.start)
    reactor.run()


if __name__ == "__main__":
    main()
