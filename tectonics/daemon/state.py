"""The state directory: one daemon at a time, told by a lock that the kernel drops with its holder.

The lock is taken before anything is opened: opening the store fences whoever used it before, and a
second start by mistake must not fence the daemon that is serving.
"""

import fcntl
import os
from pathlib import Path

from tectonics.domain.errors import TheirFault

LOCK_NAME = "daemon.lock"


class StateDirectory:
    """The directory, created for its owner only, and its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1

    def open(self) -> None:
        """Creates and locks it; TheirFault when another daemon has it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise TheirFault(f"another daemon is running in {self.path}; stop it first, or choose another "
                             "directory with --state") from None

    def close(self) -> None:
        """Gives the lock back."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
