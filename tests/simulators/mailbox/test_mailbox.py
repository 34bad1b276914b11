"""The mail server to play with: takes, sends, misbehaves as ordered, and has a clear word where it cannot understand."""

import json
import subprocess
import sys

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.task import deferLater

from tectonics.domain.errors import TheirFault
from tectonics.simulators.mailbox.control import ORDERS, Post, order
from tectonics.simulators.mailbox.faults import (
    BUSY,
    CUT,
    DRIP,
    KINDS,
    LATER,
    LEAVE,
    LOSE,
    PART,
    REFUSE,
    SLOW,
    Faults,
)
from tectonics.simulators.mailbox.sender import send
from tectonics.simulators.mailbox.server import Mailbox
from tectonics.wire.smtp.client import Envelope

SEND = "send ann@a.example bob@b.example text=hello_there field=X-A:b_c id=<m@a> Good day"


class Lab:
    """A server that sends to itself."""

    async def start(self):
        self.mailbox = Mailbox(reactor, Faults(slow_s=0.001))
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.mailbox)
        self.post = Post(self.mailbox, TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port))
        return self

    async def order(self, line):
        return await maybeDeferred(order, self.post, line.split())

    async def close(self):
        await self.port.stopListening()
        self.mailbox.cut_all()
        while self.mailbox.connections:
            await deferLater(reactor, 0.01, lambda: None)


def with_lab(test):
    @pytest_twisted.ensureDeferred
    async def wrapped():
        lab = await Lab().start()
        try:
            await test(lab)
        finally:
            await lab.close()

    return wrapped


@with_lab
async def test_a_mail_goes_and_comes(lab):
    assert (await lab.order(SEND))["code"] == 250
    one, = (await lab.order("kept"))["kept"]
    assert one["envelope"] == ["ann@a.example", "bob@b.example"] and one["text"].strip() == "hello there" and not one["encrypted"]
    assert (one["fields"]["Subject"], one["fields"]["X-A"], one["fields"]["Message-ID"]) == ("Good day", "b c", "<m@a>")
    assert (await lab.order("send a@b.example c@d.example envelope= x"))["code"] == 250
    assert (await lab.order("kept 1"))["kept"][0]["envelope"] == ["", "c@d.example"]


@with_lab
async def test_what_goes_wrong(lab):
    for fault, code, kept in ((BUSY, 421, 0), (LATER, 451, 0), (REFUSE, 550, 0), (CUT, 421, 0), (LOSE, 421, 1), (SLOW, 250, 2), (DRIP, 250, 3),
                              (PART, 421, 3)):
        await lab.order(f"fault {fault} 1")
        assert (await lab.order(SEND))["code"] == code, fault
        assert len(lab.mailbox.kept) == kept, fault
    assert (await lab.order("stats"))["faults"] == dict.fromkeys((BUSY, LATER, REFUSE, CUT, LOSE, SLOW, DRIP, PART), 1)


@with_lab
async def test_who_leaves_before_the_answer_has_sent_the_mail(lab):
    taken = Deferred()
    lab.mailbox.on_mail = taken.callback
    await lab.order(f"fault {LEAVE} 1")
    assert (await lab.order(SEND))["code"] == 421
    kept = await taken
    assert (kept.recipient, kept.host) == ("bob@b.example", "127.0.0.1") and b"hello there" in kept.content


@with_lab
async def test_who_gives_up_hangs_up(lab):
    await lab.order("fault mute 1")
    waiting = send(lab.post.peer, Envelope("a@a.example", "b@b.example", b"x"), reactor)
    while not lab.mailbox.connections:
        await deferLater(reactor, 0.01, lambda: None)
    waiting.addErrback(lambda failure: failure.trap(CancelledError))
    waiting.cancel()
    while lab.mailbox.connections:
        await deferLater(reactor, 0.01, lambda: None)


@pytest.mark.parametrize("line", ["nonsense", "send", "send a", "fault", "fault typo 1", "fault slow x", "kept x", "cut now", "stats 1"])
def test_what_cannot_be_understood_gets_a_word(line):
    with pytest.raises(TheirFault):
        order(Post(Mailbox(reactor), object()), line.split())


def test_without_a_peer_nothing_is_sent():
    with pytest.raises(TheirFault, match="no peer"):
        order(Post(Mailbox(reactor)), SEND.split())


def test_every_order_and_fault_is_in_its_manual():
    manual = sys.modules["tectonics.simulators.mailbox.control"].__doc__ + sys.modules["tectonics.simulators.mailbox.faults"].__doc__
    assert [one for one in (*ORDERS, *KINDS) if f" {one} " not in manual and f"\n    {one}" not in manual] == []


def test_the_command_serves_until_its_orders_end():
    process = subprocess.Popen([sys.executable, "-m", "tectonics.simulators.mailbox", "--listen", "tcp:0:interface=127.0.0.1"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["port"] > 0
    rest, _ = process.communicate("stats\n", timeout=20)
    assert json.loads(rest) == {"connections": 0, "counts": {}, "faults": {}} and process.returncode == 0
