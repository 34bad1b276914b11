"""Whole USSD sessions over SMPP (dial, choose, confirm), closed loop: this process is the gateway, the daemon another.

    python scripts/benching/smpp_sessions.py             a daemon on SQLite, fsync on, lends at the end of each session
    python scripts/benching/smpp_sessions.py --channel   the channel alone, with a dialogue that answers at once

Everything lies in a temporary directory, and every process is ours and is ended here.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import machine
import yaml
from books import Books
from engines import SqliteEngine
from nodes import ledger_file, log_tails, running
from people import ROOT, borrowers, configure, fill_ledger, numbers
from smpp_channel import account

from tectonics.config.dialects import read_dialect
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.simulators import load_figures as figures
from tectonics.simulators.load import Counted

INPUTS = ("1", "99")
WARM_S = 3.0
RETRY_S = 1.0  # after "busy"
BORROWERS_PER_SECOND = 3000
PATIENCE_S = 60.0  # for what hangs


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--channel", action="store_true", help="the channel alone, without a daemon")
    add("--seconds", type=float, default=10.0, metavar="S", help=f"measured, after {WARM_S:g} s of warm-up")
    add("--concurrency", type=int, default=200, metavar="N", help="sessions at a time")
    add("--binds", type=int, default=2, metavar="N", help="connections to the gateway")
    add("--subscribers", type=int, default=100_000, metavar="N", help="in the store; every second one may borrow, once")
    add("--dialect", default="standard", metavar="NAME", help="of etc/dialects")
    return parser.parse_args()


class Load:
    """Sessions side by side until the time is over or the people run out."""

    def __init__(self, gateway, people: Iterator[str], counted: Counted, granted: str, busy: str) -> None:
        self._gateway, self._people, self._counted = gateway, people, counted
        self._granted, self._busy = granted, busy
        self.exhausted = False

    def run(self, concurrency: int):
        """Fires when the last session has ended."""
        from twisted.internet.defer import Deferred, gatherResults
        return gatherResults([Deferred.fromCoroutine(self._one_after_the_other()) for _ in range(concurrency)])

    async def _one_after_the_other(self) -> None:
        from twisted.internet.task import deferLater
        while time.monotonic() < self._counted.end_s:
            msisdn = next(self._people, None)
            if msisdn is None:
                self.exhausted = True
                return
            while await self._session(msisdn) == "busy" and time.monotonic() < self._counted.end_s:
                await deferLater(self._gateway.clock, RETRY_S)

    async def _session(self, msisdn: str) -> str:
        began_s, took_s = time.monotonic(), []
        handset = self._gateway.dial(msisdn)
        screen = await handset.next()
        for typed in (*INPUTS, None):
            now_s = time.monotonic()
            took_s.append(now_s - began_s)
            if not screen.more or typed is None:
                break
            began_s, screen = now_s, await handset.type(typed)
        granted = screen.text.startswith(self._granted) and not screen.more
        outcome = "granted" if granted else "busy" if screen.text == self._busy else "other"
        self._counted.session(time.monotonic(), took_s, outcome)
        return outcome


@contextmanager
def channel_alone(chosen: argparse.Namespace, port: int):
    """The pid of the channel's process."""
    command = [sys.executable, Path(__file__).with_name("smpp_channel.py"), str(port), str(chosen.binds), chosen.dialect]
    process = subprocess.Popen(command)
    try:
        yield process.pid
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()


class Daemon:
    """A daemon on SQLite whose gateway is this process."""

    def __init__(self, chosen: argparse.Namespace, directory: Path, port: int) -> None:
        self._chosen, self._directory, self._engine = chosen, directory, SqliteEngine(directory)
        settings = configure(directory, store=self._engine.settings)
        document = yaml.safe_load(settings.file.read_text())
        document["channels"]["ussd_smpp"] = {"accounts": [account(port, chosen.binds, chosen.dialect)],
                                             "dialects": str(ROOT / "etc/dialects")}
        settings.file.write_text(yaml.safe_dump(document))
        self.catalogue = settings.catalogue.texts["en"]
        count = min(int((WARM_S + chosen.seconds) * BORROWERS_PER_SECOND), chosen.subscribers // 2)
        self.people = borrowers(chosen.subscribers, count)
        now, self._ledger = int(time.time() * 1000), ledger_file(directory, 1)
        self._ledger.parent.mkdir(parents=True, exist_ok=True)
        self._engine.fill(settings, chosen.subscribers, now)
        fill_ledger(self._ledger, settings, borrowers(chosen.subscribers, count), now)

    @contextmanager
    def running(self):
        """The pid of the daemon."""
        with running(self._directory, ["n1"]) as (nodes, _):
            yield nodes[0].pid

    def wrong(self) -> list[str]:
        """What does not agree in its books."""
        with closing(self._engine.connection()) as connection:
            return Books(connection, [self._ledger]).check()


def measure(reactor, chosen: argparse.Namespace, gateway, load: Load, counted: Counted, pid: int):
    """Figures of the stretch between warm-up and end."""
    from twisted.internet.defer import Deferred
    from twisted.internet.task import deferLater

    async def work() -> dict:
        settle_memory()
        begun = deferLater(reactor, max(0.0, counted.begin_s - time.monotonic()), machine.process_cpu_s, pid)
        ended = deferLater(reactor, max(0.0, counted.end_s - time.monotonic()), lambda: (
            machine.process_cpu_s(pid), machine.rss_mb(pid)))
        await load.run(chosen.concurrency)
        before, (after, rss_mb) = await begun, await ended
        return {"cpu_s": after - before, "rss_mb": rss_mb, "rss_mb_max": machine.rss_max_mb(pid)}
    return Deferred.fromCoroutine(work())


def shown(chosen: argparse.Namespace, counted: Counted, seen: dict, exhausted: bool) -> str:
    """The figures for people."""
    rate = counted.outcomes["granted"] / chosen.seconds
    steps = {step: figures.latencies(list(values)) for step, values in counted.latencies_ms.items() if values}
    lines = [f"{rate:,.0f} sessions/s ({dict(counted.outcomes)}){', and the people ran out' if exhausted else ''}",
             (f"processors {seen['cpu_s'] / chosen.seconds:.2f} of the {'channel' if chosen.channel else 'daemon'}, "
              f"memory {seen['rss_mb']:.0f} MB, at most {seen['rss_mb_max']:.0f} MB")]
    return "\n".join(lines + [f"{step}: " + ", ".join(f"{name} {value:.1f} ms" for name, value in found.items())
                              for step, found in steps.items()])


def main() -> int:
    """The exit code: 1 when the books do not agree."""
    chosen, directory = arguments(), Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    reactor = install_reactor()
    from tectonics.simulators.ussd_smpp.gateway import UssdGateway
    from tectonics.wire.smpp.session import Limits

    dialect, _ = read_dialect(ROOT / f"etc/dialects/{chosen.dialect}.yaml", chosen.dialect)
    gateway = UssdGateway(reactor, dialect, limits=Limits(window=500, asked_max=100_000))
    port = reactor.listenTCP(0, gateway, interface="127.0.0.1")
    print(machine.describe(), f"{chosen.concurrency} sessions at a time over {chosen.binds} binds, {chosen.dialect}, "
          f"{chosen.seconds:g} s after {WARM_S:g} s of warm-up", sep="\n", flush=True)
    codes = [1]

    def run(daemon: Daemon | None, serving) -> None:
        marks = ("You have received", daemon.catalogue["busy"] if daemon else "-")
        people = daemon.people if daemon else numbers(10**9)
        with serving as pid:
            begin_s = time.monotonic() + WARM_S
            reactor.callWhenRunning(begin, daemon, pid, people, marks, begin_s)
            reactor.run()

    def begin(daemon, pid, people, marks, begin_s) -> None:
        counted = Counted(begin_s, begin_s + chosen.seconds)
        load = Load(gateway, people, counted, *marks)
        done = gateway.wait_for(lambda: gateway.counts["bound"] >= chosen.binds)
        done.addCallback(lambda _: measure(reactor, chosen, gateway, load, counted, pid))
        done.addTimeout(WARM_S + chosen.seconds + PATIENCE_S, reactor)
        done.addCallback(lambda seen: (print(shown(chosen, counted, seen, load.exhausted)), codes.__setitem__(0, 0)))
        done.addErrback(lambda failure: failure.printTraceback(sys.stderr))
        done.addBoth(lambda _: (print(f"gateway: {dict(gateway.counts)}", flush=True), reactor.stop()))

    try:
        number = port.getHost().port
        daemon = None if chosen.channel else Daemon(chosen, directory, number)
        run(daemon, channel_alone(chosen, number) if daemon is None else daemon.running())
        wrong = daemon.wrong() if daemon else []
        print("the books agree" if daemon and not wrong else "\n".join(wrong))
        print(log_tails(directory) if wrong else "", end="")
        return 1 if wrong else codes[0]
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
