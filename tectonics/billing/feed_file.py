"""A file that the prepaid network appends its records to, as a feed.

Lines are told in order; the place behind them is written to the bookmarks after the intake has said
that their events are durable, so a process that dies here tells them again and they are answered
DUP.  A line that is no record, or that the intake refuses for good, is counted and appended to
`<file>.rejected` (fsynced before the place moves on; after a death it may stand there twice).
Where the intake is busy or fails, the lines are told again after a pause that doubles up to
RETRY_S_MAX, and an alarm stands while that lasts.

Bounds: one chunk of lines is under way at a time; half a line at the end waits for its rest, and is
rejected when its file has been rotated and did not grow for ROTATED_POLLS polls;
`<file>.rejected` grows to REJECTED_BYTES_MAX, more is only counted.  Reading a chunk of a local file
blocks the reactor for less than a millisecond; a network file system does not belong here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from twisted.internet.defer import DeferredList, ensureDeferred
from twisted.logger import Logger

from tectonics.billing import tailing
from tectonics.billing.tailing import Chunk, Place
from tectonics.domain.errors import BadRecord, Busy, TheirFault
from tectonics.domain.feed import event_of
from tectonics.ports import Alarms, Bookmarks, Clock, Intake, Metrics
from tectonics.wire.feed import LINE_BYTES_MAX, read_fields

POLL_S = 0.5
RETRY_S_MAX = 30.0
ROTATED_POLLS = 4  # a writer may go on in a rotated file until it opens the new one
REJECTED_BYTES_MAX = 100 * 1024 * 1024
RECORDS = "tectonics_feed_records_total"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How the lines are read: see wire/feed.py and domain/feed.py."""

    currency: str
    columns: Mapping[str, int] | None = None
    country_code: str = ""


class FileFeed:
    """Feeds `intake` from the file at `path` under the feed's `name`; `start` and `stop` it."""

    log = Logger()

    def __init__(self, path: str | os.PathLike, name: str, intake: Intake, bookmarks: Bookmarks, clock: Clock,
                 metrics: Metrics, alarms: Alarms, format: FileFormat):
        self._path = os.path.abspath(path)
        self._name = name
        self._intake = intake
        self._bookmarks = bookmarks
        self._clock = clock
        self._metrics = metrics
        self._alarms = alarms
        self._format = format
        self._bookmark = f"feed:{name}:{self._path}"
        self._place: Place | None = None
        self._half = (0, 0)  # bytes of the half line at the end of a rotated file, polls it has been so
        self._running = False
        self._timer = None
        self._pause_s = POLL_S

    def start(self) -> None:
        """Goes on where the bookmark is."""
        self._running = True
        self._place = None
        self._poll()

    def stop(self) -> None:
        """Tells no more; lines under way are finished, or told again after the next start."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _poll(self):
        ensureDeferred(self._catch_up()).addCallbacks(self._rest, self._failed)

    def _rest(self, _):
        self._pause_s = POLL_S
        self._alarms.clear("feed_lag", self._name)
        self._wait(POLL_S)

    def _failed(self, failure):
        """Boundary: whatever stopped the chunk, it is told again."""
        if not failure.check(TheirFault, OSError):
            self.log.failure("The feed {feed} failed and tries again", failure, feed=self._name)
        self._alarms.raise_alarm("feed_lag", f"records of {self._path} wait: {failure.getErrorMessage()}",
                                 self._name)
        self._wait(self._pause_s)
        self._pause_s = min(self._pause_s * 2, RETRY_S_MAX)

    def _wait(self, pause_s):
        if self._running:
            self._timer = self._clock.callLater(pause_s, self._poll)

    async def _catch_up(self) -> None:
        """Tells everything that is there now."""
        if self._place is None:
            self._place = await self._remembered()
        while self._running and not self._intake.backlogged():
            name = tailing.find(self._path, self._place)
            if name is None:
                return
            if self._place is None or not tailing.is_rest_of(name, self._place):
                self._begin(name)
            chunk = tailing.read(name, self._place, LINE_BYTES_MAX)
            await self._tell(chunk)
            if chunk.ended and not self._next_file(name, chunk):
                return

    async def _remembered(self) -> Place | None:
        text = await self._bookmarks.read(self._bookmark)
        try:
            return Place.decode(text) if text else None
        except msgspec.MsgspecError:
            self.log.error("The bookmark of the feed {feed} is unreadable; its file is read from the"
                           " beginning", feed=self._name)
            return None

    def _begin(self, name: str) -> None:
        if self._place is not None:
            self.log.error("The file that the feed {feed} was reading is gone or was cut; {path} is read"
                           " from its beginning", feed=self._name, path=name)
        self._place = tailing.beginning(name)

    async def _tell(self, chunk: Chunk) -> None:
        """Returns when every line is durable or rejected and the bookmark says so; else raises."""
        if chunk.place == self._place:
            return
        now = int(self._clock.seconds() * 1000)
        rejected, told = [], []
        for line in chunk.lines:
            if line is not None and not line.strip():
                continue
            try:
                told.append((line, self._intake.feed(self._parse(line, now))))
            except BadRecord as fault:
                rejected.append((line, str(fault)))
        results = await DeferredList([answer for _, answer in told], consumeErrors=True)
        for (line, _), (taken, answer) in zip(told, results, strict=True):
            if not taken and (answer.check(Busy) or not answer.check(TheirFault)):
                answer.raiseException()
            if not taken:
                rejected.append((line, answer.getErrorMessage()))
        for taken, answer in results:
            if taken:
                self._metrics.count(RECORDS, self._name, answer.lower())
        self._reject(rejected)
        await self._bookmarks.write(self._bookmark, chunk.place.encode())
        self._place = chunk.place

    def _parse(self, line: bytes | None, now: int):
        if line is None:
            raise BadRecord("line too long")
        return event_of(read_fields(line, self._format.columns), self._format.currency, self._name, now,
                        self._format.country_code)

    def _reject(self, rejected: list[tuple[bytes | None, str]]) -> None:
        if not rejected:
            return
        self._metrics.count(RECORDS, self._name, "err", by=len(rejected))
        self.log.info("The feed {feed} rejects {count} lines, the first because {why}", feed=self._name,
                      count=len(rejected), why=rejected[0][1])
        handle = os.open(f"{self._path}.rejected", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(handle, "ab") as file:
            if file.tell() < REJECTED_BYTES_MAX:
                file.write(b"".join((line or b"(a line that was too long)") + b"\n" for line, _ in rejected))
                file.flush()
                os.fsync(file.fileno())

    def _next_file(self, name: str, chunk: Chunk) -> bool:
        """Goes on to the next file where this one has been rotated away and is finished."""
        if os.path.exists(self._path) and os.path.samefile(name, self._path):
            self._half = (0, 0)
            return False
        bytes_before, polls = self._half
        polls = polls + 1 if bytes_before == chunk.half_bytes and not chunk.lines else 0
        self._half = chunk.half_bytes, polls
        following = tailing.successor(self._path, name)
        if following is None or polls < ROTATED_POLLS:
            return False
        if chunk.half_bytes:
            self._reject([(b"(half a line at the end of a rotated file)", "the line has no end")])
        self._half = (0, 0)
        self._place = tailing.beginning(following)
        return True
