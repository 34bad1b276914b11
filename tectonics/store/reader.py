"""Reads in batches: one snapshot of the database for many questions.

A question is a function of the connection.  All questions of a batch see the same committed state;
the snapshot is given back at once, so that it never holds the WAL's checkpoint up.
A question that fails answers OurFault for itself alone.  A disk that fails may have ended the snapshot
before us (sqlite.org/lang_transaction.html, section 3); whatever is left of it is given back with ROLLBACK,
which does not touch the disk: a failure here must not leave the connection in a transaction for ever.
"""

import sqlite3
from collections.abc import Callable

import msgspec
from twisted.logger import Logger

from tectonics.domain.errors import OurFault

Question = Callable[[sqlite3.Connection], object]


class Reader:
    """Answers batches of questions on one connection; called by one thread at a time."""

    log = Logger()

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def run(self, questions: list[Question]) -> list:
        """One answer for each question: its value, or OurFault."""
        self._end()
        self._connection.execute("BEGIN")
        try:
            return [self._answer(question) for question in questions]
        finally:
            self._end()

    def _end(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _answer(self, question):
        try:
            return question(self._connection)
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, LookupError) as error:
            self.log.error("A read failed: {error!r}", error=error)
            return OurFault(f"the database could not be read: {error}")
