"""Whose IMSI it is: asked once, remembered for a while, asked again over the next connection."""

import re

import pytest

from tectonics.domain.outcome import Unavailable
from tectonics.links.ipa import subscribers
from tectonics.links.ipa.subscribers import ANSWER_S, NONE_S, Subscribers
from tests.links.ipa.wires import Endpoint, House
from tests.wire.gsup.octets import IMSI, PING, PONG, frame

OTHER = "001010000000002"


class World(House):
    """Subscribers of a register that the test plays."""

    def __init__(self, keep_s=300.0):
        super().__init__()
        self.endpoint = Endpoint()
        self.subscribers = Subscribers(self.endpoint, keep_s=keep_s, **self.around())
        self.subscribers.start()
        self.wire = None

    def up(self):
        self.wire = self.endpoint.accept()
        assert self.wire.take() == PING
        self.wire.hear(PONG)
        return self

    def ask(self, imsi=IMSI):
        answers = []
        self.subscribers.msisdn(imsi).addCallback(answers.append)
        return answers

    def asked(self):
        """(number, IMSI) of what was asked since."""
        found = re.findall(rb"GET (\d+) subscriber\.by-imsi-(\d+)\.info", self.wire.take())
        return [(number.decode(), imsi.decode()) for number, imsi in found]

    def says(self, text):
        self.wire.hear(frame(0xEE, b"\0" + text.encode()))

    def tells(self, number, imsi=IMSI, msisdn="33600000001"):
        said = f"msisdn\t{msisdn}\n" if msisdn else ""
        self.says(f"GET_REPLY {number} subscriber.by-imsi-{imsi}.info \nid\t1\nimsi\t{imsi}\n{said}nam_cs\t1")

    def lookups(self):
        results = ("found", "none", "unavailable", "kept")
        return [self.figure("tectonics_gsup_lookups_total", result) for result in results]


@pytest.fixture
def world():
    return World().up()


def test_asks_once_and_remembers(world):
    first, second = world.ask(), world.ask()
    assert world.asked() == [("1", IMSI)] and first == second == []
    world.tells(1)
    assert first == second == ["33600000001"]
    assert world.ask() == ["33600000001"] and world.asked() == []
    world.clock.advance(299)
    assert world.ask() == ["33600000001"]
    world.clock.advance(1)
    assert world.ask() == [] and world.asked() == [("2", IMSI)]
    assert world.lookups() == [1, 0, 0, 2]


def test_does_not_remember_what_it_shall_not():
    world = World(keep_s=0).up()
    world.ask()
    world.tells(1)
    assert world.ask() == [] and world.asked() == [("1", IMSI), ("2", IMSI)]


@pytest.mark.parametrize("answer", ["ERROR 1 No such subscriber.", "ERROR 1 Invalid value part of 'by-xxx-value' selector.",
                                    f"GET_REPLY 1 subscriber.by-imsi-{IMSI}.info \nid\t2\nimsi\t{IMSI}"])
def test_that_there_is_no_number_is_remembered_for_a_moment(world, answer):
    answers = world.ask()
    world.says(answer)
    assert answers == [None] and world.ask() == [None]
    world.clock.advance(NONE_S)
    assert world.ask() == [] and world.lookups() == [0, 1, 0, 1]


def test_an_error_of_the_register_is_not_taken_for_an_unknown_subscriber(world):
    answers = world.ask()
    world.says("ERROR 1 Command not found")
    assert answers == [Unavailable("Command not found")]
    assert world.ask() == [] and world.lookups() == [0, 0, 1, 0]


def test_what_is_asked_early_waits_for_the_line():
    world = World()
    answers, others = world.ask(), world.ask(OTHER)
    world.clock.advance(1)
    world.up()
    assert world.asked() == [("1", IMSI), ("2", OTHER)]
    world.tells(2, OTHER, "33600000002")
    world.tells(1)
    assert (answers, others) == (["33600000001"], ["33600000002"])


def test_what_was_lost_is_asked_again(world):
    answers = world.ask()
    world.wire.cut()
    world.clock.advance(0.5)
    world.up()
    assert world.asked() == [("2", IMSI)]
    world.tells(1, msisdn="33699999999")
    assert answers == []
    world.tells(2)
    assert answers == ["33600000001"] and world.subscribers._numbers == {}


def test_a_register_that_does_not_answer_is_unavailable_and_left(world):
    answers = world.ask()
    world.clock.advance(ANSWER_S)
    assert answers == [Unavailable("the register does not answer")] and world.wire.aborted
    assert world.subscribers.loads()[1] == ("IMSIs asked for", 0, 1000)


def test_an_answer_that_comes_too_late_is_remembered():
    world = World()
    answers = world.ask()
    world.clock.advance(1)
    world.up()
    world.clock.advance(1)
    assert answers == [Unavailable("the register does not answer")]
    world.tells(1)
    assert world.ask() == ["33600000001"] and world.asked() == [("1", IMSI)]


def test_without_a_line_it_is_unavailable_in_time():
    world = World()
    answers = world.ask()
    world.endpoint.refuse()
    for _ in range(9):
        world.clock.advance(ANSWER_S / 8)
        if world.endpoint.attempts:
            world.endpoint.refuse()
    assert answers == [Unavailable("the register does not answer")]
    world.clock.advance(5)
    assert [id for id, _ in world.raised()] == ["gsup_down:control"]


def test_bounds(world, monkeypatch):
    monkeypatch.setattr(subscribers, "KEPT_MAX", 2)
    monkeypatch.setattr(subscribers, "ASKED_MAX", 3)
    imsis = [f"00101000000000{number}" for number in range(4)]
    answers = [world.ask(imsi) for imsi in imsis]
    assert answers[3] == [Unavailable("too many subscribers are looked up")]
    for number, imsi in enumerate(imsis[:3], 1):
        world.tells(number, imsi)
    assert [world.ask(imsi) for imsi in imsis[1:3]] == [["33600000001"]] * 2
    assert world.ask(imsis[0]) == [], "the oldest is forgotten"
    assert world.subscribers.loads() == [("IMSIs remembered", 2, 2), ("IMSIs asked for", 1, 3)]


def test_a_stop_leaves_nobody_waiting(world):
    answers = world.ask()
    assert world.subscribers.stop().called
    assert isinstance(answers[0], Unavailable) and world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("text", ["TRAP 0 x 1", "GET_REPLY 9 x 1", "ERROR err Request type unknown"])
def test_strays_change_nothing(world, text):
    answers = world.ask()
    world.says(text)
    world.tells(1)
    assert answers == ["33600000001"]
