"""A mail has one sender, a subject and a line, or is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.email.reading import BOUNDARIES_MAX, FIELDS_MAX, LINE_MAX, PARTS_MAX, SHOWN_MAX, read
from tectonics.domain.errors import BadMessage
from tests.channels.email.house import ANN, NOW_S, mail, signed

MULTIPART = b"""From: ann@example.com\r
Message-ID: <a@b>\r
Content-Type: multipart/alternative; boundary=x\r
\r
--x\r
Content-Type: text/html\r
\r
<p>0699\r
--x\r
Content-Type: text/plain; charset=%s\r
Content-Transfer-Encoding: %s\r
\r
%s\r
--x--\r
"""


def test_what_is_read():
    found = read(mail("Re: Fwd: =?utf-8?q?SOS_=C3=A9?=", "\r\n  \r\n+33 6 99 \r\nmore"))
    assert (found.sender, found.subject, found.line, found.message_id, found.written_at) == (
        ANN, "SOS é", "+33 6 99", "<m1@example.com>", NOW_S * 1000)
    assert found.first("to") == "sos@vas.example" and found.first("cc") == ""


@pytest.mark.parametrize("text", ["> 0699\r\nx", "-- \r\nAnn, 0699", "", "\r\n\r\n"])
def test_what_others_wrote_is_not_read(text):
    assert read(mail(text=text)).line == ""


@pytest.mark.parametrize(("charset", "coding", "text", "line"), [
    (b"utf-8", b"8bit", "ça va".encode(), "ça va"), (b"iso-8859-1", b"quoted-printable", b"=E7a va", "ça va"),
    (b"utf-8", b"base64", b"w6dhIHZh", "ça va"), (b"idna", b"8bit", b"xn--a", "xn--a"), (b"no-such", b"8bit", b"\xe7a", "ça"),
    (b"unicode_escape", b"8bit", b"\\x41", "\\x41"), (b"utf-16", b"8bit", b"ab", "ab"), (b"utf-8", b"no-such", b"x", "x"),
    (b"utf-8", b"base64", b"!!!", "")])
def test_the_text_of_a_multipart(charset, coding, text, line):
    assert read(MULTIPART % (charset, coding, text)).line == line


@pytest.mark.parametrize("sender", [
    "", "ann@example.com, eve@example.com", "Friends: ann@example.com;", "undisclosed:;", "ann", "<>", "ann@example.com <eve@example.net>x",
    "=?utf-8?q?ann=40example=2Ecom?=", "=?utf-8?q?ann?=@example.com", "ann@[192.0.2.1]", '"ann b"@example.com', "ann@exämple.com",
    "a" * 2000 + "@example.com", "(" * 900 + "ann@example.com"])
def test_who_names_not_one_sender_is_nobody(sender):
    with pytest.raises(BadMessage):
        read(mail(sender=sender))


@pytest.mark.parametrize("sender", [
    "ann@example.com", "<ann@example.com>", "John Q. Public <ann@example.com>", '"eve@example.net" <ann@example.com>',
    "=?utf-8?q?eve=40example=2Enet?= <ann@example.com>", "ann@example.com (eve@example.net)", "Ann\r\n <ann@example.com>"])
def test_the_sender_is_the_address_and_nothing_beside_it(sender):
    assert read(mail(sender=sender)).sender == ANN


@pytest.mark.parametrize("head", [
    "From: eve@example.com", "Subject: SOS 5", "Message-ID: <x@y>", "Date: today", "To: x@y.example", "Content-Type: text/html",
    "from : eve@example.com", "no field", "X-A: b\x00c", "X-A: b\x0bc", "X\x7f: b", "X: " + "y" * LINE_MAX])
def test_a_head_that_two_might_read_in_two_ways(head):
    content = mail(head=[head, *(["Content-Type: text/plain"] if head.startswith("Content") else [])])
    with pytest.raises(BadMessage):
        read(content)


@pytest.mark.parametrize("id", ["", "m1", "<>", "<a b>", "<a>b", "<" + "a" * 251 + ">", "<a><b>"])
def test_it_needs_a_message_id(id):
    with pytest.raises(BadMessage):
        read(mail(id=id))


def test_too_much_of_it():
    with pytest.raises(BadMessage):
        read(mail(head=["X-A: b"] * FIELDS_MAX))
    with pytest.raises(BadMessage):
        read(mail(text="Content-Type: multipart/mixed\r\n" * (PARTS_MAX + 1)))
    with pytest.raises(BadMessage):
        read(mail(text="--x\r\n" * (BOUNDARIES_MAX + 1)))
    for field in ("Content-Type: text/plain;" + "\r\n a*0=b;" * 150, "content-disposition : x;\r\n " + "y;\r\n " * 300):
        with pytest.raises(BadMessage):
            read(mail(text=f"--x\r\n{field}"))
    with pytest.raises(BadMessage):
        read(mail(text="x" * (LINE_MAX + 1)))
    with pytest.raises(BadMessage):
        read(mail(head=["X-A: " + "b" * 900] * 75))
    assert len(read(mail(subject="s" * 900, text="t" * 900)).line) == SHOWN_MAX


def test_parts_in_parts():
    text = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(PARTS_MAX))
    content = b"From: ann@example.com\r\nMessage-ID: <a@b>\r\n" + text + b"\r\nhello\r\n"
    assert read(content).sender == ANN


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Feb 2026 99:99:99 +9999", "Thu, 01 Jan 99999 00:00:00 +0000", "1"])
def test_a_date_that_is_none(date):
    assert read(mail().replace(b"Date: ", b"X-Date: ").replace(b"From:", f"Date: {date}\r\nFrom:".encode(), 1)).written_at is None


PIECES = st.sampled_from([
    b"From: ann@example.com\r\n", b"From: ", b"Message-ID: <a@b>\r\n", b"Subject: =?utf-8?b?", b"?=", b"\r\n", b"\r\n\r\n", b"\r\n ", b"\t",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: message/rfc822\r\n", b"--x\r\n", b"--x--", b"(", b")", b'"', b"\\",
    b"<", b">", b"@", b",", b";", b":", b"=?", b"Content-Type: text/plain; charset=\"", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 666 x\r\n", b"Date: Thu, 1 Jan", b"\xff", b"\xe4\xb8", b"SOS", b"*0*=", b"filename*0=x"])


@given(st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join))
def test_whatever_comes_is_a_mail_or_none(content):
    for octets in (content, b"From: ann@example.com\r\nMessage-ID: <a@b>\r\n" + content):
        try:
            found = read(octets)
        except BadMessage as error:
            assert str(error).isprintable()
            continue
        assert found.sender.isascii() and found.subject.isprintable() and found.line.isprintable()


def test_a_signature_changes_nothing():
    assert read(signed(mail())).sender == ANN
