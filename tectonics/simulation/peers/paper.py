"""The ticket files as whoever fetches them finds them."""

import json
from pathlib import Path

from tectonics.simulation.journal import TicketFile


def ticket_files(folder: Path) -> list[TicketFile]:
    """The closed files in their order, then the one that is being written."""
    closed, part = sorted(folder.glob("*.jsonl")), sorted(folder.glob("*.jsonl.part"))
    return [_read(path) for path in [*closed, *part]]


def _read(path: Path) -> TicketFile:
    lines = path.read_bytes().splitlines()
    if path.name.endswith(".part"):
        return TicketFile(path.name, tuple(lines), None)
    return TicketFile(path.name, tuple(lines[:-1]), _trailer(b"".join(lines[-1:])))


def _trailer(line: bytes) -> dict | None:
    """What the last line says; nothing where it says nothing."""
    try:
        return json.loads(line).get("trailer")
    except ValueError:
        return {}
