"""Calls that ring and are declined, set up at a given rate (open loop): this process is the trunk.

    python scripts/benching/sip_rings.py --rate 1000            the channel alone, a process of its own
    python scripts/benching/sip_rings.py --rate 100 --daemon    a whole daemon on SQLite, fsync on, which answers each ring
                                                                with an offer

Each call is INVITE, 100, 180, 480 and ACK; nothing is repeated here, so what is lost shows.  Everything lies in a
temporary directory, and every process is ours and is ended here.
"""

import argparse
import json
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import machine
import yaml
from books import Books
from engines import SqliteEngine
from nodes import ledger_file, running
from people import borrowers, configure, fill_ledger, numbers
from sip_channel import DID, rings

from tectonics.simulators import load_figures as figures

WARM_S = 2.0
LATE_S = 5.0  # waited for the last answers
BUFFER_BYTES = 4 << 20
_ANSWER = re.compile(rb"SIP/2\.0 (\d{3}) .*?\r\nTo: ([^\r]*)\r\nCall-ID: (\d+)@", re.DOTALL)
_INVITE = """INVITE sip:+{did}@127.0.0.1 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{n}\r
Max-Forwards: 70\r
From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=t{n}\r
To: <sip:+{did}@127.0.0.1>\r
Call-ID: {n}@bench\r
CSeq: 1 INVITE\r
Contact: <sip:trunk@127.0.0.1:{port}>\r
P-Asserted-Identity: <sip:+{caller}@carrier.example;user=phone>\r
Supported: 100rel, timer\r
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE\r
User-Agent: bench\r
Content-Length: 0\r
\r
"""
_ACK = """ACK sip:+{did}@127.0.0.1 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{n}\r
Max-Forwards: 70\r
From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=t{n}\r
To: {to}\r
Call-ID: {n}@bench\r
CSeq: 1 ACK\r
Content-Length: 0\r
\r
"""


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--daemon", action="store_true", help="a whole daemon instead of the channel alone")
    add("--rate", type=float, default=100.0, metavar="N", help="calls set up a second")
    add("--seconds", type=float, default=10.0, metavar="S", help=f"measured, after {WARM_S:g} s of warm-up")
    add("--ring", type=float, default=1.0, metavar="S", help="how long each rings")
    add("--subscribers", type=int, default=100_000, metavar="N", help="in the daemon's store")
    return parser.parse_args()


class Trunk:
    """Calls at their times, and when which answer came."""

    def __init__(self, to: tuple[str, int], callers, rate: float, ring_s: float) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(to)
        self._socket.setblocking(False)
        self._port, self._callers, self._rate, self._ring_s = self._socket.getsockname()[1], callers, rate, ring_s
        self.sent_s: list[float] = []
        self.seen: dict[int, list[tuple[int, float]]] = {}

    def run(self, seconds: float) -> None:
        """Sends for so long, and waits for the last answers."""
        waiting, begin_s = selectors.DefaultSelector(), time.monotonic()
        waiting.register(self._socket, selectors.EVENT_READ)
        end_s = begin_s + seconds
        while (now_s := time.monotonic()) < end_s + self._ring_s + LATE_S and not self._is_over(now_s, end_s):
            while now_s < end_s and begin_s + len(self.sent_s) / self._rate <= now_s:
                self._call(now_s)
            next_s = begin_s + len(self.sent_s) / self._rate
            if waiting.select(max(0.0, min(0.05, next_s - time.monotonic() if now_s < end_s else 0.05))):
                self._read()

    def _is_over(self, now_s: float, end_s: float) -> bool:
        return now_s > end_s + self._ring_s and all(self.seen.get(n, [(0, 0)])[-1][0] >= 200 for n in range(len(self.sent_s)))

    def _call(self, now_s: float) -> None:
        n = len(self.sent_s)
        self.sent_s.append(now_s)
        self._write(_INVITE.format(did=DID, port=self._port, n=n, caller=next(self._callers)))

    def _read(self) -> None:
        for _ in range(256):
            try:
                octets = self._socket.recv(65_535)
            except BlockingIOError:
                return
            now_s, found = time.monotonic(), _ANSWER.match(octets)
            if found is None:
                continue
            status, n = int(found[1]), int(found[3])
            self.seen.setdefault(n, []).append((status, now_s))
            if status >= 200:
                self._write(_ACK.format(did=DID, port=self._port, n=n, to=found[2].decode()))

    def _write(self, text: str) -> None:
        try:
            self._socket.send(text.encode())
        except (BlockingIOError, ConnectionRefusedError):
            return  # it is lost, and shows

    def told(self, first_s: float, last_s: float) -> dict:
        """Of the calls that were begun in that time: how many ended how, and how long they waited (ms)."""
        chosen = [n for n, sent_s in enumerate(self.sent_s) if first_s <= sent_s < last_s]
        ends: dict[str, int] = {}
        rang_ms, over_ms = [], []
        for n in chosen:
            seen = {status: at_s for status, at_s in reversed(self.seen.get(n, []))}
            end = next((str(status) for status in seen if status >= 200), "lost")
            ends[end] = ends.get(end, 0) + 1
            if 180 in seen:
                rang_ms.append((seen[180] - self.sent_s[n]) * 1000)
            if 180 in seen and 480 in seen:
                over_ms.append((seen[480] - seen[180] - self._ring_s) * 1000)
        return {"calls": len(chosen), "ends": ends, "INVITE to 180": figures.latencies(rang_ms),
                "480 late by": figures.latencies(over_ms)}


@contextmanager
def channel_alone(chosen: argparse.Namespace):
    """(its pid, where it listens, a function that tells how many rings were told)."""
    command = [sys.executable, Path(__file__).with_name("sip_channel.py"), str(chosen.ring)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(process.stdout.readline())["port"]
        yield process.pid, ("127.0.0.1", port), numbers(10**8)
        process.send_signal(signal.SIGTERM)
        print(f"rings told to the engine: {json.loads(process.stdout.readline())['told']}")
        process.wait(20)
    finally:
        process.kill()
        process.wait()


@contextmanager
def daemon(chosen: argparse.Namespace):
    """As `channel_alone`; its books are looked at in the end."""
    directory = Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    try:
        engine = SqliteEngine(directory)
        settings = configure(directory, store=engine.settings)
        document = yaml.safe_load(settings.file.read_text())
        document["channels"]["did_sip"] = rings(chosen.ring)
        settings.file.write_text(yaml.safe_dump(document))
        count, now = chosen.subscribers // 2, int(time.time() * 1000)
        ledger = ledger_file(directory, 1)
        ledger.parent.mkdir(parents=True, exist_ok=True)
        engine.fill(settings, chosen.subscribers, now)
        fill_ledger(ledger, settings, borrowers(chosen.subscribers, count), now)
        with running(directory, ["n1"]) as (nodes, _):
            yield nodes[0].pid, nodes[0].ports["did_sip"], borrowers(chosen.subscribers, count)
        with closing(engine.connection()) as connection:
            rows = connection.execute("SELECT count(*) FROM trigger_seen WHERE channel = 'did_sip'").fetchone()
            print(f"rings answered by the engine: {rows[0]}; {'the books agree' if not Books(connection, [ledger]).check() else 'WRONG BOOKS'}")
    finally:
        shutil.rmtree(directory)


def main() -> int:
    """The exit code: 1 when a call was lost."""
    chosen = arguments()
    print(machine.describe(), f"{chosen.rate:g} calls a second, each rings {chosen.ring:g} s, {chosen.seconds:g} s after {WARM_S:g} s "
          f"of warm-up, {'a whole daemon' if chosen.daemon else 'the channel alone'}", sep="\n", flush=True)
    with (daemon if chosen.daemon else channel_alone)(chosen) as (pid, address, callers):
        trunk = Trunk(address, callers, chosen.rate, chosen.ring)
        begin_s, cpu_s = time.monotonic(), machine.process_cpu_s(pid)
        trunk.run(WARM_S + chosen.seconds)
        cpu_s, took_s = machine.process_cpu_s(pid) - cpu_s, time.monotonic() - begin_s
        told = trunk.told(begin_s + WARM_S, begin_s + WARM_S + chosen.seconds)
        print(f"{told['calls'] / chosen.seconds:,.0f} set-ups/s, ended {told['ends']}")
        print(f"processor {1e3 * cpu_s / len(trunk.sent_s):.2f} ms a call ({cpu_s / took_s:.2f} of one over the run), "
              f"memory {machine.rss_mb(pid):.0f} MB")
        for step in ("INVITE to 180", "480 late by"):
            print(f"{step}: " + ", ".join(f"{name} {value:.1f} ms" for name, value in told[step].items()))
    return 0 if set(told["ends"]) == {"480"} else 1


if __name__ == "__main__":
    sys.exit(main())
