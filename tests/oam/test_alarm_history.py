"""The history of alarms over restarts, torn lines, full disks, and its bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.database.disk import Disk
from tectonics.oam.alarm_history import (
    ACKNOWLEDGED,
    CLEARED,
    ENDED,
    FILE,
    HISTORY_MAX,
    RAISED,
    KeptHistory,
    read,
)
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry


class Life:
    """One life of a daemon over the same folder."""

    def __init__(self, folder, at_s=0, disk=None):
        self.clock = Clock()
        self.clock.advance(at_s)
        self.alarms = AlarmTable(self.clock, MetricsRegistry(), history=KeptHistory(folder, disk or Disk(), at_s * 1000))

    def words(self):
        return [(one.what, one.alarm.id) for one in self.alarms.history()]


def test_a_restart_keeps_what_was_and_closes_what_was_active(tmp_path):
    before = Life(tmp_path)
    before.alarms.raise_alarm("billing_down", "no answer")
    before.alarms.acknowledge("billing_down", "cli:ann", "is looked at")
    before.alarms.raise_alarm("feed_lag", "late", "tcp")
    before.alarms.clear("feed_lag", "tcp")
    before.clock.advance(10)
    after = Life(tmp_path, 100)  # the life before was killed: nothing was closed
    assert after.words() == [(RAISED, "billing_down"), (ACKNOWLEDGED, "billing_down"), (RAISED, "feed_lag:tcp"),
                             (CLEARED, "feed_lag:tcp"), (ENDED, "billing_down")]
    assert after.alarms.active() == [] and after.alarms.history()[-1].at == 100_000
    assert after.alarms.history()[1].alarm.acknowledged.note == "is looked at"
    after.alarms.raise_alarm("billing_down", "no answer still")
    assert after.alarms.active()[0].acknowledged is None
    assert Life(tmp_path, 200).words() == [*after.words(), (ENDED, "billing_down")]


def test_each_line_is_for_people_and_programs(tmp_path):
    Life(tmp_path).alarms.raise_alarm("billing_down", "no answer")
    [line] = (tmp_path / FILE).read_text().splitlines()
    assert json.loads(line)["alarm"]["text"] == "no answer" and json.loads(line)["what"] == "raised"


@given(cut=st.integers(0, 2000))
def test_a_line_that_was_torn_by_the_death_of_the_process_costs_that_line_alone(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("torn")
    before = Life(folder)
    for n in range(4):
        before.alarms.raise_alarm("ticket_consumer_lag", "x", str(n))
    path = folder / FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    after = Life(folder, 9)
    assert [word for word in after.words() if word[0] == RAISED] == before.words()[:lines + (cut in _ends(whole))]
    assert read(path) == after.alarms.history()


def _ends(whole):
    """Where a line is whole but for its newline."""
    return {at for at, octet in enumerate(whole) if octet == 10}


@pytest.mark.parametrize("rubbish", [b"\xff\x00\n", b"{}\n", b'{"at": "x"}\n', b"[" * 5000 + b"\n", b"x" * 100_000, b"\n\n"])
def test_rubbish_is_passed_over(tmp_path, rubbish):
    Life(tmp_path).alarms.raise_alarm("fenced", "x")
    with open(tmp_path / FILE, "ab") as file:
        file.write(rubbish)
    assert Life(tmp_path).words() == [(RAISED, "fenced"), (ENDED, "fenced")]


def test_the_file_is_bounded(tmp_path):
    life = Life(tmp_path)
    sizes = []
    for n in range(4 * HISTORY_MAX):
        life.alarms.raise_alarm("billing_down", str(n))
        life.alarms.acknowledge("billing_down", "ann")
        sizes.append((tmp_path / FILE).read_bytes().count(b"\n")) if n % 50 == 0 else None
    assert max(sizes) <= 2 * HISTORY_MAX and len(life.alarms.history()) == HISTORY_MAX
    assert len(read(tmp_path / FILE)) == HISTORY_MAX


class FullDisk(Disk):
    """Can be full."""

    full = False

    def create(self, path, mode):
        if self.full:
            raise OSError(28, "No space left on device")
        return super().create(path, mode)


def test_a_full_disk_stops_nothing_and_the_file_is_whole_again_afterwards(tmp_path):
    disk = FullDisk()
    disk.full = True
    life = Life(tmp_path, disk=disk)
    life.alarms.raise_alarm("disk_low", "x")
    assert life.words() == [(RAISED, "disk_low")] and not (tmp_path / FILE).exists()
    disk.full = False
    life.alarms.acknowledge("disk_low", "ann")
    assert read(tmp_path / FILE) == life.alarms.history()
