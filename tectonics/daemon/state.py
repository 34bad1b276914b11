"""The state directory: one daemon at a time, told by a lock that the kernel drops with its holder.

The lock is taken before anything is opened: opening the store fences whoever used it before, and a
second start by mistake must not fence the daemon that is serving.
"""

from pathlib import Path

from tectonics.database.disk import DISK, Disk, Lock
from tectonics.domain.errors import TheirFault

LOCK_NAME = "daemon.lock"


class StateDirectory:
    """The directory, created for its owner only, and its lock."""

    def __init__(self, path: Path, disk: Disk = DISK) -> None:
        self.path, self._disk = path, disk
        self._lock: Lock | None = None

    def open(self) -> None:
        """Creates and locks it; TheirFault when another daemon has it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock = self._disk.lock(self.path / LOCK_NAME)
        except BlockingIOError:
            raise TheirFault(f"another daemon is running in {self.path}; stop it first, or choose another "
                             "directory with --state") from None

    def close(self) -> None:
        """Gives the lock back."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
