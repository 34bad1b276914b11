"""The audit of the paper trail: numbers, the acknowledged stream, the files."""

import hashlib
import json
from collections.abc import Iterator

from tectonics.simulators.soak.evidence import Evidence, TicketFile, Trail
from tectonics.simulators.soak.journal import Consumed

REPETITION = b',"dup":true}'
LATER = {"the database is away, try again in a moment",  # what may be said when it has been killed
         "tickets cannot be read at the moment, connect again later"}


def _numbers_have_no_gap(found: Evidence) -> Iterator[str]:
    """1, 2, 3 to the last of each origin, and the line says its own number."""
    for origin, trail in found.trails.items():
        log = found.log(origin)
        numbers = [one.seq for one in log]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{len(numbers)} tickets of {origin}, the last is {numbers[-1:]}, not numbered without gap from 1"
        if trail.next_seq != len(numbers) + 1:
            yield f"the next number of {origin} is {trail.next_seq} after {len(numbers)} tickets"
        for one in log:
            says = json.loads(one.line)
            if (says["origin"], says["seq"]) != (origin, one.seq):
                yield f"ticket {origin}:{one.seq} says {says['origin']}:{says['seq']} of itself"
    for origin in {one.origin for one in found.tickets} - found.trails.keys():
        yield f"there are tickets of {origin}, whom nobody knows"


def _consumer_has_the_log(found: Evidence) -> Iterator[str]:
    """What was consumed, repetitions aside, is the log, in order and whole; repetitions were flagged."""
    for origin, trail in found.trails.items():
        yield from _consumed(origin, trail, [one.line for one in found.log(origin)])
    for counts in (one for one in found.journal if isinstance(one, Consumed)):
        if counts.holes or counts.unflagged or counts.gaps or {*counts.errors} - LATER:
            yield f"the consumer saw {counts}"


def _consumed(origin: str, trail: Trail, log: list[bytes]) -> Iterator[str]:
    first: dict[int, bytes] = {}  # rising, as numbers are only entered above the last
    last = 0
    for line in trail.consumed:
        seq = json.loads(line)["seq"]
        if seq > last:
            first[seq], last = _unflagged(line), seq
        elif not line.endswith(REPETITION) or _unflagged(line) != first.get(seq):
            yield f"ticket {origin}:{seq} came again unflagged, or as another"
    lines = list(first.values())
    if lines != log:
        at = next((i for i, (a, b) in enumerate(zip(lines, log, strict=False)) if a != b), min(len(lines), len(log)))
        yield f"{len(lines)} consumed of {origin}, {len(log)} in the log, they differ from number {at + 1} on"
    if trail.acknowledged != len(log):
        yield f"acknowledged up to {trail.acknowledged} of {len(log)} of {origin}"


def _unflagged(line: bytes) -> bytes:
    return line.removesuffix(REPETITION) + b"}" if line.endswith(REPETITION) else line


def _files_hold_the_log(found: Evidence) -> Iterator[str]:
    """The closed files one after the other, then the one being written: the log, nothing else."""
    for origin, trail in found.trails.items():
        if not any(file.trailer for file in trail.files):
            yield f"no file of {origin} was closed"
        lines, log = [line for file in trail.files for line in file.lines], found.log(origin)
        if lines != [one.line for one in log]:
            yield f"the files of {origin} hold {len(lines)} tickets, the log {len(log)}, or in another order"
        yield from _each_file(trail.files)


def _each_file(files: list[TicketFile]) -> Iterator[str]:
    first = 1
    for number, file in enumerate(files, 1):
        if f"_{number:06d}." not in file.name:
            yield f"{file.name} is file number {number}"
        if file.trailer is not None:
            yield from _trailer(file, first)
        elif number != len(files):
            yield f"{file.name} is not closed and not the last"
        first += len(file.lines)


def _trailer(file: TicketFile, first: int) -> Iterator[str]:
    said, count = file.trailer, len(file.lines)
    right = {"file": file.name, "first_seq": first, "last_seq": first + count - 1, "count": count,
             "sha256": hashlib.sha256(file.bytes_before_trailer).hexdigest()}
    for name, value in right.items():
        if said.get(name) != value:
            yield f"the trailer of {file.name} says {name} {said.get(name)}, it is {value}"


paper = (_numbers_have_no_gap, _consumer_has_the_log, _files_hold_the_log)
