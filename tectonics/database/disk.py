"""The disk: every operation on which it depends what is still there after a crash.

Databases, files that are written and made durable, and locks that die with their holder go through one
small object, so that the simulation can put a disk in its place that forgets what was not synced.  What
only reads needs nothing of it.  If the process dies between two of these operations, what was synced is
there, whatever was not may be.
"""

import fcntl
import os
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tectonics.database.sqlite import open_connection, open_reader


class Disk:
    """The machine's own. All of it blocks; OSError says what the system does not want."""

    def database(self, path: str | os.PathLike) -> sqlite3.Connection:
        """A connection that reads and writes (sqlite.py)."""
        return open_connection(path)

    def reader(self, path: str | os.PathLike) -> sqlite3.Connection:
        """A connection that only reads."""
        return open_reader(path)

    def create(self, path: Path, mode: int = 0o666) -> BinaryIO:
        """An empty file to be written, in place of what was there; one that is made now has `mode`, less the umask."""
        return open(path, "wb", opener=partial(os.open, mode=mode))

    def sync(self, file: BinaryIO) -> None:
        """Makes what was written to `file` durable."""
        file.flush()
        os.fsync(file.fileno())

    def rename(self, old: Path, new: Path) -> None:
        """Gives a file its new name, in place of whatever had it; durable once the directory is synced."""
        os.rename(old, new)

    def remove(self, path: Path) -> None:
        """Deletes a file; durable once the directory is synced."""
        os.unlink(path)

    def sync_directory(self, directory: Path) -> None:
        """Makes the names in `directory` durable."""
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def free_bytes(self, path: Path) -> int:
        """How much room is left where `path` is."""
        return shutil.disk_usage(path).free

    def lock(self, path: Path) -> "Lock":
        """Locks a file, made for its owner only; BlockingIOError while another process has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return Lock(descriptor)


class Lock:
    """A lock that is held; the kernel drops it with its holder."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives it back."""
        os.close(self._descriptor)


DISK = Disk()
