"""The tailed file: every record at least once and in order, over rotation, cutting and restarts."""

import json
import os
from itertools import pairwise

import msgspec
import pytest
from twisted.internet.defer import Deferred

from tectonics.billing.feed_file import FileFeed, FileFormat
from tectonics.billing.tailing import CHUNK_BYTES, Place, beginning, read
from tectonics.domain.errors import Busy, OurFault, TheirFault

from .worlds import A, Bells, Counts, Ears, Shelf, clock_at_start


def record(id, **more):
    fields = {
        "id": id,
        "type": "recharge",
        "msisdn": A,
        "amount": "5.00",
        "currency": "EUR",
        "time": "2026-11-22T08:00:00Z",
    }
    return json.dumps(fields | more) + "\n"


class World:
    """A growing file, and feeds over it that share a bookmark."""

    def __init__(self, directory):
        self.path = directory / "feed.log"
        self.clock, self.shelf, self.bells, self.metrics = clock_at_start(), Shelf(), Bells(), Counts()
        self.ticks = 1

    def write(self, *ids, path=None):
        with open(path or self.path, "a") as file:
            file.write("".join(map(record, ids)))
        self.touch(path or self.path)

    def touch(self, path):
        self.ticks += 1
        os.utime(path, (self.ticks, self.ticks))

    def rotate(self, *names):
        for older, newer in pairwise(names):
            if newer.exists():
                newer.rename(older)
        self.path.rename(names[-1])

    def feed(self, ears, columns=None):
        feed = FileFeed(
            self.path,
            "file",
            ears,
            self.shelf,
            self.clock,
            self.metrics,
            self.bells,
            FileFormat("EUR", columns),
        )
        feed.start()
        return feed

    def wait(self, seconds=0.5):
        self.clock.pump([0.5] * round(seconds / 0.5))

    def counted(self, result):
        return self.metrics.counted.get(("tectonics_feed_records_total", "file", result), 0)

    @property
    def rejected(self):
        path = self.path.with_name("feed.log.rejected")
        return path.read_bytes() if path.exists() else b""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def ids(ears):
    return [event.id for event in ears.heard]


def test_records_are_told_as_they_are_written(world):
    ears = Ears()
    world.feed(ears)
    world.wait()
    world.write("r1", "r2")
    world.wait()
    world.write("r3", "r3")
    world.wait()
    assert ids(ears) == ["r1", "r2", "r3", "r3"]
    assert (world.counted("ok"), world.counted("dup")) == (3, 1)


def test_half_a_line_waits_for_its_rest(world):
    ears = Ears()
    world.feed(ears)
    whole = record("r1")
    for byte in whole:
        assert ids(ears) == []
        with open(world.path, "a") as file:
            file.write(byte)
        world.wait()
    assert ids(ears) == ["r1"]


def test_bad_lines_are_counted_and_kept_and_the_rest_goes_on(world):
    ears = Ears(None, TheirFault("unknown subscriber"))
    world.path.write_bytes(
        record("r1").encode()
        + b"\xff\n\n"
        + b"x" * 5000
        + b"\n"
        + record("r2").encode()
        + b"y" * (2 * CHUNK_BYTES)
        + b"\n"
        + record("r3").encode()
    )
    world.feed(ears)
    assert ids(ears) == ["r1", "r3"]
    assert world.counted("err") == 4
    assert world.rejected.split(b"\n") == [
        b"\xff",
        b"(a line that was too long)",
        record("r2").strip().encode(),
        b"(a line that was too long)",
        b"",
    ]


def test_csv(world):
    ears = Ears()
    world.path.write_text("r1;x\n")
    world.path.write_text(f"r1,recharge,{A},5.00,EUR,2026-11-22T08:00:00Z\n")
    world.feed(ears, {"id": 1, "type": 2, "msisdn": 3, "amount": 4, "currency": 5, "time": 6})
    assert ids(ears) == ["r1"]


def test_more_than_a_chunk(world):
    names = [f"r{n}" for n in range(1500)]
    world.write(*names)
    ears = Ears()
    world.feed(ears)
    assert ids(ears) == names


def test_a_restart_goes_on_after_what_was_durable(world):
    hanging = Ears(*[Deferred() for _ in range(2)])
    world.write("r1", "r2")
    world.feed(hanging).stop()
    assert world.shelf.values == {}
    ears = Ears()
    world.feed(ears).stop()
    world.write("r3")
    later = Ears()
    world.feed(later).stop()
    assert (ids(hanging), ids(ears), ids(later)) == (["r1", "r2"], ["r1", "r2"], ["r3"])
    assert not world.clock.getDelayedCalls()


@pytest.mark.parametrize("error", [Busy("full"), OurFault("disk")])
def test_after_a_failure_the_lines_are_told_again_and_an_alarm_stands_meanwhile(world, error):
    ears = Ears(None, error)
    world.write("r1", "r2", "r3")
    world.feed(ears)
    assert world.bells.raised and world.shelf.values == {}
    world.wait()
    assert ids(ears) == ["r1", "r3", "r1", "r2", "r3"] and not world.bells.raised
    assert world.rejected == b""


def test_rotation_reads_the_old_file_to_its_end_first(world):
    ears, old = Ears(), world.path.with_name("feed.log.1")
    world.write("r1")
    world.feed(ears)
    world.write("r2")
    world.rotate(old)
    world.wait()
    world.write("n1")
    world.write("r3", path=old)
    world.wait()
    assert ids(ears) == ["r1", "r2", "r3"]
    world.wait(5)
    assert ids(ears) == ["r1", "r2", "r3", "n1"]


def test_half_a_line_at_the_end_of_a_rotated_file_is_rejected(world):
    ears, old = Ears(), world.path.with_name("feed.log.1")
    world.write("r1")
    with open(world.path, "a") as file:
        file.write('{"id":')
    world.feed(ears)
    world.rotate(old)
    world.write("n1")
    world.wait(5)
    assert ids(ears) == ["r1", "n1"] and world.counted("err") == 1


def test_two_rotations_while_it_was_away(world):
    one, two = world.path.with_name("feed.log.1"), world.path.with_name("feed.log.2")
    world.write("r1")
    world.feed(Ears()).stop()
    world.write("r2")
    world.rotate(one)
    world.write("m1")
    world.rotate(two, one)
    world.write("n1")
    ears = Ears()
    world.feed(ears)
    world.wait(10)
    assert ids(ears) == ["r2", "m1", "n1"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_file_that_was_cut_is_read_from_its_beginning(world, count):
    ears = Ears()
    world.write("r1", "r2")
    world.feed(ears)
    world.path.write_text("")
    world.write(*[f"n{n}" for n in range(count)])
    world.wait()
    assert ids(ears) == ["r1", "r2", *[f"n{n}" for n in range(count)]]


def test_a_file_that_is_gone_or_a_bookmark_that_is_none(world):
    world.shelf.values[f"feed:file:{world.path}"] = "nonsense"
    ears = Ears()
    world.feed(ears)
    world.wait()
    assert ids(ears) == []
    world.write("r1")
    world.wait()
    world.path.unlink()
    world.wait()
    world.write("r2")
    world.wait()
    assert ids(ears) == ["r1", "r2"]


def test_it_waits_for_an_intake_that_is_backlogged(world):
    ears = Ears()
    ears.full = True
    world.write("r1")
    world.feed(ears)
    world.wait()
    assert ids(ears) == []
    ears.full = False
    world.wait()
    assert ids(ears) == ["r1"]


def test_a_place_survives_as_text(world):
    world.write("r1")
    place = read(str(world.path), beginning(str(world.path)), 4096).place
    assert Place.decode(place.encode()) == place and place.offset == world.path.stat().st_size


@pytest.mark.parametrize("text", ["", "{}", '{"device":1,"inode":2,"offset":-5,"check":0}', '{"device":1,"inode":2,"offset":"0","check":0}'])
def test_a_bookmark_that_is_no_place(text):
    with pytest.raises(msgspec.MsgspecError):
        Place.decode(text)
