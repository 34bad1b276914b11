"""The disk as one process has it: what was made durable survives its death, of the rest nobody knows.

Files really exist, in the world's own folder, and so does SQLite (connection.py).  A process that dies alone
loses what it had not yet handed to the system; one that dies with its machine's power also what was not
durable (platter.py).

Faults: full, slow, a COMMIT that fails before or after it has happened, and the death of the process at
a given statement, also in the middle of a transaction.
"""

import sqlite3
from pathlib import Path
from typing import Self

from tectonics.database.disk import Disk
from tectonics.database.sqlite import open_connection, open_reader
from tectonics.simulation.machine.connection import DEAD, Connection, really
from tectonics.simulation.machine.platter import Platter
from tectonics.simulation.machine.timeline import Killed

FREE_BYTES = 10 * 2**30


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

    def database(self, path) -> Connection:
        """A connection that writes."""
        connection = self._opened(open_connection(self._place(path), Connection))
        connection.writes = True
        return connection

    def reader(self, path) -> Connection:
        """A connection that reads."""
        return self._opened(open_reader(self._place(path), Connection))

    def _place(self, path) -> Path:
        path = Path(path)
        return self.platter.folders.get(path.name, path.parent) / path.name

    def _opened(self, connection: Connection) -> Connection:
        self._alive()
        connection.disk = self
        self._connections.append(connection)
        return connection

    def statement(self, connection: Connection, sql: str, parameters) -> sqlite3.Cursor:
        """Does one statement, or what the faults make of it."""
        self._alive()
        fatal = self._fatal()
        if fatal and not self.after:
            self._die()
        if connection.makes_durable(sql):
            self._fail(connection, sql, parameters)
        cursor = really(connection, sql, parameters)
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

    def _fail(self, connection: Connection, sql: str, parameters) -> None:
        platter = self.platter
        if platter.full:
            raise sqlite3.OperationalError("database or disk is full")
        how, platter.commit_fails = platter.commit_fails, ""
        if how == "after":
            really(connection, sql, parameters)
        if how:
            raise sqlite3.OperationalError("disk I/O error")

    # --- files

    def create(self, path: Path, mode: int = 0o666) -> "File":
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
