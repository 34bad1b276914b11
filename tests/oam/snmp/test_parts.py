"""The engine's file, the line and its rates, and the administrative states."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.domain.errors import TheirFault
from tectonics.oam.snmp import boots
from tectonics.oam.snmp.limits import REST, SOURCES_MAX, WAITING_MAX, WAITING_PER_SOURCE_MAX, Line, Rates
from tectonics.oam.snmp.states import AdminStates
from tests.oam.fakes import World


def test_the_engine_keeps_its_id_and_counts_its_lives(tmp_path):
    engine_id, first = boots.begin(tmp_path)
    assert len(engine_id) == 13 and engine_id[:5] == bytes.fromhex("80001f8805") and first == 1
    assert boots.begin(tmp_path) == (engine_id, 2)
    assert (tmp_path / boots.FILE).stat().st_mode & 0o77 == 0
    assert boots.begin(tmp_path, b"\x80other") == (b"\x80other", 1)
    assert boots.begin(tmp_path, b"\x80other") == (b"\x80other", 2)


def test_two_engines_differ(tmp_path):
    assert boots.new_engine_id() != boots.new_engine_id()


@pytest.mark.parametrize("text", ["", "80001f88050102030405060708\n", "zz 1\n", "80001f88050102030405060708 x\n"])
def test_a_damaged_file_is_not_guessed_at(tmp_path, text):
    (tmp_path / boots.FILE).write_text(text)
    with pytest.raises(TheirFault, match="damaged"):
        boots.begin(tmp_path)


def test_boots_that_are_used_up(tmp_path):
    (tmp_path / boots.FILE).write_text(f"80001f88050102030405060708 {boots.BOOTS_MAX - 1}\n")
    with pytest.raises(TheirFault, match="too often"):
        boots.begin(tmp_path)


def test_a_directory_that_cannot_be_written(tmp_path):
    (tmp_path / boots.FILE).with_suffix(".new").mkdir()
    with pytest.raises(TheirFault, match="cannot be written"):
        boots.begin(tmp_path)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(1, 20))
def test_no_source_is_heard_more_often_than_its_rate(pauses, rate):
    rates, now, heard = Rates(rate), 0.0, 0
    for pause in pauses:
        now += pause
        heard += rates.admit("a", now)
    assert heard <= 2 * rate + now * rate + 1


def test_sources_are_forgotten_oldest_first():
    rates = Rates(0.5)
    assert rates.admit("a", 0) and not rates.admit("a", 0)
    for number in range(SOURCES_MAX):
        rates.admit(str(number), 0)
    assert rates.admit("a", 0)


class Timed:
    """Takes `took_s` for each."""

    def __init__(self, took_s):
        self.clock, self.took_s, self.served = Clock(), took_s, []
        self.line = Line(self.serve, self.clock)

    def serve(self, octets, address):
        self.clock.rightNow += self.took_s
        self.served.append(octets)


def test_a_walk_takes_at_most_a_fifth_of_the_time():
    timed = Timed(0.01)
    for _ in range(100):
        timed.line.join(b"x", ("a", 1))
        timed.clock.advance(0)
        while len(timed.line):
            timed.clock.advance(0.001)
    assert timed.clock.seconds() >= 99 * 0.01 * (1 + REST) and len(timed.served) == 100


def test_what_is_asked_waits_until_all_is_ready_slice_by_slice():
    timed, slices = Timed(0), []

    def prepare():
        timed.clock.rightNow += 0.01
        slices.append(timed.clock.seconds())
        return len(slices) >= 4

    line = Line(timed.serve, timed.clock, prepare)
    line.join(b"x", ("a", 1))
    timed.clock.pump([0] + [0.001] * 200)
    assert len(slices) == 4 and timed.served == [b"x"]
    assert all(later - sooner >= 0.01 * REST for sooner, later in pairwise(slices))


def test_the_line_has_bounds():
    timed = Timed(0)
    joined = [timed.line.join(b"x", (str(source), 1)) for source in range(20) for _ in range(30)]
    assert sum(joined) == WAITING_MAX and sum(joined[:30]) == WAITING_PER_SOURCE_MAX
    timed.line.stop()
    assert not timed.clock.getDelayedCalls() and not len(timed.line)


def test_one_that_fails_does_not_stop_the_line():
    clock, served = Clock(), []

    def serve(octets, address):
        served.append(octets)
        if octets == b"bad":
            raise ValueError

    line = Line(serve, clock)
    for octets in (b"bad", b"good"):
        line.join(octets, ("a", 1))
    with pytest.raises(ValueError):
        clock.advance(0)
    clock.advance(0)
    assert served == [b"bad", b"good"]


class TestStates:
    @pytest.fixture(autouse=True)
    def world(self):
        self.world, self.under_way = World(), {"advance": 0, "call_back": 0}
        self.states = AdminStates(lambda: self.world.policies.current, self.world.administration, self.under_way.get)

    def set(self, *wanted):
        found = []
        self.states.set(list(wanted), "snmp:noc").addCallbacks(found.append, found.append)
        return found

    def test_a_service_is_locked_and_unlocked(self):
        assert self.states.words() == {"": "unlocked", "advance": "unlocked", "call_back": "unlocked"}
        assert self.set(("advance", "locked")) == [None]
        assert self.states.words() == {"": "unlocked", "advance": "locked", "call_back": "unlocked"}
        assert self.world.policies.current.lending.accepting is False
        self.set(("advance", "unlocked"))
        assert self.world.policies.current.lending.accepting is True

    def test_the_daemon_is_all_services_in_one_version(self):
        version = self.world.policies.current.version
        self.set(("", "locked"))
        assert set(self.states.words().values()) == {"locked"}
        assert self.world.policies.current.version == version + 1
        self.set(("", "locked"))
        assert self.world.policies.current.version == version + 1

    def test_shutting_down_ends_by_itself(self):
        self.under_way["advance"] = 2
        self.set(("advance", "shuttingDown"), ("call_back", "locked"))
        assert self.states.words() == {"": "shuttingDown", "advance": "shuttingDown", "call_back": "locked"}
        assert self.world.policies.current.lending.accepting is False
        self.under_way["advance"] = 0
        assert self.states.words()["advance"] == "locked"
        self.under_way["advance"] = 1
        assert self.states.words()["advance"] == "locked"

    def test_locking_ends_shutting_down(self):
        self.under_way["advance"] = 2
        self.set(("advance", "shuttingDown"))
        self.set(("advance", "locked"))
        assert self.states.words()["advance"] == "locked"

    def test_what_contradicts_itself_is_refused(self):
        assert self.states.contradiction([("advance", "locked"), ("", "locked")]) is None
        refused = self.states.contradiction([("advance", "locked"), ("", "unlocked")])
        assert (refused.status, refused.index) == ("inconsistentValue", 2)
