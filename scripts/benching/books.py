"""What the daemons left behind: the figures that no load process can see, and a check.

The books agree when the ledgers credited and took exactly what the store says it lent and was paid back,
and the ticket numbers of each origin have no gap.  What pgbench wrote (odd numbers) is left out.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tectonics.database.sqlite import open_connection

_GRANTED = "SELECT count(*) FROM ticket WHERE type = 'advance.granted' AND at BETWEEN ? AND ?"
_RECOVERED = "SELECT count(*), max(at) - min(at) FROM ticket WHERE type = 'recovery.full' AND at > ?"
_LENT = """SELECT coalesce(sum(amount_minor), 0),
        coalesce(sum(amount_minor + fee_minor - outstanding_minor), 0)
    FROM advance WHERE state IN ('open', 'repaid') AND msisdn % ? = 0"""
_MOVED = "SELECT coalesce(sum(amount_minor), 0) FROM movement WHERE kind = ?"
_NUMBERS = "SELECT origin, count(*), max(seq) - min(seq) + 1 FROM ticket WHERE origin NOT LIKE ? GROUP BY origin"


class Books:
    """The store behind `connection` (with `?` as parameter), and the files of the ledgers; all at rest."""

    def __init__(self, connection, ledgers: Sequence[Path]) -> None:
        self._store, self._ledgers = connection, ledgers

    def advances(self, window_ms: tuple[float, float]) -> int:
        """Advances granted within the window, by their tickets."""
        return self._one(_GRANTED, tuple(map(round, window_ms)))[0]

    def recoveries(self, after_ms: float) -> tuple[int, float]:
        """Full recoveries after a moment, and the seconds from the first to the last."""
        count, took_ms = self._one(_RECOVERED, (round(after_ms),))
        return count, (took_ms or 0) / 1000

    def check(self) -> list[str]:
        """What does not agree; [] is right."""
        lent_minor, paid_minor = self._one(_LENT, (2,))
        credited_minor, debited_minor = self._moved("credit"), self._moved("debit")
        found = []
        if lent_minor != credited_minor:
            found.append(f"the store has lent {lent_minor}, the ledger has credited {credited_minor}")
        if paid_minor != -debited_minor:
            found.append(f"the store was paid back {paid_minor}, the ledger has taken {-debited_minor}")
        for origin, count, span in self._store.execute(_NUMBERS, ("pgbench%",)).fetchall():
            if count != span:
                found.append(f"{count} tickets of {origin} have {span} numbers")
        return found

    def _one(self, statement: str, values: tuple = ()) -> tuple:
        return self._store.execute(statement, values).fetchone()

    def _moved(self, kind: str) -> int:
        total_minor = 0
        for path in self._ledgers:
            with closing(open_connection(path)) as ledger:
                total_minor += ledger.execute(_MOVED, (kind,)).fetchone()[0]
        return total_minor
