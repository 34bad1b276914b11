"""The mail server: takes whatever comes for whomever, and keeps the newest KEPT_MAX."""

from collections import Counter, deque
from itertools import count

from msgspec import Struct
from twisted.internet.protocol import Protocol, ServerFactory

from tectonics.ports import Clock
from tectonics.simulators.mailbox.faults import BUSY, CUT, LATER, LOSE, MUTE, REFUSE, SLOW, Faults
from tectonics.wire.smtp.server import Close, Mail, Server, StartTls
from tectonics.wire.smtp.syntax import Reply

KEPT_MAX = 1000
SIZE_MAX = 1_048_576


class Kept(Struct, frozen=True):
    """A mail that was taken."""

    number: int
    sender: str
    recipient: str
    content: bytes
    encrypted: bool
    host: str  # who delivered it


class Mailbox(ServerFactory):
    """`encryption` is what STARTTLS needs; None: it is not offered."""

    noisy = False

    def __init__(self, clock: Clock, faults: Faults | None = None, name: str = "mailbox.example",
                 encryption: object | None = None) -> None:
        self.clock, self.faults, self.name, self.encryption = clock, faults or Faults(), name, encryption
        self.kept: deque[Kept] = deque(maxlen=KEPT_MAX)
        self.connections: list[Taking] = []
        self.counts: Counter[str] = Counter()
        self.on_mail = lambda kept: None
        self._numbers = count(1)

    def buildProtocol(self, addr) -> "Taking":
        """A peer."""
        self.counts["connected"] += 1
        return Taking(self)

    def keep(self, mail: Mail, encrypted: bool, host: str) -> None:
        """It is taken."""
        kept = Kept(next(self._numbers), mail.sender, mail.recipient, mail.content, encrypted, host)
        self.kept.append(kept)
        self.counts["taken"] += 1
        self.on_mail(kept)

    def cut_all(self) -> int:
        """Breaks every connection; how many."""
        peers = tuple(self.connections)
        for one in peers:
            one.transport.abortConnection()
        return len(peers)


class Taking(Protocol):
    """One peer that sends mails."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox, self._mute = mailbox, False
        self._server = Server(mailbox.name, SIZE_MAX, lambda address: None, mailbox.encryption is not None)

    def connectionMade(self) -> None:
        """Greets, if it is not too busy."""
        self._mailbox.connections.append(self)
        if self._mailbox.faults.strikes(BUSY):
            self.transport.write(b"421 4.3.2 busy\r\n")
            self.transport.loseConnection()
            return
        self._mute = self._mailbox.faults.strikes(MUTE)
        self._server.begin()
        self._flush()

    def dataReceived(self, data: bytes) -> None:
        """Commands and mails."""
        if not self._mute:
            self._serve(self._server.receive(data))

    def connectionLost(self, reason) -> None:
        """The peer is gone."""
        self._mailbox.connections.remove(self)

    def _serve(self, events: list) -> None:
        self._flush()
        for event in events:
            match event:
                case StartTls():
                    self.transport.startTLS(self._mailbox.encryption)
                    self._server.secured()
                case Mail():
                    self._take(event)
                case Close():
                    self.transport.loseConnection()

    def _take(self, mail: Mail) -> None:
        mailbox, faults = self._mailbox, self._mailbox.faults
        if faults.strikes(CUT):
            self.transport.abortConnection()
        elif faults.strikes(LATER):
            self._answer(Reply(451, "4.3.0 later"))
        elif faults.strikes(REFUSE):
            self._answer(Reply(550, "5.7.1 never"))
        else:
            mailbox.keep(mail, self._server.encrypted, getattr(self.transport.getPeer(), "host", ""))
            if faults.strikes(LOSE):
                self.transport.abortConnection()
            elif faults.strikes(SLOW):
                mailbox.clock.callLater(faults.slow_s, self._answer, Reply(250, "2.0.0 taken"))
            else:
                self._answer(Reply(250, "2.0.0 taken"))

    def _answer(self, reply: Reply) -> None:
        if self in self._mailbox.connections:
            self._serve(self._server.verdict(reply))

    def _flush(self) -> None:
        if self._server.out and not self._mute:
            self.transport.write(bytes(self._server.out))
        self._server.out.clear()
