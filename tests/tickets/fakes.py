"""An in-memory TicketLog with the port's signatures, and recorders for metrics and alarms."""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from tectonics.domain.errors import OurFault
from tectonics.domain.ticket import Ticket
from tectonics.ports import Alarm, TicketLine

HOUR_MS = 3_600_000


def ticket_line(origin: str, seq: int, at: int, kind: str = "advance.granted", **fields) -> TicketLine:
    """A ticket as the store would number and encode it."""
    record = Ticket(f"id-{seq}", kind, at, "33600000001", {"amount": "2.00", "currency": "EUR", **fields}).record()
    return TicketLine(origin, seq, at, msgspec.json.encode({"origin": origin, "seq": seq, **record}))


class MemoryTicketLog:
    """Tickets of any origin in lists; `broken` makes every call fail."""

    def __init__(self, origin: str = "n1") -> None:
        self.origin = origin
        self.lines: dict[str, list[TicketLine]] = {}
        self.newest: dict[str, int] = {}
        self.saved: dict[tuple[str, str], int] = {}
        self.broken = False
        self.reads = 0
        self._callbacks: list[Callable] = []

    def commit(self, count: int, at: int, origin: str = "", **fields) -> list[TicketLine]:
        """Numbers and stores `count` tickets, and tells the subscribers of its own origin."""
        origin = origin or self.origin
        kept = self.lines.setdefault(origin, [])
        first = self.newest.get(origin, 0) + 1
        self.newest[origin] = first + count - 1
        new = [ticket_line(origin, seq, at, **fields) for seq in range(first, first + count)]
        kept.extend(new)
        if origin == self.origin:
            for callback in self._callbacks:
                callback(new)
        return new

    def forget(self, below: int, origin: str = "") -> None:
        """Retention: tickets with numbers under `below` go."""
        origin = origin or self.origin
        self.lines[origin] = [line for line in self.lines[origin] if line.seq >= below]

    def subscribe(self, callback: Callable[[Sequence[TicketLine]], None]) -> None:
        self._callbacks.append(callback)

    def read(self, origin: str, after: int, limit: int) -> Deferred[list[TicketLine]]:
        self.reads += 1
        return self._answer([line for line in self.lines.get(origin, []) if line.seq > after][:limit])

    def read_time(self, since: int, until: int, after: tuple[int, str, int],
                  limit: int) -> Deferred[list[TicketLine]]:
        everything = sorted((line.at, line.origin, line.seq, line) for lines in self.lines.values()
                            for line in lines if since <= line.at < until)
        return self._answer([line for *key, line in everything if tuple(key) > after][:limit])

    def span(self, origin: str) -> Deferred[tuple[int, int]]:
        kept = self.lines.get(origin)
        newest = self.newest.get(origin, 0)
        return self._answer((kept[0].seq if kept else newest + 1, newest))

    def cursor(self, consumer: str, origin: str) -> Deferred[int | None]:
        return self._answer(self.saved.get((consumer, origin)))

    def acknowledge(self, consumer: str, origin: str, seq: int) -> Deferred[None]:
        if not self.broken:
            self.saved[consumer, origin] = max(seq, self.saved.get((consumer, origin), 0))
        return self._answer(None)

    def cursors(self) -> Deferred[list[tuple[str, str, int]]]:
        return self._answer([(name, origin, seq) for (name, origin), seq in self.saved.items()])

    def _answer(self, value):
        return fail(OurFault("the database is away")) if self.broken else succeed(value)


class Recorder:
    """Metrics and Alarms in one: what was counted, shown and raised."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, ...]] = Counter()
        self.gauges: dict[tuple[str, ...], float] = {}
        self.raised: dict[tuple[str, str], str] = {}

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        self.counted[(name, *labels)] += by

    def gauge(self, name: str, value: float, *labels: str) -> None:
        self.gauges[(name, *labels)] = value

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        pass

    def raise_alarm(self, kind: str, text: str, about: str = "") -> None:
        self.raised[kind, about] = text

    def clear(self, kind: str, about: str = "") -> None:
        self.raised.pop((kind, about), None)

    def active(self) -> list[Alarm]:
        return []
