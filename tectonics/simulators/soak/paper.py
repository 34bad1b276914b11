"""The audit of the paper trail: numbers, the acknowledged stream, the files."""

import hashlib
import json
from collections.abc import Iterator

from tectonics.simulators.soak.evidence import Evidence, TicketFile
from tectonics.simulators.soak.journal import Consumed

CONSUMER = "soak"
REPETITION = b',"dup":true}'


def _numbers_have_no_gap(found: Evidence) -> Iterator[str]:
    """1, 2, 3 to the last, and the line says its own number."""
    numbers = [seq for seq, _ in found.tickets]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{len(numbers)} tickets, the last is {numbers[-1:]}, not numbered without gap from 1"
    if found.next_seq != len(numbers) + 1:
        yield f"the next number is {found.next_seq} after {len(numbers)} tickets"
    for seq, line in found.tickets:
        if json.loads(line)["seq"] != seq:
            yield f"ticket {seq} says {json.loads(line)['seq']} of itself"


def _consumer_has_the_log(found: Evidence) -> Iterator[str]:
    """What was consumed, repetitions aside, is the log, in order and whole; repetitions were flagged."""
    first: dict[int, bytes] = {}  # rising, as numbers are only entered above the last
    last = 0
    for line in found.consumed:
        seq = json.loads(line)["seq"]
        if seq > last:
            first[seq], last = _unflagged(line), seq
        elif not line.endswith(REPETITION) or _unflagged(line) != first.get(seq):
            yield f"ticket {seq} came again unflagged, or as another"
    lines = list(first.values())
    if lines != [line for _, line in found.tickets]:
        at = next((i for i, (a, b) in enumerate(zip(lines, found.tickets, strict=False)) if a != b[1]), len(lines))
        yield f"{len(lines)} consumed, {len(found.tickets)} in the log, they differ from number {at + 1} on"
    if found.acknowledged.get(CONSUMER) != len(found.tickets):
        yield f"acknowledged up to {found.acknowledged.get(CONSUMER)} of {len(found.tickets)}"
    for counts in (one for one in found.journal if isinstance(one, Consumed)):
        if counts.holes or counts.unflagged or counts.gaps or counts.errors:
            yield f"the consumer saw {counts}"


def _unflagged(line: bytes) -> bytes:
    return line.removesuffix(REPETITION) + b"}" if line.endswith(REPETITION) else line


def _files_hold_the_log(found: Evidence) -> Iterator[str]:
    """The closed files one after the other, then the one being written: the log, nothing else."""
    if not any(file.trailer for file in found.files):
        yield "no file was closed"
    lines = [line for file in found.files for line in file.lines]
    if lines != [line for _, line in found.tickets]:
        yield f"the files hold {len(lines)} tickets, the log {len(found.tickets)}, or in another order"
    first = 1
    for number, file in enumerate(found.files, 1):
        if f"_{number:06d}." not in file.name:
            yield f"{file.name} is file number {number}"
        if file.trailer is not None:
            yield from _trailer(file, first)
        elif number != len(found.files):
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
