"""What the tests of the gateway port talk to, and what they talk with."""

import httptools
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.testing import StringTransport
from twisted.logger import globalLogPublisher

from tectonics.channels.gateway_http import Limits
from tectonics.channels.ussd_http import UssdHttpFactory
from tectonics.domain.screens import Screen, Style

FORM = b"sessionId=S1&phoneNumber=%2B33600000001&networkCode=20801&serviceCode=*133%23&text="


def post(body, path=b"/ussd", *headers):
    """A request as a gateway writes it."""
    lines = [b"POST %s HTTP/1.1" % path, b"Host: g", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class ScriptedDialogue:
    """Answers with what it was asked; texts can be held back, made to fail or to raise."""

    def __init__(self):
        self.asked = []
        self.over = []
        self.held = {}

    def step(self, style, dialled):
        self.asked.append(dialled)
        if dialled.text == "raise":
            raise RuntimeError("a bug before the first wait")
        if dialled.text == "fail":
            return succeed(None).addCallback(lambda _: 1 / 0)
        screen = Screen(f"{dialled.session} {dialled.code} {dialled.text}", more=dialled.text == "")
        if dialled.text.startswith("hold"):
            waiting = Deferred()
            self.held[dialled.text] = lambda: waiting.callback(screen)
            return waiting
        return succeed(screen)

    def ended(self, style, session, msisdn):
        self.over.append((session, msisdn))


class CountedMetrics:
    """Remembers what was counted."""

    def __init__(self):
        self.counts = {}

    def count(self, name, *labels, by=1):
        self.counts[labels] = self.counts.get(labels, 0) + by

    def gauge(self, name, value, *labels):
        raise AssertionError("nothing to gauge here")

    def observe(self, name, seconds, *labels):
        raise AssertionError("the dialogue itself is timed")

    def result(self, result):
        return self.counts.get(("ussd_http", result), 0)


class House:
    """A gateway port and what stands around it."""

    def __init__(self, clock, style=None, limits=None, **options):
        self.dialogue = ScriptedDialogue()
        self.metrics = CountedMetrics()
        self.factory = UssdHttpFactory(
            self.dialogue, style or Style(), metrics=self.metrics, clock=clock, limits=limits or Limits(),
            country_code="33", codes=("*133#",), **options)
        self.port = None

    def listen(self, reactor):
        self.port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        return self

    @property
    def number(self):
        return self.port.getHost().port

    async def close(self):
        await self.port.stopListening()
        self.factory.close_connections()


class Peer(Protocol):
    """A client that keeps all it receives."""

    def __init__(self):
        self.received = b""
        self.closed = Deferred()
        self.clean = None
        self._waits = []

    def dataReceived(self, data):
        self.received += data
        self._look()

    def connectionLost(self, reason):
        self.clean = reason.value.__class__.__name__ == "ConnectionDone"
        self._look()
        self.closed.callback(self.received)

    def when(self, condition):
        """Fires once `condition(received)` holds."""
        done = Deferred()
        self._waits.append((condition, done))
        self._look()
        return done

    def answers(self, count):
        """Fires with the parsed answers once there are so many."""
        return self.when(lambda data: len(parse(data)) >= count).addCallback(parse)

    def _look(self):
        for wait in tuple(self._waits):
            condition, done = wait
            if condition(self.received):
                self._waits.remove(wait)
                done.callback(self.received)


def connect(reactor, port):
    """A connected Peer."""
    made = Deferred()

    class Connects(ClientFactory):
        noisy = False

        def buildProtocol(self, addr):
            peer = Peer()
            peer.connectionMade = lambda: made.callback(peer)
            return peer

        def clientConnectionFailed(self, connector, reason):
            made.errback(reason)

    reactor.connectTCP("127.0.0.1", port, Connects())
    return made


class _Answers:
    def __init__(self):
        self.done = []
        self.body = b""
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, data):
        self.body += data

    def on_message_complete(self):
        status = self.parser.get_status_code()
        if status != 100:
            self.done.append((status, self.body))
        self.body = b""


def parse(data):
    """[(status, body)] of a stream of answers; raises when it is not well formed."""
    answers = _Answers()
    if data:
        answers.parser.feed_data(data)
    return answers.done


class HalfTransport(StringTransport):
    """StringTransport that can close its half, as a socket does."""

    half_closed = False

    def loseWriteConnection(self):
        self.half_closed = True

    def abortConnection(self):
        self.aborted = True
        self.loseConnection()


class Failures:
    """Collects what is logged as a failure or a critical event while it is active."""

    def __enter__(self):
        self.events = []
        globalLogPublisher.addObserver(self._observe)
        return self.events

    def __exit__(self, *_):
        globalLogPublisher.removeObserver(self._observe)

    def _observe(self, event):
        if "log_failure" in event or event["log_level"].name in ("error", "critical"):
            self.events.append(event)
