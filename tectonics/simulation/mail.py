"""The log of messages as an auditor sees it: what became of each part, in plain SQL.

Rows are deleted after days; what was read of them is kept.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

TRIES_MAX = 8  # then a message is given up
OPEN, FAILED = ("waiting", "sending", "lost"), "failed"
_ROWS = "SELECT msisdn, op, part, state, attempts, repeated FROM message"
_TRIGGERS = """SELECT x.msisdn, x.channel, x.id FROM json_each(?) w CROSS JOIN trigger_seen x ON x.msisdn = w.value
    AND x.channel IN ('sms', 'did_sip', 'email')"""


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a message."""

    state: str
    attempts: int
    repeated: bool

    @property
    def given_up(self) -> bool:
        """Whether nobody tries any more, and it may never have arrived."""
        return self.state == FAILED or self.state in OPEN and self.attempts >= TRIES_MAX


@dataclass(slots=True)
class Mail:
    """All of them by subscriber, then by (operation, part)."""

    rows: dict[str, dict[tuple[str, int], Row]] = field(default_factory=lambda: defaultdict(dict))
    adverts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # operations seen in the outbox

    def of(self, msisdn: str) -> list[Row]:
        """Every part that was ever begun for one."""
        return list(self.rows[msisdn].values()) if msisdn in self.rows else []

    def read(self, store: sqlite3.Connection, commands) -> None:
        """Reads the log again, and the outbox's advertisements."""
        for msisdn, op, part, state, attempts, repeated in store.execute(_ROWS):
            self.rows[str(msisdn)][op, part] = Row(state, attempts, bool(repeated))
        for command in commands:
            if command.body.get("key") == "advert.offer":
                self.adverts[command.msisdn].add(command.op)


def triggers(store: sqlite3.Connection, wanted: str) -> Iterator[tuple[str, str, str]]:
    """(msisdn, channel, id of a message, ring or mail of his that was decided); `wanted`: numbers as a JSON array."""
    return ((str(msisdn), channel, id) for msisdn, channel, id in store.execute(_TRIGGERS, (wanted,)))
