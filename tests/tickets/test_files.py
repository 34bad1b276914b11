"""Files over the virtual clock: rotation, limits, crashes at every step, a full disk, holes."""

import errno
import json
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.task import Clock

from tectonics.domain.errors import OurFault
from tectonics.tickets.file_format import Closure, verify
from tectonics.tickets.files import FILES_CONSUMER, GAP_PERIODS_MAX, RETRY_S, TicketFiles
from tests.tickets.fakes import MemoryTicketLog, Recorder

START_S = 1_795_334_400  # 2026-11-22T08:00:00Z


class World:
    """A clock, a log, a directory; files started and killed at will."""

    def __init__(self, directory):
        self.directory = directory
        self.clock = Clock()
        self.clock.advance(START_S)
        self.log = MemoryTicketLog()
        self.recorder = Recorder()
        self.files = None

    def start(self, **options):
        self.files = TicketFiles(self.directory, "n1", self.log, self.clock, self.recorder, **options)
        self.files.start()
        return self.files

    def commit(self, count, **fields):
        self.log.commit(count, round(self.clock.seconds() * 1000), **fields)

    def advance(self, seconds):
        self.clock.pump([seconds / 4] * 4)

    def names(self, suffix=".jsonl"):
        return sorted(path.name for path in self.directory.iterdir() if path.name.endswith(suffix))

    def check(self):
        """Every closed file is whole, numbers run on; the numbers of the tickets in them."""
        seqs, trailers = [], [verify(self.directory / name) for name in self.names()]
        for number, (name, trailer) in enumerate(zip(self.names(), trailers), 1):
            lines = (self.directory / name).read_bytes().splitlines()[:-1]
            assert name.endswith(f"_{number:06d}.jsonl") and trailer.file == name
            assert [json.loads(line)["seq"] for line in lines] == list(
                range(trailer.first_seq, trailer.last_seq + 1))
            seqs += range(trailer.first_seq, trailer.last_seq + 1)
        return seqs, trailers


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "tickets")


def test_an_hour_gets_its_file(world):
    world.start()
    world.commit(3)
    world.advance(1)
    part = world.directory / "n1_20261122_08_000001.jsonl.part"
    assert len(part.read_bytes().splitlines()) == 3 and world.names() == []
    world.commit(2)
    world.advance(3600)
    assert world.names() == ["n1_20261122_08_000001.jsonl"]
    assert world.names(".part") == ["n1_20261122_09_000002.jsonl.part"]
    seqs, [trailer] = world.check()
    assert seqs == [1, 2, 3, 4, 5] and trailer.reason == Closure.TIME_LIMIT
    assert trailer.opened == "2026-11-22T08:00:00.000Z"


def test_empty_hours_get_files(world):
    world.start()
    for _ in range(3):
        world.advance(3600)
    world.commit(1)
    world.advance(3600)
    seqs, trailers = world.check()
    assert seqs == [1] and [trailer.count for trailer in trailers] == [0, 0, 0, 1]


def test_days(world):
    world.start(rotate="day")
    world.commit(1)
    world.advance(24 * 3600)
    assert world.names() == ["n1_20261122_000001.jsonl"]


def test_a_busy_period_is_written_in_few_pieces(world):
    world.start()
    reads = world.log.reads
    for _ in range(200):
        world.commit(1)
        world.clock.advance(0.001)
    world.advance(1)
    assert world.log.reads - reads < 10
    assert len((world.directory / world.names(".part")[0]).read_bytes().splitlines()) == 200


def test_limits_split_a_period(world):
    world.start(records_max=10)
    world.commit(25)
    world.advance(1)
    _, trailers = world.check()
    assert [trailer.count for trailer in trailers] == [10, 10]
    assert {trailer.reason for trailer in trailers} == {Closure.MAX_RECORDS}
    assert world.names(".part") == ["n1_20261122_08_000003.jsonl.part"]


def test_size_splits_a_period(world):
    world.start(bytes_max=2000)
    world.commit(30)
    world.advance(1)
    _, trailers = world.check()
    assert {trailer.reason for trailer in trailers} == {Closure.SIZE_LIMIT} and len(trailers) > 1
    size_bytes = (world.directory / world.names()[0]).stat().st_size
    assert 2000 <= size_bytes < 3000


def test_by_hand(world):
    world.start()
    world.commit(2)
    world.files.close_file()
    seqs, [trailer] = world.check()
    assert seqs == [1, 2] and trailer.reason == Closure.MANUAL and trailer.reason_text == (
        "file closed by manual intervention")


def test_a_graceful_stop_leaves_nothing_unwritten(world):
    world.start()
    world.commit(3)
    world.files.stop()
    assert len((world.directory / world.names(".part")[0]).read_bytes().splitlines()) == 3


def test_a_stop_without_disk_or_database_is_a_stop(world):
    world.start()
    world.commit(2)
    world.log.read = lambda *asked: fail(OurFault("no database"))
    stopped = []
    world.files.stop().addCallback(stopped.append)
    assert stopped == [None]


def test_a_graceful_stop_continues_the_same_file(world):
    world.start()
    world.commit(2)
    world.advance(1)
    stopped = []
    world.files.stop().addCallback(stopped.append)
    assert stopped == [None] and world.names() == []
    world.commit(1)
    world.start()
    world.commit(1)
    world.advance(3600)
    seqs, trailers = world.check()
    assert seqs == [1, 2, 3, 4] and len(trailers) == 1


def test_the_part_is_never_believed(world):
    world.start()
    world.commit(2)
    world.advance(1)
    (world.directory / world.names(".part")[0]).write_bytes(b"torn rubbi")
    world.start()
    world.advance(3600)
    assert world.check()[0] == [1, 2]


def test_a_long_stop_places_tickets_by_their_time_and_leaves_no_hour_out(world):
    world.start()
    world.commit(2)
    world.advance(1)
    world.files.stop()
    world.commit(1)
    world.advance(3 * 3600)
    world.log.commit(1, (START_S + 2 * 3600 + 5) * 1000)
    world.start()
    world.advance(1)
    _, trailers = world.check()
    assert [trailer.count for trailer in trailers] == [3, 0, 1]
    assert world.names()[2].startswith("n1_20261122_10_")


def test_a_very_long_stop_is_filled_up_to_the_bound(world):
    world.start()
    world.files.close_file()
    world.files.stop()
    world.advance((GAP_PERIODS_MAX + 500) * 3600)
    world.start()
    assert len(world.names()) == GAP_PERIODS_MAX + 1


def test_a_hole_in_the_log_shows(world):
    world.start()
    world.commit(4)
    world.advance(1)
    world.files.stop()
    world.commit(6)
    world.log.forget(8)
    world.start()
    world.advance(3600)
    trailers = [verify(world.directory / name) for name in world.names()]
    assert [(t.first_seq, t.last_seq, t.reason) for t in trailers] == [(8, 10, Closure.TIME_LIMIT)]


def test_a_hole_while_running_closes_the_file_as_abnormal(world):
    world.start()
    world.commit(4)
    world.advance(1)
    lines = world.log.lines["n1"]
    world.commit(6)
    world.log.lines["n1"] = [line for line in lines if line.seq not in (5, 6)]
    world.advance(3600)
    trailers = [verify(world.directory / name) for name in world.names()]
    assert [(t.first_seq, t.last_seq, t.reason) for t in trailers] == [
        (1, 4, Closure.ABNORMAL), (7, 10, Closure.TIME_LIMIT)]


def test_a_full_disk_alarms_and_nothing_is_lost(world):
    full = [True]

    def in_thread(function, *arguments):
        if full[0] and function.__name__ == "append":
            return maybeDeferred(lambda: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        return maybeDeferred(function, *arguments)

    world.start(in_thread=in_thread)
    world.commit(5)
    world.advance(1)
    assert "No space left" in world.recorder.raised["ticket_disk", ""]
    world.commit(5)
    full[0] = False
    world.advance(RETRY_S)
    assert world.recorder.raised == {}
    world.advance(3600)
    assert world.check()[0] == list(range(1, 11))


def test_a_database_that_is_away_is_waited_for(world):
    world.log.broken = True
    world.start()
    world.log.broken = False
    world.commit(5)
    world.advance(RETRY_S)
    world.advance(3600)
    assert world.check()[0] == [1, 2, 3, 4, 5] and world.recorder.raised == {}


def test_a_closed_file_that_was_damaged_raises_the_alarm_and_is_not_touched(world):
    world.start()
    world.advance(3600)
    world.files.stop()
    path = world.directory / world.names()[0]
    path.write_bytes(b"gone\n")
    world.start()
    assert "trailer" in world.recorder.raised["ticket_disk", ""]
    assert path.read_bytes() == b"gone\n"


def test_collected_files_are_not_written_again(world):
    world.start()
    world.commit(3)
    world.advance(3600)
    world.commit(2)
    world.advance(3600)
    world.files.stop()
    for name in world.names():
        (world.directory / name).unlink()
    world.commit(4)
    world.start()
    world.advance(3600)
    [name] = world.names()
    assert name == "n1_20261122_10_000003.jsonl"
    trailer = verify(world.directory / name)
    assert (trailer.first_seq, trailer.last_seq) == (6, 9)


def test_a_lost_directory_begins_anew_after_what_stood_in_it(world):
    world.start()
    world.commit(3)
    world.advance(3600)
    world.files.stop()
    shutil.rmtree(world.directory)
    world.commit(4)
    world.start()
    world.advance(3600)
    trailer = verify(world.directory / world.names()[0])
    assert (trailer.first_seq, trailer.last_seq) == (4, 7)


def test_a_crash_before_the_note_believes_the_file(world):
    world.start()
    world.commit(3)
    world.advance(3600)
    world.files.stop()
    note = (world.directory / ".n1.last").read_bytes()
    world.start()
    world.commit(3)
    world.advance(3600)
    world.files.stop()
    (world.directory / ".n1.last").write_bytes(note)
    world.commit(1)
    world.start()
    world.advance(3600)
    assert world.check()[0] == list(range(1, 8))


def test_the_first_period_is_continued_after_a_crash_in_it(world):
    world.start()
    world.commit(2)
    world.advance(1)
    world.files.stop()
    world.advance(3600)
    world.start()
    world.advance(1)
    assert world.names() == ["n1_20261122_08_000001.jsonl"] and world.check()[0] == [1, 2]
    assert world.names(".part") == ["n1_20261122_09_000002.jsonl.part"]


def test_retention_is_held_back_by_what_stands_in_closed_files(world):
    world.start()
    assert world.log.saved == {(FILES_CONSUMER, "n1"): 0}
    world.commit(5)
    world.advance(1)
    assert world.log.saved[FILES_CONSUMER, "n1"] == 0
    world.advance(3600)
    assert world.log.saved[FILES_CONSUMER, "n1"] == 5


def test_a_bug_stops_the_files_with_an_alarm_and_nothing_else(world):
    def in_thread(function, *arguments):
        raise KeyError("a bug")

    started, stopped = [], []
    files = TicketFiles(world.directory, "n1", world.log, world.clock, world.recorder, in_thread=in_thread)
    files.start().addCallback(started.append)
    assert started == [None] and ("internal_fault", "ticket_files") in world.recorder.raised
    world.commit(3)
    files.stop().addCallback(stopped.append)
    assert stopped == [None]
    world.start()
    world.advance(3600)
    assert world.check()[0] == [1, 2, 3]


def test_csv_beside_it(world):
    world.start(formats=("jsonl", "csv"))
    world.commit(2, text="=cmd()")
    world.advance(3600)
    header, *rows, trailer = (world.directory / "n1_20261122_08_000001.csv").read_text().splitlines()
    assert header.startswith("origin,seq,id,time,type") and len(rows) == 2 and "'=cmd()" in rows[0]
    assert trailer.startswith('#trailer {"trailer":{"origin":"n1","file":"n1_20261122_08_000001.csv"')


def test_csv_is_made_up_for_after_a_crash_between_the_two(world):
    world.start()
    world.commit(2)
    world.advance(3600)
    world.files.stop()
    world.start(formats=("jsonl", "csv"))
    assert world.names(".csv") == ["n1_20261122_08_000001.csv"]


class MortalDisk:
    """An `in_thread` that runs some operations and then never answers again: the process is dead."""

    def __init__(self, operations):
        self.left = operations

    def __call__(self, function, *arguments):
        if self.left <= 0:
            return Deferred()
        self.left -= 1
        return maybeDeferred(function, *arguments)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([1, 900, 3600, 9000]), st.integers(0, 8)), min_size=1,
                max_size=6))
def test_killed_anywhere_and_again_every_ticket_stands_once(tmp_path_factory, lives):
    directory = tmp_path_factory.mktemp("tickets")
    world = World(directory)
    for count, wait_s, crash_after in lives:
        disk = MortalDisk(crash_after)
        world.start(in_thread=disk, records_max=7)
        world.commit(count)
        world.advance(wait_s)
        disk.left = 0
    world.start()
    world.advance(3600)
    assert world.check()[0] == list(range(1, len(world.log.lines.get("n1", [])) + 1))
    shutil.rmtree(directory)


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_an_error_while_closing_closes_it_again(world, monkeypatch, step):
    real, broken = getattr(os, step), [True]

    def failing(*arguments):
        if broken[0]:
            raise OSError(errno.EIO, "Input/output error")
        return real(*arguments)

    world.start()
    world.commit(3)
    world.advance(1)
    monkeypatch.setattr(os, step, failing)
    world.advance(3600)
    assert "Input/output" in world.recorder.raised["ticket_disk", ""] and world.names() == []
    broken[0] = False
    world.advance(RETRY_S * 2)
    assert world.check()[0] == [1, 2, 3] and world.recorder.raised == {}
