"""The DID ring alone, as a process: an engine that takes every ring at once, no store, no billing.

Its argument: how long calls ring.  It writes its port, and serves until it is told to end (SIGTERM).
"""

import json
import signal
import sys

from tectonics.channels.did_sip.channel import DidSip
from tectonics.config.sip import DidSip as Section
from tectonics.daemon.clock import WallClock
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.links.sip.datagrams import DATAGRAM_OCTETS_MAX
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry

DID = "33800133000"


class Taking:
    """Takes everything."""

    def __init__(self) -> None:
        self.count = 0

    def received(self, message):
        """It is taken."""
        from twisted.internet.defer import succeed
        self.count += 1
        return succeed(None)


def rings(ring_s: float) -> dict:
    """The settings under measurement; port 0 is any."""
    return {"endpoint": "udp:0:interface=127.0.0.1", "ring_s": ring_s, "calls_max": 20_000, "dids": [{"number": DID}],
            "trunks": [{"name": "bench", "sources": ["127.0.0.1"], "per_second": 100_000}]}


def main() -> None:
    """Serves."""
    reactor = install_reactor()
    clock, metrics, engine = WallClock(reactor), MetricsRegistry(), Taking()
    channel = DidSip(Section(**rings(float(sys.argv[1]))), engine, words={"lend": "SOS"}, passwords={}, key=b"k" * 32,
                     clock=clock, metrics=metrics, alarms=AlarmTable(clock, metrics))

    def begin() -> None:
        settle_memory()
        channel.port = reactor.listenUDP(0, channel.datagrams, "127.0.0.1", DATAGRAM_OCTETS_MAX)
        print(json.dumps({"port": channel.port.getHost().port}), flush=True)

    def end() -> None:
        channel.stop().addBoth(lambda _: (print(json.dumps({"told": engine.count}), flush=True), reactor.stop()))

    reactor.callWhenRunning(begin)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(end))
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
