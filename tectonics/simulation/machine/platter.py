"""The platter: what is left of a machine's disk when its processes are gone, and what is wrong with it.

What was written to a file and not synced is cut at a random place when the machine loses power, and perhaps
replaced by zeros; a new name, a deletion or a renaming that was not followed by a sync of its directory may
be undone, the newest first.
"""

import random
from collections.abc import Callable
from pathlib import Path

TORN = 0.5  # share of cut files whose last bytes are zeros


class Platter:
    """One machine's."""

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
