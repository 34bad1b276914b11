"""What the world outside was told, written down as it happens: the one witness that nobody kills.

One JSON object a line; what one subscriber did stands in the order in which he did it.
"""

from pathlib import Path

import msgspec

GRANTED, PENDING, BUSY, NOT_GRANTED = "granted", "pending", "busy", "not granted"


class Borrowed(msgspec.Struct, tag="borrowed"):
    """A session came to its end; `told` is one of the words above, `text` the last screen."""

    msisdn: str
    session: str
    told: str
    text: str


class Recharged(msgspec.Struct, tag="recharged"):
    """A record of the feed was answered; `during` is the session that was open when it was sent."""

    msisdn: str
    id: str
    amount_minor: int
    answer: str
    during: str = ""


class Unlike(msgspec.Struct, tag="unlike"):
    """The same POST at the same time got different answers."""

    msisdn: str
    session: str
    answers: list[str]


class Consumed(msgspec.Struct, tag="consumed"):
    """What the consumer of tickets counted in the end."""

    last_seq: int
    received: int
    repeated: int
    unflagged: int
    holes: int
    gaps: int
    errors: list[str]
    connections: int
    origin: str = "n1"


Entry = Borrowed | Recharged | Unlike | Consumed
_DECODER = msgspec.json.Decoder(Entry)


class Journal:
    """Written line by line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self.counts: dict[str, int] = {}

    def write(self, entry: Entry) -> None:
        """Adds an entry."""
        name = entry.told if isinstance(entry, Borrowed) else type(entry).__name__.lower()
        self.counts[name] = self.counts.get(name, 0) + 1
        self._file.write(msgspec.json.encode(entry) + b"\n")

    def close(self) -> None:
        """The end."""
        self._file.close()


def read_journal(path: Path) -> list[Entry]:
    """All entries, in order."""
    return [_DECODER.decode(line) for line in path.read_bytes().splitlines()]
