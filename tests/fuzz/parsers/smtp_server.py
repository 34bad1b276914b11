"""The SMTP port: the same events and answers in any pieces, an answer to each command, never more kept than a mail and a line."""

from tectonics.wire.smtp.server import ERRORS_MAX, LINE_MAX, Close, Mail, Server
from tectonics.wire.smtp.syntax import Reply, has_lone_ends
from tests.fuzz.contract import alike

SIZE_MAX = 300
TOKENS = (b"EHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<sos@vas.example>\r\n", b"DATA\r\n", b"\r\n.\r\n", b".\r\n",
          b"..\r\n", b"RSET\r\n", b"STARTTLS\r\n", b"QUIT\r\n", b"VRFY x\r\n", b"\n.\n", b"\r.\r", b" SIZE=9", b"MAIL FROM:<>\r\n", b"\r\n")


def check(data: bytes) -> None:
    events, said = alike(_heard, data)
    _heard([data], can_encrypt=True)  # where it matters what comes together
    for line in said.split(b"\r\n")[:-1]:
        assert line[:3].isdigit() and line[3:4] in (b" ", b"-") and len(line) <= 512
    assert said.count(b"\r\n5") <= ERRORS_MAX + data.count(b".\r\n") + 2
    for event in events:
        if isinstance(event, Mail):
            assert len(event.content) <= SIZE_MAX and not has_lone_ends(event.content) and event.recipient == "sos@vas.example"
    assert sum(isinstance(event, Close) for event in events) <= 1


def _heard(pieces: list[bytes], can_encrypt: bool = False) -> tuple[list, bytes]:
    server, said, heard = Server("vas.example", SIZE_MAX, _accepts, can_encrypt), bytearray(), []
    server.begin()
    for piece in pieces:
        events = server.receive(piece)
        while events:
            heard += events
            events = [later for one in events if isinstance(one, Mail) for later in server.verdict(Reply(250, "2.0.0 taken"))]
        said += server.out
        server.out.clear()
        assert len(server._input) <= LINE_MAX + len(piece) and len(server._content or b"") <= SIZE_MAX + 5 + len(piece)
    return heard, bytes(said + server.out)


def _accepts(address: str) -> Reply | None:
    return None if address == "sos@vas.example" else Reply(550, "5.1.1 not here")
