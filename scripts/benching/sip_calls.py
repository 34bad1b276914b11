"""Calls by third-party call control over SIP: set-ups a second on one core, and the memory of many at a time.

    python scripts/benching/sip_calls.py --rate 100 --talk 20 --seconds 40

The call server alone (no store, no billing) in this process, a switch full of phones (tectonics.simulators.phones) in another.
Each call: A is rung and answers at once, B too, they talk for so long, and A hangs up.  Prints one line of JSON:
the calls that talked and those that did not, the processor's share and ms a call, the greatest number at a time, the memory,
and the time from the request until both talk.
"""

import argparse
import json
import resource
import subprocess
import sys
from itertools import count

from tectonics.callservers.sip import sip_call_server
from tectonics.config.call_server import SipCalls
from tectonics.daemon.clock import WallClock
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.domain.call import Answered
from tectonics.domain.commands import Connect, Ring, Talk
from tectonics.links.sip.datagrams import DATAGRAM_OCTETS_MAX
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry

MEGA = 1024.0  # ru_maxrss is in KiB


class Bench:
    """Places calls at a rate, and counts."""

    def __init__(self, reactor, chosen: argparse.Namespace, port: int) -> None:
        self._reactor, self._chosen, self._clock = reactor, chosen, WallClock(reactor)
        metrics = MetricsRegistry()
        section = SipCalls(endpoint="udp:0:interface=127.0.0.1", calls_max=20_000, flow=chosen.flow, trunks=[
            {"name": "bench", "address": f"127.0.0.1:{port}"}])
        self.server = sip_call_server(section, passwords={}, clock=self._clock, metrics=metrics,
                                      alarms=AlarmTable(self._clock, metrics))
        self._numbers = count(1)
        self.begun = self.good = self.bad = self.most = self.open = 0
        self.took_ms: list[float] = []

    def start(self) -> None:
        """Begins."""
        settle_memory()
        self.server.port = self._reactor.listenUDP(0, self.server.datagrams, "127.0.0.1", DATAGRAM_OCTETS_MAX)
        self.server.start()
        self._begun_s, self._used_s = self._clock.seconds(), _processor_s()
        self._place()

    def _place(self) -> None:
        passed_s = self._clock.seconds() - self._begun_s
        for _ in range(min(int(passed_s * self._chosen.rate), self._chosen.rate * self._chosen.seconds) - self.begun):
            self.begun += 1
            self._call(f"C{next(self._numbers):025d}")
        if passed_s < self._chosen.seconds or self.open:
            self._reactor.callLater(0.005, self._place)
        else:
            self._end()

    def _call(self, id: str) -> None:
        from twisted.internet.defer import Deferred

        self.open += 1
        self.most = max(self.most, self.open)
        Deferred.fromCoroutine(self._whole(id)).addBoth(self._over)

    async def _whole(self, id: str) -> bool:
        begun_s, number = self._clock.seconds(), id[-9:]
        a = await self.server.ring(Ring(f"{id}A", number, id, f"336{number}", "33800133000", 20))
        if not isinstance(a, Answered):
            return False
        b = await self.server.connect(Connect(f"{id}B", number, id, f"337{number}", number, 20, f"{id}A", a.handle))
        if not isinstance(b, Answered):
            return False
        self.took_ms.append((self._clock.seconds() - begun_s) * 1000)
        until_at = int((self._clock.seconds() + 600) * 1000)
        over = await self.server.talk(Talk(f"{id}T", number, id, f"{id}A", a.handle, f"{id}B", b.handle, until_at))
        return over.cause == "by_a"

    def _over(self, good) -> None:
        self.open -= 1
        if good is True:
            self.good += 1
        else:
            self.bad += 1

    def _end(self) -> None:
        used_s, passed_s = _processor_s() - self._used_s, self._clock.seconds() - self._begun_s
        took = sorted(self.took_ms) or [0.0]
        print(json.dumps({
            "calls": self.begun, "good": self.good, "bad": self.bad, "rate": self._chosen.rate, "most_at_a_time": self.most,
            "cpu_ms_a_call": round(used_s * 1000 / max(1, self.begun), 2), "cpu_share": round(used_s / passed_s, 2),
            "cpu_share_while_placing": round(used_s / self._chosen.seconds, 2),
            "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGA),
            "talk_after_ms": {"p50": round(took[len(took) // 2], 1), "p99": round(took[len(took) * 99 // 100], 1)}}))
        self.server.stop().addBoth(lambda _: self._reactor.stop())


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=100, help="calls begun a second")
    parser.add_argument("--seconds", type=int, default=20, help="for so long")
    parser.add_argument("--talk", type=float, default=5, help="how long each talks, in seconds")
    parser.add_argument("--flow", default="IV", choices=("IV", "III"))
    chosen = parser.parse_args()
    phones = subprocess.Popen([sys.executable, "-m", "tectonics.simulators.phones", "--port", "0", "--script", "ring=0.01 answer=0.01"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(phones.stdout.readline())["port"]
        phones.stdin.write(f"script 336 ring=0.01 answer=0.01 hang_up={chosen.talk}\n")
        phones.stdin.flush()
        phones.stdout.readline()
        reactor = install_reactor()
        bench = Bench(reactor, chosen, port)
        reactor.callWhenRunning(bench.start)
        reactor.run()
    finally:
        phones.stdin.close()
        phones.wait(timeout=10)


if __name__ == "__main__":
    main()
