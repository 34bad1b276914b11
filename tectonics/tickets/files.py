"""Ticket files: every ticket of this process's origin, in closed files without hole or repetition.

One loop pulls tickets from the log in pages, in order, and appends them to the open file; a commit
or the end of the period only makes it look sooner.  The database is the truth and the last closed
file the progress (file_progress.py): at start, and after any failure, the first number of the open file is the
last closed file's last_seq + 1, its period follows that file's, and the `.part` is written anew from
the log.  So a crash at any point (also between sync, rename and directory sync) loses nothing and
writes nothing twice, and a graceful stop is the same thing: it leaves the `.part` to be continued.

A file is closed when its period is over by the clock and the log has been read to its end, or when
a ticket of a later period turns up (catching up after a stop), or at `records_max` or `bytes_max`
(the period then gets another file).  So a ticket that was decided just before the hour may stand in
the next file.  Each period gets a file, empty ones and those of a stop too (at most GAP_PERIODS_MAX
periods back).  Where the log no longer holds the next ticket the file is closed as abnormal, and
the hole shows between two trailers.

Disk full or any other file error: alarm `ticket_disk`, retry every RETRY_S; tickets wait in the
database, whose retention is held back by the cursor of FILES_CONSUMER.  Memory: one page.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred, succeed
from twisted.logger import Logger

from tectonics.database.disk import DISK, Disk
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.ports import Alarms, Clock, TicketLine, TicketLog
from tectonics.tickets.export import csv_copy
from tectonics.tickets.file_format import Closure, FileFault, PartFile, Trailer
from tectonics.tickets.file_names import FileName, Period
from tectonics.tickets.file_progress import last_closed, note, unfinished

FILES_CONSUMER = "(files)"  # no consumer of the stream can have this name
PAGE = 1000
LINGER_S = 0.25  # tickets wait this long for company, so that a busy hour is not written one by one
LOOK_S = 60.0  # looks at the log at least this often
RETRY_S = 10.0
LAST_TURNS = 8  # at a stop: pages, or files that are over
GAP_PERIODS_MAX = 31 * 24
RECORDS_MAX = 5_000_000
BYTES_MAX = 1024**3


class TicketFiles:
    """Writes the files of one origin. `in_thread(function, *arguments)` runs what blocks on the disk
    (production: deferToThread; the default runs it at once)."""

    log = Logger()

    def __init__(self, directory: Path, origin: str, log: TicketLog, clock: Clock, alarms: Alarms,
                 rotate: str = "hour", formats: Sequence[str] = ("jsonl",),
                 in_thread: Callable[..., Deferred] = maybeDeferred,
                 records_max: int = RECORDS_MAX, bytes_max: int = BYTES_MAX, disk: Disk = DISK,
                 look_s: float = LOOK_S) -> None:
        self._directory = Path(directory)
        self._origin = origin
        self._tickets = log
        self._clock = clock
        self._alarms = alarms
        self._rotate = rotate
        self._csv = "csv" in formats
        self._in_thread = in_thread
        self._records_max = records_max
        self._bytes_max = bytes_max
        self._disk, self._look_s = disk, look_s
        self._file: PartFile | None = None
        self._period = Period.at(clock.seconds(), rotate)
        self._running = False
        self._wake: Deferred[None] | None = None
        self._woken = False
        self._by_hand = False
        self._loop: Deferred[None] = succeed(None)
        log.subscribe(lambda lines: self._look())

    def start(self) -> Deferred[None]:
        """Begins to write; fires when the open file stands (or its failure has raised the alarm)."""
        self._running = True
        started: Deferred[None] = Deferred()
        self._loop = ensureDeferred(self._run(started))
        self._loop.addErrback(self._broken, started)
        return started

    def stop(self) -> Deferred[None]:
        """Ends after what is in the log, LAST_TURNS at most; the open file stays `.part` and is continued at the next start."""
        self._running = False
        self._look(linger_s=0)
        return self._loop

    def close_file(self) -> None:
        """Closes the open file now (closure reason manual) and begins the period's next one."""
        self._by_hand = True
        self._look(linger_s=0)

    # --- the loop ---------------------------------------------------------------------------------

    async def _run(self, started: Deferred[None]) -> None:
        while self._running:
            wait_s, heeding = 0.0, True
            try:
                if self._file is None:
                    await self._recover()
                wait_s = await self._turn()
            except (OSError, OurFault, TheirFault) as error:
                self._troubled(error)
                wait_s, heeding = RETRY_S, False
            if not started.called:
                started.callback(None)
            if wait_s and self._running:
                await self._wait(wait_s, heeding)
        await self._last_look()
        self._abandon()

    async def _last_look(self) -> None:
        """Whoever looks into the files after a stop finds what was committed before it, if disk and database allow."""
        try:
            for _ in range(LAST_TURNS):
                if self._file is None or await self._turn():
                    return
        except (OSError, OurFault, TheirFault) as error:
            self._troubled(error)

    async def _turn(self) -> float:
        """One look at the log: appends a page, or closes what is over; how long to wait then."""
        lines = await self._tickets.read(self._origin, self._file.last_seq, PAGE)
        now_s = self._clock.seconds()
        if lines:
            await self._append(lines, now_s)
        elif self._by_hand:
            self._by_hand = False
            await self._close(Closure.MANUAL)
        elif now_s >= self._period.end_s:
            await self._close(Closure.TIME_LIMIT)
        else:
            return min(self._period.end_s - now_s, self._look_s)
        return 0.0

    async def _append(self, lines: list[TicketLine], now_s: float) -> None:
        if lines[0].seq != self._file.last_seq + 1:
            await self._skip_to(lines[0].seq)
        elif lines[0].at >= self._period.end_s * 1000 and now_s >= self._period.end_s:
            await self._close(Closure.TIME_LIMIT)
        elif self._file.count >= self._records_max:
            await self._close(Closure.MAX_RECORDS)
        elif self._file.size_bytes >= self._bytes_max:
            await self._close(Closure.SIZE_LIMIT)
        else:
            await self._in_thread(self._file.append, list(self._fitting(lines, now_s)))

    def _fitting(self, lines: list[TicketLine], now_s: float) -> Iterator[bytes]:
        """The lines that belong into the open file, at least the first."""
        size_bytes = self._file.size_bytes
        over = now_s >= self._period.end_s
        for seq, number, line in zip(count(lines[0].seq), range(self._file.count, self._records_max), lines):
            if seq != line.seq or size_bytes >= self._bytes_max or (
                    over and line.at >= self._period.end_s * 1000):
                return
            size_bytes += len(line.line) + 1
            yield line.line

    async def _skip_to(self, seq: int) -> None:
        self.log.error("Tickets {first} to {last} of {origin} are not in the database any more and are "
                       "missing in the files.", first=self._file.last_seq + 1, last=seq - 1, origin=self._origin)
        if self._file.count:
            await self._close(Closure.ABNORMAL)
        self._file.first_seq = seq

    # --- files ------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Opens the file that follows the last closed one."""
        last = await self._in_thread(self._last_closed)
        if last is None:
            await self._begin()
        else:
            name, trailer = last
            after_s = name.period.end_s if trailer.reason == Closure.TIME_LIMIT else name.period.start_s
            await self._open(name.number + 1, self._period_from(after_s), trailer.last_seq + 1)
        await self._tickets.acknowledge(FILES_CONSUMER, self._origin, self._file.last_seq)
        self._alarms.clear("ticket_disk")

    async def _begin(self) -> None:
        """Opens the very first file; or one after what the cursor says where the directory was lost."""
        cursor = await self._tickets.cursor(FILES_CONSUMER, self._origin)
        oldest, _ = await self._tickets.span(self._origin)
        parts = await self._in_thread(unfinished, self._directory, self._origin)
        started_s = min((name.period.start_s for name, _ in parts), default=self._clock.seconds())
        await self._open(1, self._period_from(started_s), max(oldest, (cursor or 0) + 1))

    def _period_from(self, after_s: float) -> Period:
        period = Period.at(after_s, self._rotate)
        earliest_s = self._clock.seconds() - GAP_PERIODS_MAX * period.length_s
        return period if period.start_s >= earliest_s else Period.at(earliest_s, self._rotate)

    def _last_closed(self) -> tuple[FileName, Trailer] | None:
        last = last_closed(self._directory, self._origin)
        if last is not None and self._csv and (self._directory / str(last[0])).exists():
            csv_copy(self._directory / str(last[0]), self._disk)
        return last

    async def _open(self, number: int, period: Period, first_seq: int) -> None:
        name = str(FileName(self._origin, period, number))
        opened_at = round(self._clock.seconds() * 1000)
        self._file = await self._in_thread(self._create, name, first_seq, opened_at)
        self._period = period

    def _create(self, name: str, first_seq: int, opened_at: int) -> PartFile:
        for other, path in unfinished(self._directory, self._origin):
            if str(other) != name:
                self._disk.remove(path)
        return PartFile(self._directory, name, self._origin, first_seq, opened_at, self._disk)

    async def _close(self, reason: Closure) -> None:
        file = self._file
        trailer = await self._in_thread(self._seal, file, reason, round(self._clock.seconds() * 1000))
        self.log.info("Ticket file {file} closed with {count} tickets: {why}.",
                      file=file.name, count=trailer.count, why=trailer.reason_text)
        number = FileName.parse(file.name).number + 1
        after_s = self._period.end_s if reason == Closure.TIME_LIMIT else self._period.start_s
        await self._open(number, self._period_from(after_s), trailer.last_seq + 1)
        await self._tickets.acknowledge(FILES_CONSUMER, self._origin, trailer.last_seq)

    def _seal(self, file: PartFile, reason: Closure, closed_at: int) -> Trailer:
        trailer = file.close(reason, closed_at)
        note(self._directory, trailer, self._disk)
        if self._csv:
            csv_copy(self._directory / file.name, self._disk)
        return trailer

    def _abandon(self) -> None:
        if self._file is not None:
            self._file.abandon()
            self._file = None

    # --- waking, failing --------------------------------------------------------------------------

    def _look(self, linger_s: float = LINGER_S) -> None:
        """The loop is to look again soon; once for many calls."""
        if self._wake is not None and (not self._woken or linger_s == 0):
            wake = self._wake
            if linger_s:
                self._clock.callLater(linger_s, self._resume, wake)
            else:
                self._resume(wake)
        self._woken = True

    def _resume(self, wake: Deferred[None]) -> None:
        if self._wake is wake:
            self._wake = None
            wake.callback(None)

    async def _wait(self, wait_s: float, heeding: bool) -> None:
        if not heeding:
            self._woken = True
        elif self._woken:
            wait_s = LINGER_S
        self._wake = wake = Deferred()
        timer = self._clock.callLater(wait_s, self._resume, wake)
        await wake
        if timer.active():
            timer.cancel()
        self._woken = False

    def _troubled(self, error: Exception) -> None:
        self._abandon()
        self.log.error("Ticket files are not written, tried again in {retry_s} s: {error}",
                       retry_s=RETRY_S, error=str(error))
        if isinstance(error, (OSError, FileFault)):
            self._alarms.raise_alarm("ticket_disk", f"Ticket files cannot be written in {self._directory}: {error}")

    def _broken(self, failure, started: Deferred[None]) -> None:
        """Boundary: a bug ends the files until the next start; tickets wait in the database."""
        self.log.failure("Ticket files stopped by a fault of our own", failure)
        self._alarms.raise_alarm("internal_fault", "Ticket files have stopped; start the daemon anew.", "ticket_files")
        self._abandon()
        if not started.called:
            started.callback(None)
