"""What `tectonics subscribers import` does: settings, file and database put together.

It needs no daemon and minds none: it writes to the database itself, as store/importing.py says.
What rows mean is decided by the policy in force (its currency, segments and time zone): the newest
one of the database, or the configured one where no daemon has run yet.
"""

import gc
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg2

from tectonics.config import ConfigErrors, Settings, format_error, load
from tectonics.config.policy import decode_policy
from tectonics.daemon.catalogue import database_address
from tectonics.domain.errors import TheirFault
from tectonics.domain.policy import Policy
from tectonics.domain.ticket import rfc3339
from tectonics.store.importing import DryRun, Import, Position, Target, position_of
from tectonics.store.importing_columns import Columns, Terms, moment_of
from tectonics.store.importing_files import Rejects, Source
from tectonics.store.importing_lines import BadFile, BadRow, header_of, numbered_lines
from tectonics.store.importing_postgres import PostgresTarget, open_postgres_reader, open_postgres_target
from tectonics.store.importing_sqlite import SqliteTarget, open_sqlite_reader, open_sqlite_target

__all__ = ["BadFile", "ConfigErrors", "Job", "TheirFault", "format_error", "import_file", "read_settings"]
_OBJECTS_OF_CHUNKS = 500_000
_UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    file: str  # - is standard input
    rejects: Path
    as_of: str = ""  # empty: when the file was last changed
    delta: bool = False
    dry_run: bool = False
    restart: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)


def read_settings(config: Path, state: Path | None) -> Settings:
    """The settings in the file; ConfigErrors when it can't be used."""
    return load(config, {"state_dir": str(state.resolve())} if state else {})


def import_file(settings: Settings, job: Job, progress: Callable[[Position, int, int], None]) -> dict:
    """Imports the file; what came of it, as plain data.

    `progress` gets the position, and how many bytes of how many have been read, after each chunk.
    BadFile when nothing of the file can be imported; TheirFault when it stopped half-way.
    """
    if job.file != "-" and Path(job.file).resolve() == job.rejects.resolve():
        raise BadFile("the reject file must be another one than the import file")
    source = Source(job.file)
    target = None
    try:
        target = _open_target(settings, job)
        with _rare_collections():
            return _import(settings, job, source, target, progress)
    except (sqlite3.Error, psycopg2.Error) as error:
        raise TheirFault(f"the database failed: {str(error).strip()}. What was imported stays; start again to go on") from error
    except _UNREADABLE as error:
        raise TheirFault(f"{job.file} or its reject file failed: {error}. What was imported stays") from error
    finally:
        source.close()
        if target is not None:
            target.close()


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Rows are plain values without cycles: looking for cycles among them takes a quarter of the time."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_OF_CHUNKS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _open_target(settings: Settings, job: Job) -> SqliteTarget | PostgresTarget | None:
    """The configured database; None for a dry run where there is none."""
    if settings.store.kind == "postgresql":
        address = database_address(settings)
        return open_postgres_reader(address) if job.dry_run else open_postgres_target(address, _now())
    path = settings.state_path / "tectonics.db"
    if job.dry_run:
        return open_sqlite_reader(path)
    settings.state_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open_sqlite_target(path, _now())


def _import(settings: Settings, job: Job, source: Source, stored, progress) -> dict:
    begun = time.monotonic()
    terms = _terms(settings, _policy(settings, stored), _as_of(job, source, settings))
    lines = numbered_lines(source.stream)
    _, header = next(lines, (0, b""))
    names, delimiter = header_of(header)
    columns = Columns(names, terms, job.mapping)
    target: Target = DryRun(stored) if job.dry_run else stored
    name = f"import:{job.file if job.file == '-' else Path(job.file).resolve()}"
    identity = f"{source.identity} {terms.as_of} {job.delta} {sorted(job.mapping.items())}"
    fresh = job.restart or not source.identity
    position = position_of(None if fresh else target.bookmark(name), identity)
    start = position.read
    rejects = Rejects(job.rejects, header, delimiter, position.rejects_bytes)
    try:
        work = Import(columns, delimiter, terms, job.delta, target, rejects, name, position,
                      lambda at: progress(at, source.bytes_read, source.size_bytes))
        work.run(lines)
    finally:
        rejects.close()
    return _summary(job, position, start, time.monotonic() - begun, terms)


def _summary(job: Job, position: Position, start: int, seconds: float, terms: Terms) -> dict:
    counts = {name: value for name, value in asdict(position).items()
              if name in ("read", "inserted", "updated", "unchanged", "rejected")}
    return {**counts, "rejects": str(job.rejects) if position.rejected else None, "as_of": rfc3339(terms.as_of),
            "resumed_after_rows": start, "dry_run": job.dry_run, "seconds": round(seconds, 3),
            "rows_per_second": round((position.read - start) / max(seconds, 0.001))}


def _policy(settings: Settings, stored) -> Policy:
    newest = None if stored is None else stored.policy()
    return settings.seed_policy() if newest is None else decode_policy(newest[1], newest[0])


def _as_of(job: Job, source: Source, settings: Settings) -> int:
    now = _now()
    if not job.as_of:
        return min(source.modified_at or now, now)
    try:
        as_of = moment_of(job.as_of, settings.policy.utc_offset_minutes)
    except BadRow as fault:
        raise BadFile(f"--as-of: {fault}") from None
    if as_of > now:
        raise BadFile("--as-of: is in the future")
    return as_of


def _terms(settings: Settings, policy: Policy, as_of: int) -> Terms:
    return Terms(as_of, policy.currency, frozenset(segment.name for segment in policy.segments),
                 frozenset(settings.messages.languages), settings.country_code, policy.utc_offset_minutes,
                 policy.recovery.first == "fee")


def _now() -> int:
    return time.time_ns() // 1_000_000
