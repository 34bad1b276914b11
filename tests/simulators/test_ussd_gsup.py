"""The register simulator: our entity is served by it as by OsmoHLR (tests/interop/test_osmo_hlr.py), and what goes wrong with it."""

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.simulators.screens import NoScreen
from tectonics.simulators.smsc.faults import CUT, DOUBLE, LATE, LOSE_ANSWER, LOSE_REQUEST, SILENT, Faults
from tectonics.simulators.ussd_gsup.register import FIRST_NUMBER, Register
from tectonics.wire.gsup.ctrl import Ctrl, CtrlTimes, Failed, Told, about, is_unknown, msisdn_in
from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import Answered, Dialled, Down, Ignored, Key, Undelivered, Up
from tectonics.wire.map.ussd import Words

ANN, BOB = "208010000000001", "208010000000002"
GUARD_S, PATIENCE_S, LATE_S = 30.0, 40.0, 10.0
MENU, DONE = "1 2.00\n2 5.00", "Done"


def words(text):
    return Words("gsm7", text.encode())


class Wire(StringTransport):
    """One connection to the register, of an entity or of who asks."""

    def __init__(self, talk, port, clock):
        super().__init__()
        self.talk, self.clock, self.events, self.open = talk, clock, [], True
        self.protocol = port.buildProtocol(None)
        talk.connected(clock.seconds())
        self.protocol.makeConnection(self)
        self.exchange()

    def exchange(self):
        """Both sides hear what is said until nobody says anything."""
        while self.open:
            said = self.talk.take()
            if said:
                self.protocol.dataReceived(said)
            heard = self.value()
            self.clear()
            self.events += self.talk.receive(heard, self.clock.seconds())
            if not heard and not said:
                break
        happened, self.events = self.events, []
        return happened

    def loseConnection(self):
        self.events += self.talk.receive(self.value(), self.clock.seconds())
        self.abortConnection()

    def abortConnection(self):
        if self.open:
            self.open = False
            self.talk.disconnected()
            self.protocol.connectionLost()


class World:
    """A register, and an entity that answers as the test says."""

    def __init__(self):
        self.clock = Clock()
        self.register = Register(self.clock, guard_s=GUARD_S, patience_s=PATIENCE_S, faults=Faults(1, LATE_S))
        self.register.routes["*133"] = "EUSE-tectonics"
        self.register.numbers = {ANN: "33600000001", BOB: ""}
        self.entity = Entity("EUSE-tectonics", Excuses(words("Dial again"), words("Busy")), Limits())
        self.connect()

    def connect(self):
        self.wire = Wire(self.entity, self.register.gsup, self.clock)

    def heard(self):
        return self.wire.exchange()

    def dials(self, code="*133#"):
        """(handset, key)"""
        handset = self.register.dial(ANN, code)
        [event] = self.heard()
        assert isinstance(event, Dialled) and event.words == words(code)
        return handset, event.key

    def ask(self, key, text=MENU):
        assert self.entity.ask(key, words(text), self.clock.seconds())
        return self.heard()

    def end(self, key, text=DONE):
        assert self.entity.end(key, words(text))
        return self.heard()


@pytest.fixture
def world():
    made = World()
    assert made.entity.up
    return made


def screen(waiting):
    seen = []
    waiting.addCallbacks(seen.append, lambda failure: seen.append(failure.check(NoScreen)))
    return seen


def test_a_subscriber_goes_through_a_menu(world):
    handset, key = world.dials("*133*2#")
    assert key[:2] == (ANN, FIRST_NUMBER)
    seen = screen(handset.next())
    world.ask(key)
    assert (seen[0].text, seen[0].more, handset.waits) == (MENU, True, True)
    seen = screen(handset.type("2"))
    assert world.heard() == [Answered(key, 1, words("2"))]
    world.end(key)
    assert (seen[0].text, seen[0].more) == (DONE, False)
    assert handset.over and world.register.sessions == 0 and not world.clock.getDelayedCalls()


def test_the_entity_is_told_nothing_of_a_hang_up_nor_of_the_guard_timer(world):
    handset, key = world.dials()
    handset.hang_up()
    assert world.heard() == [] and world.ask(key) == [Undelivered(key, 0x60)]
    handset, key = world.dials()
    seen = screen(handset.next())
    world.clock.advance(GUARD_S)
    assert world.heard() == [] and world.end(key) == [] and seen == []
    world.clock.advance(PATIENCE_S)
    assert seen == [NoScreen]


def test_each_message_restarts_the_guard_timer(world):
    handset, key = world.dials()
    for step in range(1, 4):
        world.clock.advance(GUARD_S - 1)
        world.ask(key)
        world.clock.advance(GUARD_S - 1)
        handset.type("1").addErrback(lambda failure: failure.trap(NoScreen))
        assert world.heard() == [Answered(key, step, words("1"))]


def test_a_last_screen_that_is_too_long_is_lost(world):
    careless = Entity("EUSE-careless", Excuses(words("x"), words("x")), Limits(octets_max=160))
    wire = Wire(careless, world.register.gsup, world.clock)
    world.register.routes["*134"] = "EUSE-careless"
    handset = world.register.dial(ANN, "*134#")
    seen = screen(handset.next())
    [dialled] = wire.exchange()
    assert careless.end(dialled.key, words("x" * 129)) and wire.exchange() == [] and seen == []
    assert world.register.counts["not understood"] == 1


def test_a_code_without_an_entity_fails_at_once(world):
    assert screen(world.register.dial(ANN, "*999#").next()) == [NoScreen]
    world.wire.abortConnection()
    assert screen(world.register.dial(ANN).next()) == [NoScreen]


def test_of_two_of_one_name_only_the_first_is_routed_to(world):
    other = Entity("EUSE-tectonics", Excuses(words("x"), words("x")), Limits())
    second = Wire(other, world.register.gsup, world.clock)
    assert not other.up and world.heard() == []
    world.wire.abortConnection()
    assert screen(world.register.dial(ANN).next()) == [NoScreen], "the second is not promoted"
    assert other.due(10.0) == [Down("the peer routes our name to another connection")]
    second.abortConnection()
    world.connect()
    assert world.entity.up and world.dials()


def test_a_name_that_another_has_is_not_ours_until_we_come_anew(world):
    world.register.occupy("EUSE-tectonics")
    assert not world.wire.open
    world.connect()
    handset = world.register.dial(ANN)
    assert world.heard() == [] and not world.entity.up and not handset.over
    world.register.vacate("EUSE-tectonics")
    assert screen(world.register.dial(ANN).next()) == [NoScreen] and not world.entity.up
    world.wire.abortConnection()
    world.connect()
    world.register.vacate("EUSE-tectonics")
    assert world.entity.up and world.dials()


def test_sessions_outlive_a_connection_and_nothing_a_restart(world):
    handset, key = world.dials()
    seen = screen(handset.next())
    world.register.cut_all()
    world.connect()
    world.ask(key)
    assert seen[0].text == MENU
    world.register.restart()
    assert not world.wire.open and world.register.gsup.buildProtocol(None) is None
    assert screen(handset.type("1")) == [NoScreen]
    world.register.begin()
    world.connect()
    assert world.entity.up and world.register.sessions == 0


def test_a_switch_that_restarts_counts_from_the_beginning(world):
    handset, key = world.dials()
    seen = screen(handset.next())
    world.register.restart_switch()
    assert seen == [NoScreen] and world.register.sessions == 1
    world.register.dial(ANN)
    assert world.heard() == [] and world.register.counts["not begun"] == 1, "the register knows that number"
    world.clock.advance(GUARD_S)
    world.entity.due(world.clock.seconds())
    world.heard()
    world.register.restart_switch()
    _, again = world.dials()
    assert again[:2] == key[:2] and again != key


def test_messages_are_lost_late_and_doubled(world):
    world.register.faults.order(LOSE_ANSWER, times=1)
    world.register.dial(ANN)
    assert world.heard() == []
    world.register.faults.order(DOUBLE, times=1)
    handset = world.register.dial(ANN)
    [dialled] = world.heard()
    world.clock.advance(LATE_S)
    assert world.heard() == [Ignored("a session begins twice")]
    world.register.faults.order(LOSE_REQUEST, times=1)
    world.ask(dialled.key)
    assert not handset.waits
    handset, key = world.dials()
    world.register.faults.order(LATE, times=1)
    world.ask(key)
    assert not handset.waits
    world.clock.advance(LATE_S)
    assert handset.waits


def test_the_connection_breaks_within_a_message(world):
    world.register.faults.order(CUT, times=1)
    world.register.dial(ANN)
    assert not world.wire.open and not world.entity.up
    world.connect()
    assert world.entity.up and world.dials()


def test_tells_numbers_over_its_control_port(world):
    ctrl = Ctrl(CtrlTimes())
    wire = Wire(ctrl, world.register.control, world.clock)
    assert ctrl.up
    for imsi in (ANN, BOB, "208010000000003"):
        ctrl.ask(about(imsi), world.clock.seconds())
    known, numberless, unknown = wire.exchange()
    assert isinstance(known, Told) and msisdn_in(known.value) == "33600000001"
    assert isinstance(numberless, Told) and msisdn_in(numberless.value) is None
    assert isinstance(unknown, Failed) and is_unknown(unknown.why)
    world.register.faults.order(SILENT, percent=100)
    ctrl.ask(about(ANN), world.clock.seconds())
    assert wire.exchange() == []
    world.clock.advance(2.0)
    assert ctrl.due(world.clock.seconds()) == [Down("the peer answers no question")]


def test_a_begun_session_is_told_of_with_its_line(world):
    told = []
    world.register.on_begin = lambda line, message: told.append((line.name, Key(message.imsi, message.session)))
    _, key = world.dials()
    assert told == [("EUSE-tectonics", Key(*key[:2]))]
    assert isinstance(world.wire.talk, Entity) and Up() not in world.heard()
