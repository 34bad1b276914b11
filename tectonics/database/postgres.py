"""PostgreSQL connections that behave as SQLite's do, so that one text of SQL serves both engines.

A `Session` is always outside a transaction unless somebody says BEGIN; its `execute` takes `?` and
`:name` as parameters and answers with a cursor.  What the hot path repeats is prepared once on each
connection (arrays.py) and keeps one generic plan that looks rows up by index and joins them by hash.
Planned while the tables were empty, it might read a whole index; so it is made anew whenever the work
done has doubled (`freshen`).

Where to connect is a libpq URL: several hosts, TLS and the rest are its parameters.  We always ask for
a server that can write, so after a fail-over the new primary is found in the list.  The password is
read from its file at each connection, so that it may be changed while the daemon runs.

Bounds: a connection that does not come within CONNECT_S fails; a server that vanished is noticed after
about SILENCE_S; statements, lock waits and forgotten transactions end at the limits below.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg2
from psycopg2 import extensions

from tectonics.database.arrays import Prepared
from tectonics.domain.errors import TheirFault

CONNECT_S = 5
SILENCE_S = 15
BATCHES_MAX = 4096  # that a plan may serve
_NETWORK = {"connect_timeout": CONNECT_S, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2,
            "tcp_user_timeout": SILENCE_S * 1000, "target_session_attrs": "read-write",
            "client_encoding": "UTF8"}
_ALWAYS = {"default_transaction_isolation": "read committed", "idle_in_transaction_session_timeout": "60s",
           "DateStyle": "ISO", "jit": "off", "plan_cache_mode": "force_generic_plan"}
_BY_INDEX = {"enable_seqscan": "off", "enable_nestloop": "off", "enable_mergejoin": "off"}
JOIN_FREELY = "SET LOCAL enable_nestloop = on"  # for what else is done within a transaction of the writer
WRITING = {**_ALWAYS, **_BY_INDEX, "statement_timeout": "30s", "lock_timeout": "10s"}
READING = {**_ALWAYS, **_BY_INDEX, "statement_timeout": "5s", "default_transaction_read_only": "on"}
LISTING = {**_ALWAYS, "statement_timeout": "10s", "default_transaction_read_only": "on"}
# over WRITING and READING on a Citus cluster, which finds the shards of a statement while it plans it and cannot
# plan these without their values; it shall have one connection to each machine, not one for each shard
CLUSTER = {"plan_cache_mode": "force_custom_plan", "citus.max_adaptive_executor_pool_size": "1"}
CHANGING = {**_ALWAYS, "statement_timeout": "0", "lock_timeout": "5s"}  # migrations, partitions

_PARAMETER = re.compile(r"\?|(?<!:):(\w+)|%")
_WRITES = ("INSERT", "UPDATE", "DELETE")
_WHOLE = extensions.new_type(extensions.DECIMAL.values, "WHOLE", lambda text, _: None if text is None else int(text))
_BYTES = extensions.new_type(psycopg2.BINARY.values, "BYTES",
                             lambda text, _: None if text is None else bytes.fromhex(text[2:]))


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is: a libpq URL without a password, and the file that holds the password."""

    url: str
    password_file: Path | None = None
    name: str = "tectonics"  # what pg_stat_activity shows

    def __str__(self) -> str:
        return self.url


class Session:
    """One connection; used by one thread at a time. Fails with psycopg2.Error."""

    def __init__(self, connection: extensions.connection):
        self._connection = connection
        self._cursor = connection.cursor()
        self._batches = 0
        self.total_changes = 0  # rows inserted, updated or deleted, as sqlite3 counts them

    def execute(self, statement: str, values: Sequence | Mapping = ()) -> extensions.cursor:
        """One statement with `?` or `:name` parameters; the cursor holds until the next `execute`."""
        return self.send(_translated(statement), values)

    def send(self, text: str, values: Sequence | Mapping = ()) -> extensions.cursor:
        """Statements in psycopg2's own form, several with `;` between; the cursor is the last one's."""
        cursor = self._cursor
        cursor.execute(text, values or None)
        if cursor.rowcount > 0 and cursor.statusmessage.startswith(_WRITES):
            self.total_changes += cursor.rowcount
        return cursor

    def freshen(self) -> bool:
        """Called before each batch: plans are made anew after 1, 2, 4, 8... and each BATCHES_MAX of them; whether so."""
        self._batches += 1
        due = self._batches & (self._batches - 1) == 0 or self._batches % BATCHES_MAX == 0
        if due:
            self.send("DISCARD PLANS")
        return due

    def executemany(self, statement: str, rows: Iterable[Sequence]) -> None:
        """`execute` for each row; for few rows (many are one statement over arrays)."""
        for row in rows:
            self.execute(statement, row)

    @property
    def in_transaction(self) -> bool:
        """Whether a BEGIN is open."""
        return self._connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE

    @property
    def server_version(self) -> int:
        """Such as 150018."""
        return self._connection.server_version

    def close(self) -> None:
        """Closes it; what was not committed is rolled back by the server."""
        self._connection.close()


def connect(address: Address, settings: Mapping[str, str] = LISTING,
            prepared: Sequence[Prepared] = ()) -> Session:
    """A session with these settings of the server, and these statements prepared.

    Fails with psycopg2.Error; TheirFault when the password cannot be read.
    """
    options = dict(_NETWORK)
    if address.password_file is not None:
        options["password"] = _password(address.password_file)
    try:
        said = extensions.parse_dsn(address.url)
    except psycopg2.ProgrammingError as error:
        raise TheirFault(f"the address of the database cannot be read: {error}") from error
    connection = psycopg2.connect(**{**options, "application_name": address.name, **said})
    try:
        return _prepared(connection, settings, prepared)
    except BaseException:
        connection.close()
        raise


def _prepared(connection, settings, prepared) -> Session:
    connection.autocommit = True
    for kind in (_WHOLE, _BYTES):
        extensions.register_type(kind, connection)
    session = Session(connection)
    session.send("SELECT set_config(name, value, false) FROM unnest(%s, %s) AS wanted (name, value)",
                 (list(settings), list(settings.values())))
    session.send("SELECT set_config('synchronous_commit', 'on', false)"
                 " WHERE current_setting('synchronous_commit') = 'off'")  # a loan that is told must be durable
    if prepared:
        session.send(";".join(statement.declaration for statement in prepared))
    return session


def sentence(error: Exception) -> str:
    """What went wrong, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise TheirFault(f"the database's password cannot be read: {error}") from error


@cache
def _translated(statement: str) -> str:
    """SQLite's parameters as psycopg2's. The texts of the house are constants, so the cache is bounded."""
    def replaced(match):
        if match[0] == "%":
            return "%%"
        return "%s" if match[0] == "?" else f"%({match[1]})s"

    return _PARAMETER.sub(replaced, statement)
