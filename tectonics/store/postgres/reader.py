"""Reads in batches: all loads of a batch are one statement, every other question runs by itself.

A question is a function of the session, as on SQLite; one that fails answers OurFault for itself alone.
Loads that fail together are asked one by one, so that only the guilty one fails.  When the connection is
lost, it is opened anew and the batch is asked once more; a read changes nothing.
Bound: the server ends a statement at the session's `statement_timeout`.
"""

from collections.abc import Callable

import msgspec
import psycopg2
from twisted.logger import Logger

from tectonics.database.postgres import Session
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.store.accounts import Load
from tectonics.store.postgres.loads import load_all

Question = Callable[[Session], object]
_LOST = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.InternalError)
_OWN_FAULTS = (psycopg2.Error, msgspec.MsgspecError, TypeError, ValueError, LookupError, AttributeError)


class Reader:
    """Answers batches of questions; called by one thread at a time. `connect` opens the session."""

    log = Logger()

    def __init__(self, connect: Callable[[], Session]):
        self._connect = connect
        self._session: Session | None = connect()

    def run(self, questions: list[Question]) -> list:
        """One answer for each question: its value, or OurFault."""
        for last in (False, True):
            try:
                if self._session is None:
                    self._session = self._connect()
                self._session.freshen()
                return self._answers(questions)
            except (psycopg2.Error, TheirFault) as error:
                self.close()
                if last:
                    self.log.error("Reads failed: {error}", error=str(error).strip())
                    return [OurFault(f"the database could not be read: {error}")] * len(questions)

    def close(self) -> None:
        """Closes the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _answers(self, questions) -> list:
        loads = [question for question in questions if isinstance(question, Load)]
        loaded = iter(self._loaded(loads) if loads else ())
        return [next(loaded) if isinstance(question, Load) else self._answer(question) for question in questions]

    def _loaded(self, loads) -> list:
        try:
            return load_all(self._session, loads)
        except _OWN_FAULTS as error:
            self._raise_if_lost(error)
            return [self._answer(lambda session, load=load: load_all(session, [load])[0]) for load in loads]

    def _answer(self, question):
        try:
            return question(self._session)
        except _OWN_FAULTS as error:
            self._raise_if_lost(error)
            self.log.error("A read failed: {error!r}", error=error)
            return OurFault(f"the database could not be read: {error}")

    def _raise_if_lost(self, error) -> None:
        """A statement that took too long is the question's own fault, unlike a connection that broke."""
        if isinstance(error, _LOST) and not isinstance(error, psycopg2.errors.QueryCanceled):
            raise error
