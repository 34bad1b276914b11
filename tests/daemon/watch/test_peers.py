"""Other nodes on a virtual clock: up, lost, back, stopped, gone for good; and what this one is among them."""

import pytest
from twisted.internet.defer import succeed

from tectonics.config.alarms import AlarmLimits
from tectonics.daemon.watch.peers import PeerWatch
from tectonics.domain.value import replace
from tectonics.ports import NodeSign
from tests.daemon.watch.places import Place, done

LIMITS = AlarmLimits(peer_silent_s=20, peer_gone_s=3600)


class Table:
    """The rows that all nodes share."""

    def __init__(self):
        self.rows, self.working = {}, set()

    def seen_by(self, name, epoch=1):
        return Node(self, name, epoch)


class Node:
    def __init__(self, table, name, epoch):
        self.table, self.name, self.epoch = table, name, epoch

    def sign(self, state, now):
        beat = self.table.rows[self.name].beat + 1 if self.name in self.table.rows else 1
        self.table.rows[self.name] = NodeSign(self.name, self.epoch, beat, state, now)
        return succeed(None)

    def all(self):
        return succeed(list(self.table.rows.values()))

    def has_work(self, name):
        return succeed(name in self.table.working)

    def gone(self, name, beat):
        row = self.table.rows[name]
        if row.beat == beat and row.state == "serving":
            self.table.rows[name] = replace(row, state="gone")
        return succeed(None)


@pytest.fixture
def place():
    made = Place()
    made.table = Table()
    made.other = made.table.seen_by("n2")
    made.watch = PeerWatch("n1", made.table.seen_by("n1"), made.alarms, made.clock, LIMITS)
    made.roles = []
    made.watch.told = made.roles.append
    return made


def pass_time(place, seconds, signs=True):
    """Looks every five seconds, while the other gives signs or does not."""
    for _ in range(int(seconds / 5)):
        place.clock.advance(5)
        if signs:
            place.other.sign("serving", 0)  # its clock says what it wants
        done(place.watch.sign())
        done(place.watch.look())
    return place.raised()


def state(place):
    return place.watch.role(), place.watch.state()


def test_alone(place):
    assert pass_time(place, 60, signs=False) == {} and state(place) == ("single", "none") and place.roles == []
    assert place.table.rows["n1"].beat == 12 and place.watch.shown() == []


def test_a_peer_that_falls_silent_is_lost_and_found_again(place):
    assert pass_time(place, 60) == {} and state(place) == ("active", "up") and place.roles == ["active"]
    assert pass_time(place, 15, signs=False) == {}
    lost = pass_time(place, 10, signs=False)
    assert "n2 has given no sign for" in lost["peer_lost:n2"] and "has been taken over" in lost["peer_lost:n2"]
    assert state(place) == ("single", "down") and place.watch.shown() == [{"name": "node n2", "state": "down"}]
    assert pass_time(place, 5) == {} and state(place) == ("active", "up") and place.roles == ["active", "single", "active"]


def test_a_peer_that_stops_as_it_was_told_is_not_missed(place):
    pass_time(place, 30)
    place.other.sign("stopped", 0)
    assert pass_time(place, 7200, signs=False) == {} and state(place) == ("single", "none")


def test_a_lost_peer_is_gone_for_good_when_nothing_of_its_work_is_left(place):
    place.table.working.add("n2")
    pass_time(place, 30)
    assert "waiting to be taken over" in pass_time(place, 7200, signs=False)["peer_lost:n2"]
    place.table.working.clear()
    assert pass_time(place, 10, signs=False) == {} and place.table.rows["n2"].state == "gone" and state(place) == ("single", "none")
    assert pass_time(place, 5) == {} and state(place) == ("active", "up")


def test_a_new_life_of_a_peer_is_a_sign(place):
    pass_time(place, 30)
    assert pass_time(place, 30, signs=False)
    place.table.rows["n2"] = NodeSign("n2", 2, 1, "serving", 0)
    assert pass_time(place, 5, signs=False) == {}


def test_whoever_starts_while_a_peer_is_lost_sees_it_too(place):
    place.other.sign("serving", 0)
    assert pass_time(place, 15, signs=False) == {} and list(pass_time(place, 15, signs=False)) == ["peer_lost:n2"]


def test_a_stop_is_said(place):
    done(place.watch.sign())
    done(place.watch.stop())
    assert place.table.rows["n1"].state == "stopped"
