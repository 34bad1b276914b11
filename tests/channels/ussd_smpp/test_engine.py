"""With the real engine, store and billing on the virtual clock: money moves once, and a screen comes in time whatever hangs."""

import pytest
from twisted.internet.task import deferLater

from tectonics.domain.alphabet import GSM7, decode
from tectonics.links.smpp.outcome import Accepted, Lost
from tectonics.wire.smpp.pdus import message_octets
from tectonics.wire.smpp.status import Status
from tests.channels.ussd_smpp.speaking import SHIPPED, House, its, op, reference, said
from tests.engine.world import build, drain, settle

NETWORK_S = 10.0  # then it gives the session up


class Line:
    """The channel of a node, and a gateway before it that keeps its own numbers."""

    def __init__(self, node, dialect="standard"):
        self.node, self.clock = node, node.clock
        self.house = House(dialect, clock=node.clock)
        self.house.channel._dialogue = node.core.sessions
        self.sequence, self.unit, self.session, self.shown, self.counts = 0, -1, 7, 0, True

    def say(self, text, kind=18, again=False):
        """The gateway says something; `again` as it said the last thing, over another connection."""
        self.sequence += 1
        self.unit += 0 if again or not self.counts and self.unit == 0 else 1
        joined = {"standard": (its(self.session, self.unit),), "its-session-only": (its(self.session, 9),),
                  "reference-correlated": (reference(self.session),), "source-only": ()}[self.house.dialect.name]
        pdu = said(text, op(kind), *joined, sequence=self.sequence, to="*133#")
        assert self.house.hear(pdu, self.house.connection() if again else self.house.peer) == Status.ROK

    def screen(self, wait_s=NETWORK_S):
        """The screen that comes, and after how many seconds."""
        began = self.clock.seconds()
        while len(self.house.binds.submitted) == self.shown:
            assert self.clock.seconds() - began < wait_s and self.clock.step(), "no screen came"
        pdu = self.house.binds.submitted[self.shown][0]
        self.shown += 1
        return decode(message_octets(pdu), GSM7), self.clock.seconds() - began

    def ask(self, text, kind=18):
        self.say(text, kind)
        return self.screen()


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def advances(node):
    """How many commands moved money."""
    return node.metrics.counts.get(("tectonics_granted_total", ("advance",)), 0)


def confirmed(node, name="standard"):
    """A session up to the confirmation."""
    line = Line(node, name)
    assert line.ask("*133#", 1)[0].startswith("menu.title")
    assert line.ask("2")[0].startswith("confirm 2.00")
    return line


@pytest.mark.parametrize("name", SHIPPED)
def test_an_advance_in_each_dialect(node, name):
    line = confirmed(node, name)
    assert line.ask("99")[0].startswith("result.granted 2.00") and advances(node) == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_the_confirmation_said_again_moves_money_once(node, name):
    line = confirmed(node, name)
    line.house.binds.outcome = Lost("gw", "the connection was lost")
    first, _ = line.ask("99")
    line.house.binds.outcome = Accepted("gw", "1")
    line.say("99", again=True)
    assert line.screen()[0] == first and advances(node) == 1
    settle(node, 5)
    assert advances(node) == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_said_twice_confirms_what_was_not_shown(node, name):
    line = Line(node, name)
    line.ask("*133#", 1)
    line.say("1")
    line.say("1", again=True)
    drain(node.clock, node.clock.seconds() + 5)
    line.say("1", again=True)
    settle(node, 5)
    assert advances(node) == 0


def test_a_gateway_that_does_not_count_in_a_dialect_that_does(node):
    line = Line(node)
    line.counts = False
    assert line.ask("*133#", 1)[0].startswith("menu.title")
    assert line.ask("2")[0].startswith("confirm 2.00")
    line.say("2", again=True)
    assert line.screen()[0].startswith("confirm 2.00") and advances(node) == 0
    assert line.ask("99")[0].startswith("result.granted 2.00")
    line.say("99", again=True)
    settle(node, 5)
    assert advances(node) == 1


def test_direct_dialling_leads_up_to_the_confirmation(node):
    line = Line(node)
    assert line.ask("*133*2#", 1)[0].startswith("confirm 2.00")
    assert line.ask("99")[0].startswith("result.granted 2.00")


def test_while_the_billing_hangs_an_honest_screen_comes_in_time_and_then_the_sms(node):
    line, billing = confirmed(node), node.ledger.billing
    credit = billing.credit
    billing.credit = lambda command: deferLater(node.clock, 60, credit, command)
    text, took_s = line.ask("99")
    assert text.startswith("result.pending") and took_s < NETWORK_S
    until_s = line.house.binds.submitted[-1][2]
    assert node.clock.seconds() < until_s  # it is still sent
    assert node.inbox.sent == []
    settle(node, 120)
    assert [command.key for command in node.inbox.sent] == ["sms.granted"] and advances(node) == 1


@pytest.mark.parametrize("what", ["balance", "load"])
def test_whatever_hangs_a_screen_comes_in_time(node, what):
    def hang(*args, **more):
        return deferLater(node.clock, 600, lambda: None)

    target = node.ledger.billing if what == "balance" else node.files.store
    setattr(target, what, hang)
    text, took_s = Line(node).ask("*133#", 1)
    assert took_s < NETWORK_S and text in ("busy", "refused.billing_unavailable")


def test_who_hangs_up_after_he_confirmed_has_borrowed_once(node):
    line = confirmed(node)
    line.say("99")
    line.say("", 129)
    settle(node, 10)
    assert advances(node) == 1
    line.session, line.unit = 8, -1
    text, _ = line.ask("*133#", 1)
    assert text.startswith("refused.open_advance")


def test_after_a_restart_an_input_is_told_politely_and_dialling_again_works(node):
    before = confirmed(node)
    line = Line(node)  # another life of the channel: its table is empty
    line.unit = before.unit
    assert line.ask("99")[0] == "session.gone" and advances(node) == 0
    line.session, line.unit = 8, -1
    assert "2.00" in line.ask("*133#", 1)[0]  # the menu, or where he was
