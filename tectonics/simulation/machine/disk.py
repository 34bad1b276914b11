"""The disk: what was made durable survives a crash, of the rest nobody knows.

Files really exist, in the world's own folder.  What was written to one and not synced is cut at a random
place when the machine loses power, and perhaps replaced by zeros; a new name, a deletion or a renaming
that was not followed by a sync of its directory may be undone, the newest first.  A process that dies
alone loses what it had not yet handed to the system.

SQLite works really too.  A dead process's connections are closed without COMMIT, which rolls back what
was open; a connection that did not ask to wait for the disk at each COMMIT (PRAGMA synchronous) forgets
what was committed since the last checkpoint.

Faults: full, slow, a COMMIT that fails before or after it has happened, and the death of the process at
a given statement, also in the middle of a transaction.
"""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self

from tectonics.database.disk import Disk
from tectonics.database.sqlite import open_connection, open_reader
from tectonics.simulation.machine.timeline import Killed

FREE_BYTES = 10 * 2**30
FULL_SYNCHRONOUS = 2  # PRAGMA synchronous: each COMMIT waits for the disk
WRITING = ("INSERT", "UPDATE", "DELETE")
TORN = 0.5  # share of cut files whose last bytes are zeros


class Platter:
    """What is left of a machine's disk when its processes are gone, and what is wrong with it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._full, self._commit_fails = False, ""
        self.faulty = False  # whether a statement may fail
        self.delay_s = 0.0  # more for each piece of work
        self.folders: dict[str, Path] = {}  # files that stand elsewhere than their path says
        self.locks: dict[Path, object] = {}  # path -> the process that has it
        self._synced: dict[Path, int] = {}  # files with more in them than is durable -> how much is
        self._names: list[tuple[Path, Callable[[], None]]] = []  # (directory, how to undo the change)

    @property
    def full(self) -> bool:
        """Whether nothing more can be written."""
        return self._full

    @full.setter
    def full(self, full: bool) -> None:
        self._full = full
        self.faulty = bool(self._full or self._commit_fails)

    @property
    def commit_fails(self) -> str:
        """The next COMMIT fails "before" it has happened, or "after"; empty: it does not."""
        return self._commit_fails

    @commit_fails.setter
    def commit_fails(self, how: str) -> None:
        self._commit_fails = how
        self.faulty = bool(self._full or self._commit_fails)

    def calm(self) -> None:
        """No fault any more."""
        self.full, self.delay_s, self.commit_fails = False, 0.0, ""

    def wrote(self, path: Path, size: int) -> None:
        """`path` is growing from `size`, as far as it is durable."""
        self._synced.setdefault(path, size)

    def synced(self, path: Path) -> None:
        """What is in it is durable."""
        self._synced.pop(path, None)

    def named(self, path: Path, undo: Callable[[], None]) -> None:
        """A name changed; not durable until its directory is synced."""
        self._names.append((path.parent, undo))

    def moved(self, old: Path, new: Path) -> None:
        """What is not durable of a file stays so under its new name."""
        self._synced.pop(new, None)
        if old in self._synced:
            self._synced[new] = self._synced.pop(old)

    def names_synced(self, directory: Path) -> None:
        """The names in it are durable."""
        self._names = [one for one in self._names if one[0] != directory]

    def lose_power(self) -> None:
        """Forgets what was not durable."""
        for path, size in self._synced.items():
            self._cut(path, size)
        self._synced.clear()
        kept = self.chance.randint(0, len(self._names))
        for _, undo in reversed(self._names[kept:]):
            undo()
        self._names.clear()

    def _cut(self, path: Path, durable: int) -> None:
        if not path.exists():
            return
        data = path.read_bytes()
        keep = self.chance.randint(durable, max(durable, len(data)))
        data = data[:keep]
        if self.chance.random() < TORN:
            whole = self.chance.randint(durable, max(durable, keep))
            data = data[:whole] + bytes(keep - whole)
        path.write_bytes(data)


class LifeDisk(Disk):
    """The disk as one process has it; dead, it does nothing."""

    def __init__(self, platter: Platter, process) -> None:
        self.platter, self._process = platter, process
        self._connections: list[Connection] = []
        self._files: list[File] = []
        self.dead = False
        self.last_statement = 0  # the process dies when so many more have been asked for; 0: never
        self.after = False  # and that one was done

    # --- databases

    def database(self, path) -> "Connection":
        """A connection that writes."""
        connection = self._opened(open_connection(self._place(path), Connection))
        connection.writes = True
        return connection

    def reader(self, path) -> "Connection":
        """A connection that reads."""
        return self._opened(open_reader(self._place(path), Connection))

    def _place(self, path) -> Path:
        path = Path(path)
        return self.platter.folders.get(path.name, path.parent) / path.name

    def _opened(self, connection: "Connection") -> "Connection":
        self._alive()
        connection.disk = self
        self._connections.append(connection)
        return connection

    def statement(self, connection: "Connection", sql: str, parameters) -> sqlite3.Cursor:
        """Does one statement, or what the faults make of it."""
        self._alive()
        fatal = self._fatal()
        if fatal and not self.after:
            self._die()
        if connection.makes_durable(sql):
            self._fail(connection, sql, parameters)
        cursor = _execute(connection, sql, parameters)
        if fatal:
            self._die()
        return cursor

    def _fatal(self) -> bool:
        if not self.last_statement:
            return False
        self.last_statement -= 1
        return not self.last_statement

    def _die(self) -> None:
        self.dead = self._process.dying = True
        raise Killed

    def _fail(self, connection: "Connection", sql: str, parameters) -> None:
        platter = self.platter
        if platter.full:
            raise sqlite3.OperationalError("database or disk is full")
        how, platter.commit_fails = platter.commit_fails, ""
        if how == "after":
            _execute(connection, sql, parameters)
        if how:
            raise sqlite3.OperationalError("disk I/O error")

    # --- files

    def create(self, path: Path) -> "File":
        """See Disk."""
        self._writable()
        path = Path(path)
        if not path.exists():
            self.platter.named(path, lambda: path.unlink(missing_ok=True))
        self.platter.synced(path)
        file = File(self, path)
        self._files.append(file)
        return file

    def write(self, path: Path, raw, data: bytes) -> None:
        """Hands bytes to the system."""
        self._writable()
        self.platter.wrote(path, raw.tell())
        raw.write(data)

    def sync(self, file: "File") -> None:
        """See Disk."""
        file.flush()
        self._writable()
        self.platter.synced(file.path)

    def rename(self, old: Path, new: Path) -> None:
        """See Disk."""
        self._alive()
        before = new.read_bytes() if new.exists() else None

        def undo() -> None:
            if new.exists():
                new.rename(old)
            if before is not None:
                new.write_bytes(before)

        old.rename(new)
        self.platter.moved(old, new)
        self.platter.named(new, undo)

    def remove(self, path: Path) -> None:
        """See Disk."""
        self._alive()
        before = path.read_bytes()
        path.unlink()
        self.platter.synced(path)
        self.platter.named(path, lambda: path.write_bytes(before))

    def sync_directory(self, directory: Path) -> None:
        """See Disk."""
        self._alive()
        self.platter.names_synced(directory)

    def free_bytes(self, path: Path) -> int:
        """See Disk."""
        return 0 if self.platter.full else FREE_BYTES

    def lock(self, path: Path) -> "HeldLock":
        """See Disk."""
        self._alive()
        if path in self.platter.locks:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        self.platter.locks[path] = self._process
        return HeldLock(self.platter, path)

    # --- the end

    def died(self, power: bool) -> None:
        """The process is dead, with the machine's power or alone."""
        for file in self._files:
            file.drop()
        for path in [path for path, process in self.platter.locks.items() if process is self._process]:
            del self.platter.locks[path]
        forgotten = [connection.forgetful() for connection in self._connections] if power else []
        for connection in self._connections:
            connection.disk = DEAD
            connection.close()
        for restore in filter(None, forgotten):
            restore()
        self._connections.clear()
        if power:
            self.platter.lose_power()

    def _alive(self) -> None:
        if self.dead or not self._process.alive:
            raise Killed

    def _writable(self) -> None:
        self._alive()
        if self.platter.full:
            raise OSError(28, "No space left on device")


class DeadDisk:
    """Behind the connections of a dead process."""

    dead, last_statement = True, 0

    def statement(self, connection, sql: str, parameters) -> None:
        """Nothing is done any more."""
        raise Killed


class NoDisk:
    """Behind a connection that is being opened."""

    dead, last_statement = False, 0
    platter = Platter(random.Random())


DEAD, NONE_YET = DeadDisk(), NoDisk()
_execute = sqlite3.Connection.execute


class Connection(sqlite3.Connection):
    """A connection whose statements pass the disk."""

    disk: LifeDisk | DeadDisk | NoDisk = NONE_YET
    writes = False
    changes_before = 0  # its count of changed rows when it last began a transaction

    def execute(self, sql: str, parameters=()) -> sqlite3.Cursor:
        """As sqlite3's."""
        disk = self.disk
        if not (disk.last_statement or disk.dead or disk.platter.faulty):
            return _execute(self, sql, parameters)
        if sql[:5] == "BEGIN":
            self.changes_before = self.total_changes
        return disk.statement(self, sql, parameters)

    def makes_durable(self, sql: str) -> bool:
        """Whether a statement asks the disk to keep something: the end of a transaction, or a write without one."""
        if sql == "COMMIT":
            return self.writes and self.total_changes > self.changes_before
        return not self.in_transaction and sql[:6] in WRITING

    def forgetful(self) -> Callable[[], None] | None:
        """How to forget what was committed without waiting for the disk; None where nothing was."""
        try:
            level = _execute(self, "PRAGMA synchronous").fetchone()[0]
        except sqlite3.ProgrammingError:
            return None  # it was closed before
        readonly = _execute(self, "PRAGMA query_only").fetchone()[0]
        if readonly or level >= FULL_SYNCHRONOUS:
            return None
        path = Path(next(row[2] for row in _execute(self, "PRAGMA database_list")))
        copy = path.with_name(f"{path.name}.durable")
        copy.write_bytes(path.read_bytes())  # without its WAL: what was checkpointed

        def restore() -> None:
            with closing(sqlite3.connect(copy)) as durable, closing(sqlite3.connect(path)) as forgotten:
                durable.backup(forgotten)
            copy.unlink()

        return restore


class File:
    """A file that is being written."""

    def __init__(self, disk: LifeDisk, path: Path) -> None:
        self.path = path
        self._disk = disk
        self._raw = open(path, "wb", buffering=0)  # noqa: SIM115 close and drop close it
        self._held = b""

    def write(self, data) -> int:
        """Into our own memory."""
        self._held += bytes(data)
        return len(data)

    def flush(self) -> None:
        """To the system."""
        held, self._held = self._held, b""
        if held:
            self._disk.write(self.path, self._raw, held)

    def close(self) -> None:
        """Flushes and lets go."""
        try:
            self.flush()
        finally:
            self.drop()

    def drop(self) -> None:
        """Lets go of it; what was held is lost."""
        self._held = b""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error) -> None:
        self.close()


class HeldLock:
    """A lock that is held."""

    def __init__(self, platter: Platter, path: Path) -> None:
        self._platter, self._path = platter, path

    def release(self) -> None:
        """Gives it back."""
        self._platter.locks.pop(self._path, None)
