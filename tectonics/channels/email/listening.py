"""The connections that mail comes in by: each has a time of silence, an end, and one mail at a time that is judged.

One slow peer costs a place and nothing else: places are bounded, in all and of one address (a relay of ours may have more),
and a connection ends after `session_s` whatever it does.  Who finds no place is told 421 and comes again.
A verdict that takes VERDICT_S is "later"; what it asked for may be done all the same, and is known when it comes again.
"""

from collections import Counter
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, ServerFactory

from tectonics.config.email import Email as Section
from tectonics.ports import Clock, Metrics
from tectonics.wire.smtp.server import Close, Event, Mail, Refused, Server, StartTls
from tectonics.wire.smtp.syntax import Reply

VERDICT_S = 60.0
CLOSE_S = 5.0  # for a peer to take our last word
CONNECTIONS, OPEN, REFUSED = ("tectonics_email_connections_total", "tectonics_email_connections_open",
                              "tectonics_email_refused_total")


class Connection(Protocol):
    """One peer."""

    def __init__(self, factory: "SmtpFactory", host: str) -> None:
        self._factory, self.host = factory, host
        self._server: Server = factory.make_server()
        self._calls: dict[str, IDelayedCall] = {}
        self._judged: Deferred | None = None
        self._result, self._ended = "served", False

    def connectionMade(self) -> None:
        """Greets."""
        section = self._factory.section
        self._later("idle", section.idle_s, self._slow)
        self._later("session", section.session_s, self._slow)
        self._server.begin()
        self._flush()

    def dataReceived(self, data: bytes) -> None:
        """Commands and mails."""
        if self._ended:
            return
        if "idle" in self._calls:
            self._calls["idle"].reset(self._factory.section.idle_s)
        self._serve(self._server.receive(data))

    def connectionLost(self, reason) -> None:
        """It is over; a mail that is being judged is judged to its end."""
        self._ended = True
        self._cancel()
        self._factory.left(self, self._result)

    def stop(self) -> Deferred | None:
        """Says good-bye; what is being judged is waited for."""
        judged = self._judged
        self._end("421 4.3.2 we stop, come again")
        return judged

    def _serve(self, events: list[Event]) -> None:
        self._flush()
        for event in events:
            match event:
                case Refused(why):
                    self._factory.metrics.count(REFUSED, why)
                case StartTls():
                    self.transport.startTLS(self._factory.encryption)
                    self._server.secured()
                case Mail():
                    self._judge(event)
                case Close():
                    self._end("")

    def _judge(self, mail: Mail) -> None:
        """Nothing more is read meanwhile."""
        self.transport.pauseProducing()
        self._calls.pop("idle").cancel()
        judged = self._judged = self._factory.take(mail, self.host)
        judged.addTimeout(VERDICT_S, self._factory.clock)
        judged.addCallback(self._verdict)

    def _verdict(self, reply: Reply) -> None:
        self._judged = None
        if self._ended:
            return
        self._later("idle", self._factory.section.idle_s, self._slow)
        events = self._server.verdict(reply)
        self.transport.resumeProducing()
        self._serve(events)

    def _slow(self) -> None:
        self._result = "slow"
        self._end("421 4.4.2 too slow, come again")

    def _end(self, last_word: str) -> None:
        if self._ended:
            return
        self._ended = True
        self._cancel()
        if last_word:
            self.transport.write(last_word.encode("ascii") + b"\r\n")
        self.transport.loseConnection()
        self._later("close", CLOSE_S, self.transport.abortConnection)

    def _cancel(self) -> None:
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()

    def _flush(self) -> None:
        if self._server.out:
            self.transport.write(bytes(self._server.out))
            self._server.out.clear()

    def _later(self, name: str, after_s: float, do: Callable[[], None]) -> None:
        def now() -> None:
            del self._calls[name]
            do()

        self._calls[name] = self._factory.clock.callLater(after_s, now)


class NoPlace(Protocol):
    """Tells a peer that there is no place for it."""

    def connectionMade(self) -> None:
        """Its last word too."""
        self.transport.write(b"421 4.3.2 too many connections, come again\r\n")
        self.transport.loseConnection()


class SmtpFactory(ServerFactory):
    """`take(mail, host)` judges; `is_relay(host)`; `encryption` is what STARTTLS needs, None: it is not offered."""

    noisy = False

    def __init__(self, section: Section, take: Callable[[Mail, str], Deferred[Reply]],
                 accepts: Callable[[str], Reply | None], is_relay: Callable[[str], bool], clock: Clock, metrics: Metrics,
                 encryption: object | None = None) -> None:
        self.section, self.take, self._accepts, self._is_relay = section, take, accepts, is_relay
        self.clock, self.metrics, self.encryption = clock, metrics, encryption
        self._open: set[Connection] = set()
        self._of_host: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def make_server(self) -> Server:
        """The talk of one connection."""
        return Server(self.section.domain, self.section.size_max, self._accepts, self.encryption is not None)

    def buildProtocol(self, addr) -> Protocol:
        """A place for a peer, or none."""
        host = getattr(addr, "host", "")
        crowded = self._of_host[host] >= self.section.host_connections_max and not self._is_relay(host)
        if crowded or len(self._open) >= self.section.connections_max:
            self.metrics.count(CONNECTIONS, "crowded" if crowded else "full")
            return NoPlace()
        connection = Connection(self, host)
        self._open.add(connection)
        self._of_host[host] += 1
        self.metrics.gauge(OPEN, len(self._open))
        return connection

    def left(self, connection: Connection, result: str) -> None:
        """A peer is gone."""
        self._open.discard(connection)
        self._of_host[connection.host] -= 1
        if not self._of_host[connection.host]:
            del self._of_host[connection.host]
        self.metrics.count(CONNECTIONS, result)
        self.metrics.gauge(OPEN, len(self._open))

    def stop(self) -> list[Deferred]:
        """Says good-bye to everybody; the mails that are being judged."""
        return [judged for one in tuple(self._open) if (judged := one.stop()) is not None]
