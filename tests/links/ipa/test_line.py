"""A line under an entity: it comes up, goes down and comes back, on a virtual clock."""

import pytest
from twisted.internet.error import ConnectionLost

from tectonics.links.ipa.line import ALARM_S, CLOSE_S, FIRST_S, LONGEST_S, Line
from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import Dialled, Down, Ended, Up
from tectonics.wire.map.ussd import GSM7, Words
from tests.links.ipa.wires import Endpoint, House, SlowWire
from tests.wire.gsup.octets import (
    BEGIN,
    DIALLED_133,
    END,
    GREETED,
    PING,
    PONG,
    REQUEST,
    RESULT,
    last_word,
    ss,
)

SAID = Words(GSM7, b"Dial again")
DIAL = ss(REQUEST, BEGIN, DIALLED_133)


class World(House):
    """A started line whose first attempt is under way."""

    def __init__(self):
        super().__init__()
        self.endpoint, self.heard = Endpoint(), []
        self.entity = Entity("EUSE-tectonics", Excuses(SAID, SAID), Limits(guard_s=28))
        self.line = Line("gsup", self.endpoint, self.entity, self.heard.append, **self.around())
        self.line.start()

    def up(self):
        """A connection that is up."""
        wire = self.endpoint.accept()
        wire.hear(GREETED)
        wire.take()
        return wire


@pytest.fixture
def world():
    return World()


def test_comes_up_when_the_peer_has_read_our_name(world):
    wire = world.endpoint.accept()
    assert world.heard == [] and world.figure("tectonics_gsup_up", "gsup") == 0
    wire.hear(GREETED)
    assert world.heard == [Up()] and b"EUSE-tectonics" in wire.take()
    assert world.figure("tectonics_gsup_up", "gsup") == 1 and world.events("gsup") == {"up": 1, "lost": 0, "failed": 0}
    world.clock.advance(ALARM_S)
    assert world.raised() == []


def test_messages_go_through_and_answers_are_written(world):
    wire = world.up()
    for at in range(len(DIAL)):
        wire.hear(DIAL[at:at + 1])
    [_, dialled] = world.heard
    assert isinstance(dialled, Dialled)
    world.entity.end(dialled.key, SAID)
    assert wire.take() == b""
    world.line.flush()
    assert wire.take() == ss(RESULT, END, last_word("Dial again"))


def test_the_pause_doubles_up_to_its_bound(world):
    pauses = []
    assert not world.endpoint.attempts[0][0].noisy, "attempts are counted, not logged"
    for _ in range(9):
        world.endpoint.refuse()
        pauses.append(0.0)
        while not world.endpoint.attempts:
            world.clock.advance(0.25)
            pauses[-1] += 0.25
    assert pauses == [0.5, 1, 2, 4, 8, 15, 15, 15, 15] and (FIRST_S, LONGEST_S) == (0.5, 15)
    assert world.events("gsup") == {"up": 0, "lost": 0, "failed": 9}
    world.up().cut()
    world.clock.advance(FIRST_S)
    assert world.endpoint.attempts, "it was up, so the first pause is short again"


def test_chance_makes_the_pause_shorter():
    world = World()
    world.line._jitter = lambda: 0.999
    world.endpoint.refuse()
    world.clock.advance(FIRST_S / 2 + 0.01)
    assert world.endpoint.attempts


def test_hurries_when_told_that_the_peer_is_back(world):
    for _ in range(6):
        world.endpoint.refuse()
        world.line.hurry()
    assert world.endpoint.attempts
    world.line.hurry()
    world.up()
    world.line.hurry()
    assert world.heard == [Up()] and not world.endpoint.attempts


def test_a_peer_that_never_asks_who_we_are_is_left(world):
    wire = world.endpoint.accept()
    world.clock.advance(10)
    assert wire.aborted and world.heard == []
    assert world.raised() == [("gsup_down:gsup", "The link gsup to the HLR is down: the peer did not ask who we are")]
    world.clock.advance(FIRST_S)
    assert world.endpoint.attempts and world.events("gsup") == {"up": 0, "lost": 0, "failed": 1}


def test_keeps_the_link_alive_and_leaves_a_deaf_peer(world):
    wire = world.up()
    world.clock.advance(30)
    assert wire.take() == PING
    wire.hear(PONG)
    world.clock.advance(30)
    assert wire.take() == PING
    world.clock.advance(10)
    assert wire.aborted and world.heard[-1] == Down("the peer answers no ping")
    assert world.figure("tectonics_gsup_up", "gsup") == 0 and world.events("gsup")["lost"] == 1


def test_the_loss_of_the_link_is_told_once_and_alarmed_when_it_lasts(world):
    world.up().cut()
    assert [type(event) for event in world.heard] == [Up, Down]
    world.endpoint.attempts or world.clock.advance(FIRST_S)
    world.endpoint.refuse("no route")
    world.clock.advance(ALARM_S - FIRST_S - 0.1)
    assert world.raised() == []
    world.clock.advance(0.2)
    assert world.raised() == [("gsup_down:gsup", "The link gsup to the HLR is down: cannot connect: no route")]
    world.endpoint.refuse("still none")
    assert world.raised()[0][1].endswith("cannot connect: still none")
    world.clock.advance(LONGEST_S)
    world.up()
    world.clock.advance(0)
    assert world.raised() == [] and world.heard[-1] == Up()


def test_a_short_loss_is_no_alarm(world):
    for _ in range(5):
        world.up().cut()
        world.clock.advance(FIRST_S)
    world.up()
    world.clock.advance(ALARM_S)
    assert world.raised() == []


def test_sessions_end_on_time_also_without_a_connection(world):
    wire = world.up()
    wire.hear(DIAL)
    wire.cut()
    world.clock.advance(28)
    assert isinstance(world.heard[-1], Ended) and world.entity.sessions == 0


def test_time_that_is_set_back_stops_nothing(world):
    wire = world.up()
    wire.hear(DIAL)
    world.clock.rightNow -= 3600
    for call in world.clock.getDelayedCalls():
        call.time -= 3600
    world.clock.advance(28)
    world.clock.advance(28)
    assert isinstance(world.heard[-1], Ended)


def test_while_the_socket_is_full_nothing_is_read(world):
    wire = world.up()
    wire.producer.pauseProducing()
    assert wire.producerState == "paused" and wire.streaming
    wire.producer.resumeProducing()
    assert wire.producerState == "producing"


def test_a_stop_writes_what_is_to_be_said_and_closes(world):
    wire = world.up()
    wire.hear(DIAL)
    world.entity.end(world.heard[-1].key, SAID)
    world.line.flush()
    stopped = world.line.stop()
    assert stopped.called and not wire.open and wire.producer is None
    assert wire.value() == ss(RESULT, END, last_word("Dial again"))
    assert world.clock.getDelayedCalls() == [] and world.heard[-1] != Down


def test_a_stop_does_not_wait_for_a_peer_that_does_not_read():
    world = World()
    world.endpoint.wire = SlowWire
    wire = world.up()
    stopped = world.line.stop()
    assert not stopped.called
    world.clock.advance(CLOSE_S)
    assert stopped.called and wire.aborted and world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("when", ["connecting", "pausing", "never started"])
def test_a_stop_at_any_time(when):
    world = House() if when == "never started" else World()
    if when == "never started":
        entity = Entity("EUSE-x", Excuses(SAID, SAID), Limits())
        world.endpoint = Endpoint()
        world.line = Line("gsup", world.endpoint, entity, print, **world.around())
    elif when == "pausing":
        world.endpoint.refuse()
    assert world.line.stop().called and not world.endpoint.attempts
    world.clock.advance(100)
    assert not world.endpoint.attempts and world.clock.getDelayedCalls() == [] and world.raised() == []


def test_what_comes_after_a_stop_is_not_heard():
    world = World()
    world.endpoint.wire = SlowWire
    wire = world.up()
    world.line.stop()
    wire.hear(DIAL)
    wire.cut(ConnectionLost())
    assert world.heard == [Up()] and world.clock.getDelayedCalls() == []
