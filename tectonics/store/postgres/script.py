"""A transaction as a script: statements gather until an answer is needed, then go in one round trip.

Whether a unit won is asked; everything that follows from it is only said, and travels with the next
question or with the last statement before COMMIT.  A batch so costs four or five round trips, however
many units it holds.
"""

from collections.abc import Sequence

from tectonics.database.arrays import Prepared
from tectonics.database.postgres import Session


class Script:
    """One transaction on a session: begun with the first statement that is sent."""

    def __init__(self, session: Session):
        self.session = session
        self._texts = ["BEGIN"]
        self._values: list = []

    def say(self, statement: Prepared, rows: Sequence[tuple]) -> None:
        """Sends the statement with the next question; nothing where there are no rows."""
        if rows:
            self.add(statement.call, statement.rows(rows))

    def ask(self, statement: Prepared, rows: Sequence[tuple]) -> list[tuple]:
        """Everything that was said, and this; what it returned."""
        if not rows:
            return []
        self.say(statement, rows)
        return self.flush().fetchall()

    def add(self, text: str, values: Sequence = ()) -> None:
        """The same for a text in psycopg2's form."""
        self._texts.append(text)
        self._values += values

    def flush(self):
        """Sends what has been said; the last statement's cursor."""
        texts, values = self._texts, self._values
        self._texts, self._values = [], []
        if texts:
            return self.session.send(";".join(texts), values)
        return None

    def drop(self) -> None:
        """Forgets what has been said and not sent."""
        self._texts, self._values = [], []
