"""What an operator should know of a server before money depends on it: schema, months, settings.

Each setting is looked at with one question in mind: can something that was told to a subscriber be
lost?  `wrong` answers yes; `advice` is about speed or about a second machine (docs/postgresql.md).
"""

from collections.abc import Callable
from importlib.resources import files

from tectonics.database.migrate import newest_version
from tectonics.database.migrate_postgres import check
from tectonics.database.postgres import Session
from tectonics.domain.errors import TheirFault

WRONG, ADVICE = "wrong", "advice"

# setting -> (whether it is as it should be, how bad it is if not, what to do)
_RULES: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "fsync": (lambda value: value == "on", WRONG,
              "set it on: without it a power cut destroys the database"),
    "full_page_writes": (lambda value: value == "on", WRONG,
                         "set it on: without it a power cut can tear pages"),
    "synchronous_commit": (lambda value: value not in ("off", "local"), WRONG,
                           "set it to on or remote_apply: an advance that was told must be durable"),
    "synchronous_standby_names": (bool, ADVICE,
                                  "name a standby: without a synchronous one a fail-over can lose what was told"),
    "wal_compression": (lambda value: value != "off", ADVICE,
                        "set it to lz4 (or on): full-page images are most of the WAL with many subscribers"),
    "max_wal_size": (lambda value: int(value) >= 8192, ADVICE,
                     "at least 8GB: each checkpoint makes every page be written whole once more"),
    "checkpoint_timeout": (lambda value: int(value) >= 900, ADVICE,
                           "15min or more, for the same reason"),
    "data_checksums": (lambda value: value == "on", ADVICE,
                       "switch them on (pg_checksums --enable): a disk that lies is then found out"),
}


def inspect(session: Session, package: str) -> dict:
    """Plain data: schema, server, months of tickets, settings with what is wrong with them.

    TheirFault when the schema is one that this program cannot use.
    """
    version = check(session, package)
    return {"schema": version, "newest": newest_version(package), "server": _text(session, "server_version"),
            "citus": _citus(session) or "not installed", "months": _months(session) if version else [],
            "settings": [_setting(session, name) for name in _RULES]}


def distribute(session: Session, package: str) -> list[str]:
    """Spreads the tables over a Citus cluster; the statements that were run. TheirFault says why it cannot."""
    if check(session, package) < newest_version(package):
        raise TheirFault("the schema is not up to date: run `tectonics db upgrade` first")
    if not _citus(session):
        raise TheirFault("this database has no Citus: put citus into shared_preload_libraries, restart the server"
                         " and run CREATE EXTENSION citus on every node, then come again (docs/scaling.md)")
    if session.execute("SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'account'::regclass").fetchone():
        raise TheirFault("the tables are distributed already: new machines are filled by citus_rebalance_start()")
    script = files("tectonics.store.postgres").joinpath("distribute.sql").read_text(encoding="utf-8")
    statements = [line for line in script.splitlines() if line and not line.startswith("--")]
    for statement in statements:
        session.send(statement)
    return statements


def _citus(session: Session) -> str:
    row = session.execute("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'").fetchone()
    return row[0] if row else ""


def _months(session: Session) -> list[str]:
    return [name for name, in session.execute(
        "SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'ticket'::regclass ORDER BY c.relname").fetchall()]


def _setting(session: Session, name: str) -> dict:
    row = session.execute("SELECT setting, unit FROM pg_catalog.pg_settings WHERE name = ?", (name,)).fetchone()
    setting, unit = row if row else ("", None)
    fits, level, advice = _RULES[name]
    value = f"{setting} {unit}" if unit else setting
    if not setting and name != "synchronous_standby_names" or fits(setting):
        return {"name": name, "value": value, "verdict": "good", "advice": ""}
    return {"name": name, "value": value, "verdict": level, "advice": advice}


def _text(session: Session, name: str) -> str:
    return session.execute("SELECT current_setting(?)", (name,)).fetchone()[0]
