"""How many submit_sm a second one process sends through its binds to a simulated message centre in another:

    .venv/bin/python scripts/benching/smpp_submits.py [--seconds S] [--sessions N] [--window N] [--waiting N] [--receipts]

A closed loop: always `waiting` submits are under way or queued. The latency is from submit to its outcome, so it is
that of the queue before all; with --waiting no larger than all windows it is that of the connection.
"""

import argparse
import json
import os
import subprocess
import sys

import machine
from people import ROOT

from tectonics.config.smpp import SmppAccount
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.links.smpp.binds import Binds
from tectonics.links.smpp.outcome import Accepted
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.wire.smpp.pdus import DeliverSmResp, SubmitSm

WARM_S = 1.0
TEXT = b"You have received 1.00 EUR. 1.10 will be taken from your recharges, due by 29/11. Keep this message, it is a receipt."


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--seconds", type=float, default=10.0, help=f"measured, after {WARM_S:g} s of warm-up")
    add("--sessions", type=int, default=2, help="binds side by side")
    add("--window", type=int, default=50, help="of each")
    add("--waiting", type=int, default=2000, help="submits under way and queued, always")
    add("--receipts", action="store_true", help="each is followed by a delivery receipt")
    return parser.parse_args()


class Load:
    """Keeps so many submits waiting, and counts."""

    def __init__(self, binds: Binds, clock, chosen: argparse.Namespace) -> None:
        self._binds, self._clock, self._chosen = binds, clock, chosen
        self.accepted = self.other = self.receipts = 0
        self.latencies: list[float] = []
        self.going = True
        binds.heard = self._heard

    def start(self) -> None:
        """The first of each place; the others follow their outcomes."""
        for _ in range(self._chosen.waiting):
            self._one()

    def forget(self) -> None:
        """The warm-up is over."""
        self.accepted = self.other = self.receipts = 0
        self.latencies.clear()

    def _one(self) -> None:
        begun = self._clock.seconds()
        number = f"336{(self.accepted * 7919) % 10**8:08d}"
        request = SubmitSm(source_addr="133", dest_addr_ton=1, dest_addr_npi=1, destination_addr=number,
                           registered_delivery=int(self._chosen.receipts), short_message=TEXT)
        self._binds.submit(request, 1, begun + 60).addCallback(self._done, begun)

    def _done(self, outcome, begun: float) -> None:
        if not self.going:
            return
        if isinstance(outcome, Accepted):
            self.accepted += 1
        else:
            self.other += 1
        self.latencies.append(self._clock.seconds() - begun)
        self._one()

    def _heard(self, peer, request) -> None:
        self.receipts += 1
        peer.answer(request, DeliverSmResp())


def main() -> int:
    """The exit code: 1 when something was not accepted."""
    chosen = arguments()
    reactor = install_reactor()
    from twisted.internet.endpoints import clientFromString

    centre = subprocess.Popen([sys.executable, "-m", "tectonics.simulators.smsc", "--listen", "tcp:0:interface=127.0.0.1"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                              env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        port = json.loads(centre.stdout.readline())["port"]
        account = SmppAccount(name="a", address=f"tcp:127.0.0.1:{port}", sessions=chosen.sessions, window=chosen.window,
                              per_second=100_000)
        metrics = MetricsRegistry()
        binds = Binds([account], lambda address: clientFromString(reactor, address), reactor, metrics,
                      AlarmTable(reactor, metrics), passwords={}, channel="bench")
        load, figures = Load(binds, reactor, chosen), {}
        binds.start()
        reactor.callLater(0.5, load.start)
        reactor.callLater(0.5 + WARM_S, begin, load, figures, centre.pid)
        reactor.callLater(0.5 + WARM_S + chosen.seconds, end, load, figures, centre.pid, binds, reactor)
        settle_memory()
        reactor.run()
    finally:
        centre.stdin.close()
        centre.wait(10)
    report(chosen, load, figures)
    return 1 if load.other else 0


def begin(load: Load, figures: dict, centre: int) -> None:
    """What is measured begins here."""
    load.forget()
    figures |= {"own": machine.process_cpu_s(os.getpid()), "centre": machine.process_cpu_s(centre),
                "rss": machine.rss_mb(os.getpid())}


def end(load: Load, figures: dict, centre: int, binds: Binds, reactor) -> None:
    """And ends here."""
    figures["accepted"], figures["receipts"] = load.accepted, load.receipts
    figures["latencies"] = sorted(load.latencies)
    for name, pid in (("own", os.getpid()), ("centre", centre)):
        figures[name] = machine.process_cpu_s(pid) - figures[name]
    figures["rss"] = figures["rss"], machine.rss_mb(os.getpid())
    figures["loads"] = binds.loads()
    load.going = False
    binds.stop().addCallback(lambda _: reactor.stop())


def report(chosen: argparse.Namespace, load: Load, figures: dict) -> None:
    """For people."""
    seconds, latencies = chosen.seconds, figures["latencies"]
    print(machine.describe())
    print(f"{figures['accepted'] / seconds:,.0f} submit_sm a second accepted"
          + (f", {figures['receipts'] / seconds:,.0f} receipts answered" if chosen.receipts else "")
          + f"; {chosen.sessions} sessions, window {chosen.window}, {chosen.waiting} waiting, {seconds:g} s")
    print(f"latency p50 {1000 * latencies[len(latencies) // 2]:.1f} ms, p99 {1000 * latencies[len(latencies) * 99 // 100]:.1f} ms"
          f"; processor {100 * figures['own'] / seconds:.0f} % here, {100 * figures['centre'] / seconds:.0f} % at the centre")
    before, after = figures["rss"]
    print(f"memory {before:.0f} MB before, {after:.0f} MB after; queue at the end {figures['loads'][0][1]}")


if __name__ == "__main__":
    sys.exit(main())
