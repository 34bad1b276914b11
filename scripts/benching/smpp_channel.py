"""The USSD-over-SMPP channel alone, as a process: a dialogue that answers at once, no store, no billing.

Its arguments: the gateway's port, how many binds, the dialect.  It serves until it is told to end (SIGTERM).
"""

import signal
import sys

from people import ROOT

from tectonics.channels.ussd_smpp.channel import UssdSmpp
from tectonics.config.dialects import read_dialect
from tectonics.config.smpp import SmppAccount
from tectonics.config.smpp import UssdSmpp as Section
from tectonics.daemon.clock import RisingIds, WallClock
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.domain.messages import Catalogue
from tectonics.domain.screens import Screen
from tectonics.links.smpp.binds import Binds
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry

MENU = Screen("Credit advance\n1. 1.00 (fee 0.10)\n2. 2.00 (fee 0.20)\n3. 5.00 (fee 0.50)\n0. What I owe", more=True)
GRANTED = Screen("You have received 1.00 EUR. 1.10 will be taken from your recharges, due by 29/11.", more=False)


class Trivial:
    """Knows the answer."""

    def step(self, style, dialled):
        """A menu, and the end after the key that confirms."""
        from twisted.internet.defer import succeed
        return succeed(GRANTED if dialled.text == "99" else MENU)

    def ended(self, style, session, msisdn) -> None:
        """Nothing follows from it."""


def account(port: int, binds: int, dialect: str) -> dict:
    """The account at the gateway under measurement."""
    return {"name": "gw", "address": f"tcp:127.0.0.1:{port}", "sessions": binds, "dialect": dialect, "window": 500,
            "per_second": 100_000, "reconnect_s": 0.1}


def main() -> None:
    """Serves."""
    port, binds, dialect = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    reactor = install_reactor()
    from twisted.internet.endpoints import clientFromString

    clock, metrics = WallClock(reactor), MetricsRegistry()
    section = Section(accounts=(SmppAccount(**account(port, binds, dialect)),))
    links = Binds(section.accounts, lambda address: clientFromString(reactor, address), clock, metrics,
                  AlarmTable(clock, metrics), passwords={}, channel="ussd_smpp")
    known, errors = read_dialect(ROOT / f"etc/dialects/{dialect}.yaml", dialect)
    if errors:
        sys.exit("\n".join(map(str, errors)))
    channel = UssdSmpp(links, Trivial(), section, {dialect: known}, Catalogue({"en": {}}, "en"), ids=RisingIds(),
                       clock=clock, metrics=metrics, codes=("*133#",))
    reactor.callWhenRunning(channel.start)
    reactor.callWhenRunning(settle_memory)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(
        lambda: channel.stop().addBoth(lambda _: reactor.stop())))
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
