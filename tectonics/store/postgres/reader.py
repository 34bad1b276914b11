"""Reads in batches: all loads of a batch are one statement, every other question runs by itself.

A question is a function of the session, as on SQLite; one that fails answers OurFault for itself alone.
Loads that fail together are asked one by one, so that only the guilty one fails.  When the connection is
lost, it is opened anew after PAUSES_S and the batch is asked again; a read changes nothing.  After that
all of it fails with DatabaseAway.
Bound: the server ends a statement at the session's `statement_timeout`.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
import psycopg2
from twisted.logger import Logger

from tectonics.database.postgres import Session, sentence
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.store.accounts import Load
from tectonics.store.postgres.loads import load_all
from tectonics.store.writer import DatabaseAway

Question = Callable[[Session], object]
PAUSES_S = (0.0, 0.1, 0.4)  # before each new connection for one batch
# of the question; any other error of psycopg2 is the connection's, also one of no particular class
_OWN_FAULTS = (psycopg2.errors.QueryCanceled, psycopg2.DataError, psycopg2.ProgrammingError,
               psycopg2.NotSupportedError, msgspec.MsgspecError, TypeError, ValueError, LookupError, AttributeError)


class Reader:
    """Answers batches of questions; called by one thread at a time. `connect` opens the session."""

    log = Logger()

    def __init__(self, connect: Callable[[], Session], pauses_s: Sequence[float] = PAUSES_S,
                 sleep: Callable[[float], None] = time.sleep):
        self._connect = connect
        self._session: Session | None = connect()
        self._pauses_s, self._sleep = pauses_s, sleep
        self._away = False  # said once, not with each batch

    def run(self, questions: list[Question]) -> list:
        """One answer for each question: its value; OurFault, DatabaseAway."""
        fault: Exception | None = None
        for pause_s in (None, *self._pauses_s):
            if pause_s is not None:
                self._sleep(pause_s)
            try:
                if self._session is None:
                    self._session = self._connect()
                self._session.freshen()
                answers = self._answers(questions)
                self._say(None)
                return answers
            except (psycopg2.Error, TheirFault) as error:
                self.close()
                fault = error
        self._say(fault)
        return [DatabaseAway()] * len(questions)

    def close(self) -> None:
        """Closes the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _say(self, fault: Exception | None) -> None:
        if fault is not None and not self._away:
            self.log.error("The database cannot be read: {why}", why=sentence(fault))
        elif fault is None and self._away:
            self.log.info("The database can be read again")
        self._away = fault is not None

    def _answers(self, questions) -> list:
        loads = [question for question in questions if isinstance(question, Load)]
        loaded = iter(self._loaded(loads) if loads else ())
        return [next(loaded) if isinstance(question, Load) else self._answer(question) for question in questions]

    def _loaded(self, loads) -> list:
        try:
            return load_all(self._session, loads)
        except _OWN_FAULTS:
            return [self._answer(lambda session, load=load: load_all(session, [load])[0]) for load in loads]

    def _answer(self, question):
        try:
            return question(self._session)
        except _OWN_FAULTS as error:
            self.log.error("A read failed: {why}", why=sentence(error))
            return OurFault(f"the database could not be read: {sentence(error)}")
