"""An SMTP client: what it says, when it gives up for now and for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.smtp.client import INPUT_MAX, Client, Envelope, Login, Over, Secure
from tectonics.wire.smtp.server import Mail, Server
from tectonics.wire.smtp.syntax import Reply

MAIL = Envelope("", "ann@example.com", b"Subject: x\n\n.hidden\nend")
EHLO = b"220 mx\r\n250-mx\r\n250-SIZE 100\r\n250 STARTTLS\r\n"


def said(client):
    lines = bytes(client.out).split(b"\r\n")[:-1]
    client.out.clear()
    return lines


@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_a_mail_goes_out(piece):
    client, answers = Client("vas.example", MAIL), EHLO + b"250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued as 7\r\n"
    for at in range(0, len(answers), piece):
        events = client.receive(answers[at:at + piece])
    assert events == [Over(Reply(250, "2.0.0 queued as 7"))] and events[0].is_sent
    assert said(client) == [b"EHLO vas.example", b"MAIL FROM:<>", b"RCPT TO:<ann@example.com>", b"DATA", b"Subject: x",
                            b"", b"..hidden", b"end", b".", b"QUIT"]
    assert client.receive(b"221 bye\r\n") == []


@pytest.mark.parametrize(("answers", "code"), [
    (b"421 busy\r\n", 421), (b"554 go away\r\n", 554), (b"220 mx\r\n500 what\r\n", 500), (EHLO + b"451 later\r\n", 451),
    (EHLO + b"250 ok\r\n550 no such user\r\n", 550), (EHLO + b"250 ok\r\n250 ok\r\n452 full\r\n", 452),
    (EHLO + b"250 ok\r\n250 ok\r\n354 go\r\n552 too large\r\n", 552), (EHLO + b"250 ok\r\n250 ok\r\n250 what\r\n", 554),
    (b"hello\r\n", 451), (b"220-a\r\n221 b\r\n", 451), (b"220-x\r\n" * 100, 451), (b"x" * (INPUT_MAX + 1), 451)])
def test_what_becomes_of_a_refusal(answers, code):
    over, = Client("vas.example", MAIL).receive(answers)
    assert over.reply.code == code and not over.is_sent and over.reply.is_temporary == (code < 500)


def test_encryption_first():
    client = Client("vas.example", MAIL, must_encrypt=True, login=Login("tec", "secret"))
    client.receive(EHLO)
    assert said(client) == [b"EHLO vas.example", b"STARTTLS"]
    assert client.receive(b"220 go\r\n250 injected\r\n") == [Secure()] and said(client) == []
    client.secured()
    client.receive(b"250 mx\r\n235 welcome\r\n")
    assert said(client) == [b"EHLO vas.example", b"AUTH PLAIN AHRlYwBzZWNyZXQ=", b"MAIL FROM:<>"]


@pytest.mark.parametrize("how", [{"must_encrypt": True}, {"login": Login("tec", "secret")}])
def test_nothing_secret_goes_out_in_the_open(how):
    client = Client("vas.example", MAIL, **how)
    over, = client.receive(b"220 mx\r\n250 mx\r\n")
    assert over.reply.is_temporary and b"AUTH" not in client.out and b"MAIL" not in client.out


@given(st.binary(max_size=300), st.integers(1, 50))
def test_our_server_gets_what_our_client_sends(content, piece):
    server = Server("mx.example", 5000, lambda address: None, can_encrypt=False)
    client, mails = Client("vas.example", Envelope("a@b.example", "c@d.example", content)), []
    server.begin()
    while server.out or client.out:
        to_client, to_server = bytes(server.out), bytes(client.out)
        server.out.clear()
        client.out.clear()
        client.receive(to_client)
        for at in range(0, len(to_server), piece):
            for event in server.receive(to_server[at:at + piece]):
                if isinstance(event, Mail):
                    mails.append(event)
                    server.verdict(Reply(250, "2.0.0 taken"))
    assert client.over.is_sent and (mails[0].sender, mails[0].recipient) == ("a@b.example", "c@d.example")


@given(st.binary(max_size=200))
def test_no_answer_breaks_it(answers):
    client = Client("vas.example", MAIL)
    events = client.receive(answers)
    assert all(isinstance(one, Over) and not one.is_sent for one in events)
