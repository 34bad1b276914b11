"""Answers that go out, over real sockets to a mail server that misbehaves, and on a virtual clock."""

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock, deferLater

from tectonics.channels.email.answering import Answering, compose
from tectonics.channels.email.reading import read
from tectonics.channels.email.screening import ignored
from tectonics.channels.email.sending import PAUSE_S_MAX, Sending
from tectonics.config.email import Smarthost
from tectonics.simulators.mailbox.faults import BUSY, CUT, LATER, LOSE, MUTE, REFUSE, SLOW
from tectonics.simulators.mailbox.server import Mailbox
from tectonics.wire.smtp.client import Envelope
from tests.channels.email.house import NOW_S, mail
from tests.engine.world import Counted

ANSWER = Envelope("", "ann@example.com", b"Subject: x\r\n\r\nhello\r\n")
AWAY = {("smarthost_down", "")}


class Ids:
    def new(self, now):
        return "01ABC"


class Post:
    """A mail server that listens, and what sends to it."""

    async def start(self, **changes):
        self.mailbox, self.counted = Mailbox(reactor), Counted()
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.mailbox)
        section = Smarthost(**{"address": "tcp:127.0.0.1:1", "retry_s": 0.02, "deadline_s": 2, **changes})
        self.sending = Sending(section, "vas.example", TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port), reactor,
                               self.counted, self.counted)
        return self

    async def until(self, met):
        for _ in range(1000):
            if met():
                return
            await deferLater(reactor, 0.01, lambda: None)
        raise AssertionError(self.counted.counts)

    def results(self):
        return {labels[0]: count for (_, labels), count in self.counted.counts.items()}

    async def close(self):
        self.sending.stop()
        await self.port.stopListening()
        self.mailbox.cut_all()
        await self.until(lambda: not self.mailbox.connections)


def with_post(test):
    """The test gets a Post, which is closed behind it."""

    @pytest_twisted.ensureDeferred
    async def wrapped():
        post = await Post().start(**getattr(test, "changes", {}))
        try:
            await test(post)
        finally:
            await post.close()

    wrapped.__name__ = test.__name__
    return wrapped


@with_post
async def test_an_answer_goes_out(post):
    assert post.sending.send(ANSWER)
    await post.until(lambda: not len(post.sending))
    one, = post.mailbox.kept
    assert (one.sender, one.recipient, one.content) == ("", "ann@example.com", ANSWER.content)
    assert post.results() == {"sent": 1} and post.sending.told_s is not None and post.counted.raised == {}


@with_post
async def test_it_is_tried_again_until_it_is_taken(post):
    for fault in (BUSY, LATER, CUT):
        post.mailbox.faults.order(fault, 1)
    post.sending.send(ANSWER)
    await post.until(lambda: not len(post.sending))
    assert len(post.mailbox.kept) == 1 and post.results() == {"again": 3, "sent": 1} and post.counted.raised == {}


@with_post
async def test_a_lost_answer_is_a_second_copy_with_the_same_content(post):
    post.mailbox.faults.order(LOSE, 1)
    post.sending.send(ANSWER)
    await post.until(lambda: not len(post.sending))
    assert len({one.content for one in post.mailbox.kept}) == 1 and len(post.mailbox.kept) == 2


@with_post
async def test_never_is_never(post):
    post.mailbox.faults.order(REFUSE, 1)
    post.sending.send(ANSWER)
    await post.until(lambda: not len(post.sending))
    assert post.results() == {"refused": 1} and post.counted.raised == {} and not post.mailbox.kept


@with_post
async def test_many_at_a_time(post):
    post.mailbox.faults.order(SLOW, 3)
    for _ in range(12):
        post.sending.send(ANSWER)
    await post.until(lambda: not len(post.sending))
    assert post.results() == {"sent": 12}


async def _mute(post):
    post.mailbox.faults.order(MUTE, 1)
    post.sending.send(ANSWER)
    await post.until(lambda: "again" in post.results())
    assert post.counted.raised.keys() == AWAY and post.sending.trouble
    await post.until(lambda: not len(post.sending))
    assert post.counted.raised == {} and post.results() == {"again": 1, "sent": 1}


_mute.changes = {"deadline_s": 0.1}
test_a_server_that_says_nothing = with_post(_mute)


# --- on a virtual clock

class Nowhere:
    """An endpoint that nobody listens at, or where nothing happens."""

    def __init__(self, refuses=True):
        self.refuses, self.tries = refuses, 0

    def connect(self, factory):
        self.tries += 1
        return fail(ConnectionRefusedError("nobody")) if self.refuses else Deferred()


def sending(endpoint, **changes):
    clock, counted = Clock(), Counted()
    return Sending(Smarthost(**{"address": "tcp:127.0.0.1:1", **changes}), "vas.example", endpoint, clock, counted, counted), clock, counted


def test_a_server_that_is_away_alarms_and_is_given_up_in_the_end():
    nowhere = Nowhere()
    one, clock, counted = sending(nowhere, tries_max=5, retry_s=400)
    one.send(ANSWER)
    assert counted.raised.keys() == AWAY and len(one) == 1
    clock.advance(399)
    assert nowhere.tries == 1
    clock.advance(1)
    for _ in range(3):
        clock.advance(PAUSE_S_MAX)
    assert nowhere.tries == 5 and len(one) == 0
    assert counted.counts["tectonics_email_answers_total", ("given_up",)] == 1


def test_so_many_wait_and_no_more():
    one, clock, counted = sending(Nowhere(refuses=False), queue_max=6)
    assert [one.send(ANSWER) for _ in range(8)] == [True] * 6 + [False] * 2
    assert counted.counts["tectonics_email_answers_total", ("lost",)] == 2
    one.stop()
    assert len(one) == 0 and clock.getDelayedCalls() == [] and not one.send(ANSWER)
    assert counted.counts["tectonics_email_answers_total", ("lost",)] == 9


# --- what an answer is

@pytest.mark.parametrize("text", ["You owe 2.20 EUR.", "عليك ٢٫٢٠", "a\r\nBcc: eve@example.net\r\n\r\n.\r\nx"])
def test_an_answer_is_one_that_nobody_answers(text):
    content = compose(read(mail()), "balance@vas.example", text, NOW_S, "01ABC")
    found = read(content)
    assert found.sender == "balance@vas.example" and found.first("to") == "ann@example.com" and found.first("bcc") == ""
    assert found.first("in-reply-to") == "<m1@example.com>" and found.message_id == "<01abc@vas.example>"
    assert ignored(found, "x@y.example", ()) == "auto_submitted" and ignored(found, "", ()) == "null_sender"
    assert found.line == text.splitlines()[0] and content.isascii()


def test_so_many_answers_an_hour():
    one, clock, counted = sending(Nowhere(refuses=False))
    answering = Answering(one, 2, clock, Ids(), counted)
    assert [answering.answer(read(mail()), "balance@vas.example", "x") for _ in range(3)] == [True, True, False]
    assert answering.answer(read(mail(sender="bob@example.com")), "balance@vas.example", "x")
    clock.advance(3600)
    assert answering.answer(read(mail()), "balance@vas.example", "x")
    assert counted.counts["tectonics_email_answers_total", ("limited",)] == 1
