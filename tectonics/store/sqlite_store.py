"""The store over SQLite: one file, one connection that writes, two that read (opened.py).

Opening brings the schema up to date and raises the origin's epoch; from then on a process of an
earlier life with the same origin can write nothing.  If the process dies, the file is what its
last COMMIT made it; nothing is repaired at the next start.
"""

import os
import sqlite3
from collections.abc import Callable
from functools import partial

from tectonics.database import migrate
from tectonics.database.disk import DISK, Disk
from tectonics.domain.errors import TheirFault
from tectonics.store import origin as origins
from tectonics.store.opened import OpenedStore
from tectonics.store.reader import Reader
from tectonics.store.writer import Writer

MIGRATIONS = "tectonics.store.migrations"


def open_store(path: str | os.PathLike, origin: str, clock, executor_factory: Callable, now_ms: int,
               lease_s: float = 30.0, on_fenced: Callable[[], None] = lambda: None,
               on_fault: Callable[[str], None] = lambda text: None, disk: Disk = DISK) -> OpenedStore:
    """The store in the file `path`, in a new life of `origin`.

    `executor_factory()` gives an executor for each of three queues; `clock` ages the gauges; outbox
    rows stay ours for `lease_s`; in the reactor's thread `on_fenced` is called once when a newer
    process has taken the origin over, and `on_fault` with what is wrong when the database cannot be
    written, then with "" when it can again.  TheirFault when the file is not one that this program can use.
    """
    connect = partial(disk.database, path)
    try:
        connection = connect()
        migrate.upgrade(connection, MIGRATIONS, now_ms)
        life = origins.claim(connection, origin)
        readers = Reader(disk.reader(path)), Reader(disk.reader(path))
    except (sqlite3.Error, OSError) as error:
        raise TheirFault(f"the database {path} cannot be opened: {error}") from error
    lease_ms = round(lease_s * 1000)
    writer = Writer(connect, life, lease_ms, connection)
    return OpenedStore(writer, readers, life, clock, executor_factory, lease_ms, on_fenced, on_fault)
