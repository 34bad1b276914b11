"""Whoever follows the tickets has them: each once in order, repetitions flagged, nothing that could vanish.

A cursor never stands beyond what its consumer has acknowledged.  In the end everything is acknowledged, and
the files hold the log.
"""

import hashlib
import json

from tectonics.simulation.books import Ticket
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.journal import Consumed, TicketFile

REPETITION = b',"dup":true}'


class ConsumersHaveTheLog:
    """Looks at the lines that came since the last time."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], tuple[int, int]] = {}  # lines looked at, the highest number in them

    def __call__(self, scene: Scene) -> Wrong:
        for consumed in scene.journal.consumed:
            yield from self._consumed(scene, consumed)

    def _consumed(self, scene: Scene, consumed: Consumed) -> Wrong:
        name, origin = consumed.name, consumed.origin
        log = scene.books.tickets.get(origin, [])
        first = log[0].seq if log else 1
        looked, last = self._read.get((name, origin), (0, 0))
        for line in consumed.lines[looked:]:
            again = line.endswith(REPETITION)
            plain = line.removesuffix(REPETITION) + b"}" if again else line
            seq = json.loads(line)["seq"]
            if not 0 <= seq - first < len(log) or log[seq - first].line != plain:
                yield Violation(f"{name} was sent {origin}:{seq} as {plain!r}, the log has another or none")
            if seq > last + 1 and last:
                yield Violation(f"{name} was sent {origin}:{seq} after {last}")
            if seq <= last and not again:
                yield Violation(f"{name} was sent {origin}:{seq} again without a flag")
            last = max(last, seq)
        self._read[name, origin] = len(consumed.lines), last
        cursor = scene.books.cursors.get((name, origin), 0)
        if cursor > consumed.acknowledged:
            yield Violation(f"the cursor of {name} stands at {origin}:{cursor}, acknowledged is {consumed.acknowledged}")
        if consumed.gaps:
            yield Violation(f"{name} was told of {consumed.gaps} gaps in {origin}")
        if scene.over and log and (last, cursor) != (log[-1].seq, log[-1].seq):
            yield Violation(f"{name} has {origin} up to {last}, acknowledged up to {cursor} of {log[-1].seq}")


def files_hold_the_log(scene: Scene) -> Wrong:
    """In the end: the closed files one after the other, then the open one, are the log; trailers are right."""
    if not scene.over:
        return
    for origin, files in scene.journal.files.items():
        log = scene.books.tickets.get(origin, [])
        if origin in scene.journal.strays:
            yield from _on_two_machines(origin, [*files, *scene.journal.strays[origin]], log)
            continue
        lines = [line for file in files for line in file.lines]
        if lines != [ticket.line for ticket in log]:
            yield Violation(f"the files of {origin} hold {len(lines)} tickets, the log {len(log)};"
                            f" they differ from {_first_difference(lines, log)} on")
        first = 1
        for number, file in enumerate(files, 1):
            if f"_{number:06d}." not in file.name:
                yield Violation(f"{file.name} is file number {number}")
            if file.trailer is None and number != len(files):
                yield Violation(f"{file.name} is not closed and not the last")
            if file.trailer is not None:
                yield from _trailer(file, first)
            first += len(file.lines)


def _on_two_machines(origin: str, files: list[TicketFile], log: list[Ticket]) -> Wrong:
    """Of two machines of one name each wrote what it found unwritten: both together have everything."""
    held, numbered = {line for file in files for line in file.lines}, {ticket.line for ticket in log}
    for ticket in log:
        if ticket.line not in held:
            yield Violation(f"ticket {origin}:{ticket.seq} is in no file of either machine")
    for file in files:
        if file.trailer is not None and not numbered.issuperset(file.lines):
            yield Violation(f"{file.name} has tickets that the log of {origin} has not")


def _first_difference(lines: list[bytes], log: list[Ticket]) -> int:
    pairs = zip(lines, log, strict=False)
    return next((n for n, (line, ticket) in enumerate(pairs, 1) if line != ticket.line), min(len(lines), len(log)) + 1)


def _trailer(file: TicketFile, first: int) -> Wrong:
    count = len(file.lines)
    digest = hashlib.sha256(b"".join(line + b"\n" for line in file.lines)).hexdigest()
    right = {"file": file.name, "first_seq": first, "last_seq": first + count - 1, "count": count, "sha256": digest}
    for name, value in right.items():
        if file.trailer.get(name) != value:
            yield Violation(f"the trailer of {file.name} says {name} {file.trailer.get(name)}, it is {value}")
