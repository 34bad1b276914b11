"""What the daemon's files hold after a measurement: the figures that no load process can see, and a check.

The books agree when the ledger credited and took exactly what the store says it lent and was paid back,
and the ticket numbers have no gap.
"""

import sqlite3
from pathlib import Path

_GRANTED = "SELECT count(*) FROM ticket WHERE type = 'advance.granted' AND at BETWEEN ? AND ?"
_RECOVERED = """SELECT count(*), (max(at) - min(at)) / 1000.0 FROM ticket
    WHERE type = 'recovery.full' AND at > ?"""
_LENT = """SELECT coalesce(sum(amount_minor), 0),
        coalesce(sum(amount_minor + fee_minor - outstanding_minor), 0)
    FROM advance WHERE state IN ('open', 'repaid')"""
_MOVED = "SELECT coalesce(sum(amount_minor), 0) FROM movement WHERE kind = ?"
_NUMBERS = "SELECT count(*), coalesce(max(seq) - min(seq) + 1, 0) FROM ticket"


class Books:
    """The store and the ledger in a state directory whose daemon has stopped."""

    def __init__(self, state: Path) -> None:
        self._store = sqlite3.connect(state / "tectonics.db")
        self._ledger = sqlite3.connect(state / "ledger.db")

    def advances(self, window_ms: tuple[float, float]) -> int:
        """Advances granted within the window, by their tickets."""
        return self._store.execute(_GRANTED, window_ms).fetchone()[0]

    def recoveries(self, after_ms: float) -> tuple[int, float]:
        """Full recoveries after a moment, and the seconds from the first to the last."""
        count, seconds = self._store.execute(_RECOVERED, (after_ms,)).fetchone()
        return count, seconds or 0.0

    def check(self) -> list[str]:
        """What does not agree; [] is right."""
        lent_minor, paid_minor = self._store.execute(_LENT).fetchone()
        credited_minor, = self._ledger.execute(_MOVED, ("credit",)).fetchone()
        debited_minor, = self._ledger.execute(_MOVED, ("debit",)).fetchone()
        count, span = self._store.execute(_NUMBERS).fetchone()
        found = []
        if lent_minor != credited_minor:
            found.append(f"the store has lent {lent_minor}, the ledger has credited {credited_minor}")
        if paid_minor != -debited_minor:
            found.append(f"the store was paid back {paid_minor}, the ledger has taken {-debited_minor}")
        if count != span:
            found.append(f"{count} tickets have {span} numbers")
        return found
