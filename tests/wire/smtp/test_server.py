"""What an SMTP server says to honest, clumsy and hostile peers; the same whole and byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.smtp.server import (
    AHEAD_MAX,
    COMMANDS_MAX,
    ERRORS_MAX,
    LINE_MAX,
    Close,
    Mail,
    Refused,
    Server,
    StartTls,
)
from tectonics.wire.smtp.syntax import Reply, stuffed

OURS = "sos@vas.example"
TAKEN = Reply(250, "2.0.0 taken")
BEGIN = b"EHLO mx.example\r\nMAIL FROM:<ann@example.com> SIZE=20 BODY=8BITMIME\r\nRCPT TO:<sos@vas.example>\r\n"


def accepts(address):
    return None if address.lower() == OURS else Reply(550, "5.1.1 not here")


class Talk:
    """A server that has greeted, and what it said and told since; every mail is taken at once unless `keep`."""

    def __init__(self, size_max=1000, can_encrypt=False, keep=False):
        self.server, self.keep, self.events = Server("vas.example", size_max, accepts, can_encrypt), keep, []
        self.server.begin()
        assert self.said() == [220]

    def send(self, data, piece=0):
        for at in range(0, len(data), piece or len(data)):
            self._note(self.server.receive(data[at:at + (piece or len(data))]))
        return self

    def _note(self, events):
        self.events += events
        for event in events:
            if isinstance(event, Mail) and not self.keep:
                self._note(self.server.verdict(TAKEN))

    def said(self):
        lines = bytes(self.server.out).decode("ascii").split("\r\n")[:-1]
        self.server.out.clear()
        return [int(line[:3]) for line in lines if line[3:4] != "-"]

    @property
    def mails(self):
        return [event for event in self.events if isinstance(event, Mail)]

    @property
    def refused(self):
        return [event.why for event in self.events if isinstance(event, Refused)]

    @property
    def closed(self):
        return Close() in self.events


@pytest.mark.parametrize("piece", [0, 1, 2, 7])
def test_a_mail_comes_in(piece):
    talk = Talk().send(BEGIN + b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n", piece)
    assert talk.said() == [250, 250, 250, 354, 250, 221]
    assert talk.mails == [Mail("ann@example.com", OURS, b"Subject: x\r\n\r\n.dot\r\n")] and talk.closed


def test_answers_stand_in_the_order_of_what_they_answer():
    talk = Talk(keep=True).send(BEGIN + b"DATA\r\na\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<SOS@vas.example>\r\nDATA\r\nb\r\n.\r\n")
    assert talk.said() == [250, 250, 250, 354] and talk.server.waits
    assert [one.content for one in talk.mails] == [b"a\r\n"]
    talk._note(talk.server.verdict(Reply(451, "4.3.0 later")))
    assert talk.said() == [451, 250, 250, 354]
    assert [(one.sender, one.content) for one in talk.mails] == [("ann@example.com", b"a\r\n"), ("", b"b\r\n")]


def test_what_is_offered():
    talk = Talk(size_max=777, can_encrypt=True)
    talk.send(b"EHLO x\r\n")
    assert talk.server.out == (b"250-vas.example\r\n250-PIPELINING\r\n250-SIZE 777\r\n250-8BITMIME\r\n"
                               b"250-ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n")


@pytest.mark.parametrize(("sent", "said"), [
    (b"MAIL FROM:<a@b.example>\r\n", [503]), (b"RCPT TO:<sos@vas.example>\r\n", [503]), (b"DATA\r\n", [503]),
    (b"EHLO\r\n", [501]), (b"HELO\r\n", [501]), (b"HELO x\r\nMAIL FROM:<a@b.example>\r\n", [250, 250]),
    (b"EHLO x\r\nMAIL FROM:a@b.example\r\n", [250, 501]), (b"EHLO x\r\nMAIL FROM:<a b@c>\r\n", [250, 501]),
    (b"EHLO x\r\nMAIL FROM:<a@b> AUTH=x\r\n", [250, 555]), (b"EHLO x\r\nMAIL FROM:<a@b> SIZE=x\r\n", [250, 501]),
    (b"EHLO x\r\nMAIL FROM:<a@b> SIZE=1001\r\n", [250, 552]), (b"EHLO x\r\nMAIL FROM:<" + b"a" * 300 + b">\r\n", [250, 501]),
    (b"EHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", [250, 250, 503]),
    (b"EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n", [250, 250, 503]),
    (b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<eve@else.example>\r\nDATA\r\n", [250, 250, 550, 503]),
    (b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<sos@vas.example> NOTIFY=NEVER\r\n", [250, 250, 555]),
    (b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<>\r\n", [250, 250, 550]),
    (BEGIN + b"RCPT TO:<sos@vas.example>\r\n", [250, 250, 250, 452]), (BEGIN + b"RSET\r\nDATA\r\n", [250, 250, 250, 250, 503]),
    (b"VRFY ann\r\nNOOP x\r\nEXPN x\r\nAUTH PLAIN x\r\nGET / HTTP/1.1\r\n", [252, 250, 500, 500, 500]),
    (b"EHLO \xc3\xa4\r\n", [500]), (b"EHLO a\nMAIL FROM:<a@b>\r\n", [500]), (b"NOOP\rNOOP\r\n", [500]), (b"\x00\r\n", [500]),
    (b"\r\n", [500]), (b"noop\r\nehlo x\r\n", [250, 250]), (b"STARTTLS\r\n", [503]),
])
@pytest.mark.parametrize("piece", [0, 1])
def test_what_is_answered(sent, said, piece):
    talk = Talk().send(sent, piece)
    assert talk.said() == said and not talk.mails and not talk.closed


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r"])
def test_a_mail_ends_in_one_way_only(end):
    """Else what follows would be a second mail, from whomever it says (SMTP smuggling)."""
    smuggled = b"DATA\r\nSubject: a\r\n\r\nx" + end + b"MAIL FROM:<eve@example.com>\r\nRCPT TO:<sos@vas.example>\r\nDATA\r\nb\r\n.\r\n"
    talk = Talk().send(BEGIN + smuggled)
    assert talk.said() == [250, 250, 250, 354, 550] and talk.mails == [] and talk.refused == ["lone_ends"]


@pytest.mark.parametrize("size", [999, 1000])
def test_as_large_as_it_may_be(size):
    talk = Talk().send(BEGIN + b"DATA\r\n" + b"x" * (size - 2) + b"\r\n.\r\n", 100)
    assert talk.said()[-1] == 250 and len(talk.mails[0].content) == size


@pytest.mark.parametrize("piece", [0, 1, 3, 64])
@pytest.mark.parametrize("size", [1001, 5000])
def test_what_is_too_large_is_read_off_and_refused(size, piece):
    talk = Talk().send(BEGIN + b"DATA\r\n" + b"x" * (size - 2) + b"\r\n.\r\nNOOP\r\n", piece)
    assert talk.said() == [250, 250, 250, 354, 552, 250] and talk.refused == ["size"] and not talk.closed


def test_fifty_megabytes_are_never_kept():
    talk, kept = Talk(size_max=10_000).send(BEGIN + b"DATA\r\n"), 0
    for _ in range(800):
        talk.send(b"y" * 65_534 + b"\r\n")
        kept = max(kept, len(talk.server._content))
    assert kept < 80_000
    assert talk.send(b".\r\n").said()[-1] == 552 and talk.refused == ["size"]


def test_what_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr("tectonics.wire.smtp.server.READ_OFF_MAX", 100_000)
    talk = Talk().send(BEGIN + b"DATA\r\n")
    for _ in range(3):
        talk.send(b"y" * 60_000)
    assert talk.closed and talk.said()[-1] == 552
    assert talk.send(b"\r\n.\r\nNOOP\r\n").said() == []


def test_an_empty_mail():
    talk = Talk().send(BEGIN + b"DATA\r\n.\r\n")
    assert talk.said()[-1] == 250 and talk.mails[0].content == b""


def test_a_line_without_end():
    talk = Talk().send(b"N" * (LINE_MAX + 1))
    assert talk.said() == [500] and talk.closed and talk.refused == ["line"]


def test_too_many_errors():
    talk = Talk().send(b"WHAT\r\n" * (ERRORS_MAX + 5))
    assert talk.said() == [500] * ERRORS_MAX + [421] and talk.closed


def test_who_looks_for_addresses_is_sent_away():
    talk = Talk().send(b"EHLO x\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<a@vas.example>\r\n" * 20)
    assert talk.said()[-2:] == [550, 421] and talk.closed


def test_too_many_commands():
    talk = Talk().send(b"NOOP\r\n" * (COMMANDS_MAX + 1))
    assert talk.said()[-1] == 421 and talk.closed


def test_who_talks_on_while_a_verdict_is_awaited_is_bounded():
    talk = Talk(keep=True).send(BEGIN + b"DATA\r\n.\r\n").send(b"x" * (AHEAD_MAX + 1))
    assert talk.closed and talk.said()[-1] == 421


def test_encryption_begins_anew():
    talk = Talk(can_encrypt=True).send(b"EHLO x\r\nSTARTTLS\r\n")
    assert talk.said() == [250, 220] and talk.events == [StartTls()]
    talk.server.secured()
    assert talk.send(b"MAIL FROM:<>\r\nEHLO x\r\n").server.out.endswith(b"250 ENHANCEDSTATUSCODES\r\n")
    assert talk.said() == [503, 250] and talk.send(b"STARTTLS\r\n").said() == [503]


def test_nothing_is_slipped_in_a_moment_later():
    talk = Talk(can_encrypt=True).send(b"EHLO x\r\nSTARTTLS\r\n").send(b"MAIL FROM:<eve@example.com>\r\n")
    assert talk.said() == [250, 220, 421] and talk.closed and talk.refused == ["injected"]


def test_nothing_is_slipped_in_before_the_encryption():
    talk = Talk(can_encrypt=True).send(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<eve@example.com>\r\n")
    assert talk.said() == [250, 421] and talk.closed and StartTls() not in talk.events and talk.refused == ["injected"]


@given(st.binary(max_size=400), st.integers(1, 60))
def test_every_mail_arrives_as_it_was_sent(mail, piece):
    talk = Talk(size_max=5000).send(BEGIN + b"DATA\r\n" + stuffed(mail) + b"NOOP\r\n", piece)
    assert talk.said() == [250, 250, 250, 354, 250, 250]
    assert talk.mails[0].content.rstrip(b"\r\n") == mail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(
        b"\n", b"\r\n").rstrip(b"\r\n")


@given(st.lists(st.sampled_from([
    b"EHLO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<sos@vas.example>\r\n", b"DATA\r\n", b".\r\n", b"\r\n", b".", b"\r",
    b"\n", b"x", b"RSET\r\n", b"QUIT\r\n", b"STARTTLS\r\n", b"MAIL FROM:<> SIZE=9\r\n", b"\xff", b"\r\n.\r\n"]), max_size=40),
    st.integers(1, 9))
def test_whatever_comes_is_answered_alike_in_any_pieces(parts, piece):
    whole, pieces = Talk(), Talk()
    whole.send(b"".join(parts) + b"NOOP\r\n")
    pieces.send(b"".join(parts) + b"NOOP\r\n", piece)
    assert whole.said() == pieces.said() and whole.events == pieces.events
