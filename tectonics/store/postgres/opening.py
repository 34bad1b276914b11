"""The store over PostgreSQL, opened: schema up to date, months made, a new life of the origin begun.

Three connections for each process: one writes, one reads for subscribers (short statements by index),
one for people (with a statement time-out of its own, so that they never hold the others up).  Any number
of processes share the database, each under an origin of its own; a second process under the same origin
fences the first.  If the process dies, the database is what its last COMMIT made it.

Where Citus has distributed the tables, the sessions ask for plans that it can make and for errors that say
what is wrong, and the writes wait in groups, one for each shard (shards.py).
"""

from collections.abc import Callable
from contextlib import closing
from functools import partial

import psycopg2

from tectonics.database import migrate_postgres
from tectonics.database.postgres import (
    CHANGING,
    CLUSTER,
    LISTING,
    READING,
    WRITING,
    Address,
    connect,
    sentence,
)
from tectonics.domain.errors import TheirFault
from tectonics.store.opened import OpenedStore
from tectonics.store.postgres import life as lives
from tectonics.store.postgres import loads, statements
from tectonics.store.postgres.partitions import make_months
from tectonics.store.postgres.reader import Reader
from tectonics.store.postgres.retention import MonthlyRetention
from tectonics.store.postgres.shards import Shards, is_distributed
from tectonics.store.postgres.writer import Writer

MIGRATIONS = "tectonics.store.postgres.migrations"


def upgrade(address: Address, now_ms: int) -> int:
    """Brings the schema up to date and makes the coming months; the version. TheirFault says what to do."""
    try:
        session = connect(address, CHANGING)
        try:
            version = migrate_postgres.upgrade(session, MIGRATIONS, now_ms)
            make_months(session, now_ms)
            return version
        finally:
            session.close()
    except psycopg2.Error as error:
        raise unusable(error) from error


def open_store(address: Address, origin: str, clock, executor_factory: Callable, now_ms: int,
               lease_s: float = 30.0, on_fenced: Callable[[], None] = lambda: None,
               on_fault: Callable[[str], None] = lambda text: None) -> OpenedStore:
    """The store in the database at `address`, in a new life of `origin`.

    As sqlite_store.open_store; `on_fault` is called in the reactor's thread with what is wrong when the
    database cannot be written, and with "" when it can again.  TheirFault when it cannot be used at all.
    """
    upgrade(address, now_ms)
    try:
        shards = _shards(address)
        more, said = ({}, statements.ALL) if shards is None else (CLUSTER, statements.ON_CLUSTER)
        writing = partial(connect, address, {**WRITING, **more}, said)
        session = writing()
        life = lives.claim(session, origin)
        reading = partial(connect, address, {**READING, **more}, loads.ALL)
        readers = Reader(reading), Reader(partial(connect, address, LISTING)), Reader(reading)
    except psycopg2.Error as error:
        raise unusable(error) from error
    lease_ms = round(lease_s * 1000)
    writer = Writer(writing, life, lease_ms, session, shards=shards)
    retention = partial(MonthlyRetention, connect=partial(connect, address, CHANGING),
                        now_ms=lambda: int(clock.seconds() * 1000))
    return OpenedStore(writer, readers, life, clock, executor_factory, lease_ms, on_fenced, on_fault, retention,
                       None if shards is None else shards.group)


def _shards(address: Address) -> Shards | None:
    """The shards of the database, where it is a cluster."""
    with closing(connect(address)) as session:
        if not is_distributed(session):
            return None
        shards = Shards()
        shards.refresh(session)
        return shards


def unusable(error: psycopg2.Error) -> TheirFault:
    """The sentence for a server that cannot be reached or refuses."""
    return TheirFault(f"the database cannot be used: {sentence(error)}")
