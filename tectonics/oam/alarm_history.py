"""What became of alarms: raised, cleared, flapping, acknowledged; kept over a restart.

A file of its own in the state directory, one JSON object a line, because the alarms that matter most are those of the
database and of a full disk: neither the database nor the log's reader may be needed to know what was wrong last night.
A line is handed to the system at once and not synced: the death of the process loses nothing, a power cut perhaps the
last lines, which the log has too.  If the process dies in the middle of a line, the next one reads what is whole and
writes the file anew (beside the old one, synced, renamed).  An alarm that the life before left active is closed
then (ENDED), so that raised and over stay in pairs.

Bounds: HISTORY_MAX changes are kept, the oldest is forgotten; the file has at most twice as many lines, then it is
written anew.  A file that cannot be written is logged once and tried again with the next change.
"""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from twisted.logger import Logger

from tectonics.domain.value import value
from tectonics.ports import Alarm

HISTORY_MAX = 500
LINE_OCTETS_MAX = 8192
FILE = "alarms.jsonl"
OWNER_ONLY = 0o600
RAISED, CLEARED, DISPLACED, ENDED = "raised", "cleared", "displaced", "ended"
FLAPPING, CALMED, ACKNOWLEDGED, TAKEN_BACK = "flapping", "calmed", "acknowledged", "taken_back"
OVER = frozenset({CLEARED, DISPLACED, ENDED})  # the alarm is not active afterwards
_log = Logger()


@value
class Change:
    """One entry of the history; `who` asked for it, where a person did."""

    at: int
    what: str  # RAISED and so on
    alarm: Alarm
    who: str = ""


class Disk(Protocol):
    """What is needed of the disk (database.disk)."""

    def create(self, path: Path, mode: int) -> BinaryIO: ...

    def sync(self, file: BinaryIO) -> None: ...

    def rename(self, old: Path, new: Path) -> None: ...

    def sync_directory(self, directory: Path) -> None: ...


class History:
    """The changes, the oldest first, in memory alone."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes: deque[Change] = deque(changes, maxlen=HISTORY_MAX)

    def add(self, change: Change) -> None:
        """One more."""
        self._changes.append(change)

    def changes(self) -> list[Change]:
        """All that are kept."""
        return list(self._changes)

    def close(self) -> None:
        """Nothing more is added."""


class KeptHistory(History):
    """The same, in the file `alarms.jsonl` of `folder` too. `now` (ms): when this life began."""

    def __init__(self, folder: Path, disk: Disk, now: int) -> None:
        self._path, self._disk = folder / FILE, disk
        found = read(self._path)
        super().__init__([*found, *_ended(found, now)])
        self._file: BinaryIO | None = None
        self._lines = 0
        self._broken = False
        self._keep(self._write_anew)

    def add(self, change: Change) -> None:
        """One more, also in the file."""
        super().add(change)
        if self._file is None or self._lines >= 2 * HISTORY_MAX:
            self._keep(self._write_anew)
        else:
            self._keep(lambda: self._append([change]))

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            with suppress(OSError):  # a disk that is full
                self._file.close()
            self._file = None

    def _keep(self, write) -> None:
        try:
            write()
            self._broken = False
        except OSError as error:
            if not self._broken:
                _log.error("The history of alarms cannot be written to {path}: {why}", path=str(self._path), why=str(error))
            self._broken, self._file = True, None

    def _append(self, changes: list[Change]) -> None:
        self._file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in changes))
        self._file.flush()
        self._lines += len(changes)

    def _write_anew(self) -> None:
        self.close()
        beside = self._path.with_suffix(".new")
        self._file, self._lines = self._disk.create(beside, OWNER_ONLY), 0
        self._append(self.changes())
        self._disk.sync(self._file)
        self._disk.rename(beside, self._path)
        self._disk.sync_directory(self._path.parent)


def read(path: Path) -> list[Change]:
    """The changes of the file, the newest HISTORY_MAX; a line that cannot be read is passed over."""
    decoder = msgspec.json.Decoder(Change)
    found: deque[Change] = deque(maxlen=HISTORY_MAX)
    try:
        with open(path, "rb") as file:
            for line in iter(lambda: file.readline(LINE_OCTETS_MAX), b""):
                change = _change(decoder, line)
                if change is not None:
                    found.append(change)
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.error("The history of alarms cannot be read: {path}: {why}", path=str(path), why=str(error))
    return list(found)


def _change(decoder: msgspec.json.Decoder, line: bytes) -> Change | None:
    try:
        return decoder.decode(line)
    except msgspec.DecodeError:  # also of what has another form
        return None


def _ended(changes: list[Change], now: int) -> list[Change]:
    """What closes the alarms that the life before left active."""
    up: dict[str, Change] = {}
    for change in changes:
        if change.what in OVER:
            up.pop(change.alarm.id, None)
        else:
            up[change.alarm.id] = change
    return [Change(max(now, one.at), ENDED, one.alarm) for one in up.values()]
