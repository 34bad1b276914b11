"""The database without the daemon: bring its schema up to date, look at it, spread it over machines.

A daemon does the first by itself when it starts; here an operator does it beforehand, or looks whether
a server is one that money may depend on.  None of it needs or disturbs a running daemon.
"""

import time
from contextlib import closing

import psycopg2

from tectonics.config import Settings
from tectonics.daemon.catalogue import database_address
from tectonics.daemon.state import StateDirectory
from tectonics.database import migrate
from tectonics.database.postgres import CHANGING, connect
from tectonics.database.sqlite import open_connection, open_reader
from tectonics.domain.errors import TheirFault
from tectonics.store import sqlite_store
from tectonics.store.postgres import inspection, opening


def upgrade(settings: Settings) -> dict:
    """Brings the schema up to date. TheirFault says why it cannot."""
    now = int(time.time() * 1000)
    if settings.store.kind == "postgresql":
        version = opening.upgrade(database_address(settings), now)
    else:
        state = StateDirectory(settings.state_path)
        state.open()
        try:
            with closing(open_connection(_file(settings))) as connection:
                version = migrate.upgrade(connection, sqlite_store.MIGRATIONS, now)
        finally:
            state.close()
    return {"schema": version, "text": f"the schema is {version}"}


def check(settings: Settings) -> dict:
    """What is there, and what is wrong with it; nothing is changed."""
    if settings.store.kind == "postgresql":
        return _on_server(settings, inspection.inspect)
    if not _file(settings).exists():
        raise TheirFault(f"there is no database yet ({_file(settings)}); the daemon makes it")
    with closing(open_reader(_file(settings))) as connection:
        return {"schema": migrate.check(connection, sqlite_store.MIGRATIONS),
                "newest": migrate.newest_version(sqlite_store.MIGRATIONS), "server": "sqlite"}


def distribute(settings: Settings) -> dict:
    """Spreads the tables of subscribers over a Citus cluster."""
    if settings.store.kind != "postgresql":
        raise TheirFault("only a PostgreSQL can be spread over machines: store.kind is sqlite")
    statements = _on_server(settings, inspection.distribute)
    return {"statements": statements, "text": "the tables of subscribers are distributed by msisdn"}


def _on_server(settings: Settings, work):
    try:
        with closing(connect(database_address(settings), CHANGING)) as session:
            return work(session, opening.MIGRATIONS)
    except psycopg2.Error as error:
        raise opening.unusable(error) from error


def _file(settings: Settings):
    return settings.state_path / "tectonics.db"
