"""Reads in batches: one statement for all loads, a fault of one is nobody else's, a lost connection is opened anew."""

import threading
from contextlib import closing
from dataclasses import replace
from functools import partial

import psycopg2
import pytest

from tectonics.database.postgres import CHANGING, LISTING, READING, connect
from tectonics.domain.advance import OPEN, REPAID
from tectonics.domain.errors import OurFault
from tectonics.domain.recharge import DONE, Share
from tectonics.store.accounts import Load
from tectonics.store.postgres.loads import ALL
from tectonics.store.postgres.reader import PAUSES_S, Reader
from tectonics.store.writer import DatabaseAway
from tests.store.building import MSISDN, advance, recovery, trigger, unit

OTHER = "33600000002"


@pytest.fixture
def reader(server_world):
    opened = server_world.open()
    paid = recovery(1, DONE, shares=(Share("A1", 200, 20),))
    server_world.wait(opened.store.commit(unit(1, trigger=trigger(1), trigger_answer=b"yes", recoveries=(paid,), advances=(
        advance(1, REPAID), advance(2, OPEN)))))
    server_world.wait(opened.store.commit(unit(2, msisdn=OTHER, advances=(advance(3, OPEN),))))
    return Reader(partial(connect, server_world.address, READING, ALL))


def _load(msisdn=MSISDN, triggers=(), recharge=None, advance=""):
    return Load(msisdn, triggers, recharge, advance)


def test_many_questions_are_one_statement(reader):
    sent = []
    session = reader._session
    real = session.send
    session.send = lambda text, values=(): sent.append(text) or real(text, values)
    answers = reader.run([_load(), _load(OTHER), _load("33699999999"), _load(triggers=(trigger(1), trigger(9)))])
    assert [text for text in sent if "EXECUTE" in text] == ["EXECUTE loads (%s, %s, %s, %s, %s, %s, %s, %s, %s)"]
    assert [a.account and [one.id for one in a.account.advances] for a in answers] == [["A2"], ["A3"], None, ["A2"]]
    assert answers[0].answers == {} and answers[3].answers == {trigger(1): b"yes"}


def test_what_a_recharge_paid_comes_with_it(reader):
    answer, = reader.run([_load(recharge=("tcp", "r1"))])
    assert [one.id for one in answer.account.advances] == ["A1", "A2"]
    assert [one.id for one in answer.account.recoveries] == ["R1"]
    answer, = reader.run([_load(advance="A1")])
    assert [one.id for one in answer.account.advances] == ["A1", "A2"]


def test_a_question_that_cannot_be_answered_fails_alone(reader):
    answers = reader.run([_load("12x"), _load(), lambda session: session.execute("nonsense"),
                          lambda session: session.execute("SELECT 5").fetchone()[0], _load("9" * 30)])
    assert [type(answer).__name__ for answer in answers] == ["OurFault", "Loaded", "OurFault", "int", "OurFault"]


def test_a_body_that_is_none_fails_for_its_subscriber_alone(reader, server_world):
    with closing(connect(server_world.address, CHANGING)) as session:
        session.execute("UPDATE advance SET body = '{' WHERE msisdn = ?", (int(OTHER),))
    answers = reader.run([_load(OTHER), _load()])
    assert isinstance(answers[0], OurFault) and answers[1].account.version == 1


def test_a_lost_connection_is_opened_anew(reader, server_world):
    server_world.cut()
    assert reader.run([_load()])[0].account.version == 1


def test_a_server_that_is_away_answers_our_fault_and_is_asked_again(server_world):
    calls = []

    def dial():
        calls.append(1)
        if 1 < len(calls) < 6:
            raise psycopg2.OperationalError("connection refused")
        return connect(server_world.address, READING, ALL)

    slept = []
    reader = Reader(dial, sleep=slept.append)
    server_world.cut()
    assert isinstance(reader.run([_load()])[0], DatabaseAway) and slept == list(PAUSES_S)
    assert reader.run([_load()])[0].account is None and len(calls) == 6


def test_a_question_that_takes_too_long_fails_alone(server_world):
    reader = Reader(partial(connect, server_world.address, {**LISTING, "statement_timeout": "50ms"}, ALL))
    slow = lambda session: session.execute("SELECT pg_sleep(9)")
    answers = reader.run([slow, lambda session: session.execute("SELECT 1").fetchone()])
    assert isinstance(answers[0], OurFault) and answers[1] == (1,)


def test_an_account_is_never_older_than_its_advances(server_world):
    """While units move on, every load shows one moment: version n has n advances."""
    opened, msisdn = server_world.open(), "33600000077"
    reader = Reader(partial(connect, server_world.address, READING, ALL))
    seen, over = [], threading.Event()

    def read():
        while not over.is_set():
            account = reader.run([_load(msisdn)])[0].account
            seen.append(account and (account.version, len(account.advances)))

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(150):
        loan = replace(advance(number, OPEN), id=f"B{number}")
        server_world.wait(opened.store.commit(unit(number, number, msisdn, advances=(loan,))))
    over.set()
    thread.join()
    assert len(set(seen)) > 5 and all(one is None or one[0] == one[1] for one in seen)
