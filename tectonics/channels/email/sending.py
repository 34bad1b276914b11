"""Answers go out by the smarthost: each by a connection of its own, a few at a time, tried again while it says "later".

They are in memory: if the process dies, those that wait are lost, and who asked asks again.  Nothing about money goes
this way.  A connection that is lost between a mail and its answer leaves open whether it was taken; it is sent again
under the same Message-ID.
Bounds: `queue_max` that wait, SIDE_BY_SIDE connections, `deadline_s` for each, `tries_max` tries, PAUSE_S_MAX between them.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from tectonics.config.email import Smarthost
from tectonics.domain.mailbox import mask_address
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.smtp.client import Client, Envelope, Login, Over, Secure
from tectonics.wire.smtp.syntax import Reply

SIDE_BY_SIDE = 4
PAUSE_S_MAX = 600.0
ANSWERS, WAITING = "tectonics_email_answers_total", "tectonics_email_answers_waiting"
_AWAY = 421  # of a reply: the service is not available; also for what never became one
log = Logger()


class Waiting(Struct, eq=False):
    """A mail that has not gone out."""

    envelope: Envelope
    tries: int = 0


class Talk(Protocol):
    """One connection. `over` fires with the last reply, also when the connection is lost."""

    def __init__(self, client: Client, encryption: Callable[[], object] | None) -> None:
        self._client, self._encryption = client, encryption
        self.over: Deferred[Reply] = Deferred(lambda _: self._stop())

    def dataReceived(self, data: bytes) -> None:
        """What the peer says."""
        for event in self._client.receive(data):
            if isinstance(event, Secure):
                self.transport.startTLS(self._encryption())
                self._client.secured()
            elif isinstance(event, Over):
                self._flush()
                self.transport.loseConnection()
                self._tell(event.reply)
        self._flush()

    def connectionLost(self, reason) -> None:
        """Before it was over: nobody knows."""
        self._tell(Reply(_AWAY, f"connection lost: {reason.getErrorMessage()}"))

    def _flush(self) -> None:
        if self._client.out and self.transport is not None:
            self.transport.write(bytes(self._client.out))
            self._client.out.clear()

    def _tell(self, reply: Reply) -> None:
        if not self.over.called:
            self.over.callback(reply)

    def _stop(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()


class Sending:
    """`encryption()` gives what STARTTLS needs; `name` is ours."""

    def __init__(self, section: Smarthost, name: str, endpoint: IStreamClientEndpoint, clock: Clock, metrics: Metrics,
                 alarms: Alarms, login: Login | None = None, encryption: Callable[[], object] | None = None) -> None:
        self._section, self._name, self._endpoint, self._login = section, name, endpoint, login
        self._encryption, self._clock, self._metrics, self._alarms = encryption, clock, metrics, alarms
        self._queue: deque[Waiting] = deque()
        self._at_work: dict[Waiting, Deferred] = {}
        self._later: dict[Waiting, IDelayedCall] = {}
        self._stopped = False
        self.told_s: float | None = None  # when it last took or refused one
        self.trouble = ""

    def __len__(self) -> int:
        return len(self._queue) + len(self._at_work) + len(self._later)

    def send(self, envelope: Envelope) -> bool:
        """Puts it among those that wait; False, counted as lost, where there is no room."""
        if self._stopped or len(self) >= self._section.queue_max:
            self._count("lost")
            return False
        self._queue.append(Waiting(envelope))
        self._go_on()
        return True

    def stop(self) -> None:
        """Those that wait are lost."""
        self._stopped = True
        lost = len(self)
        for call in self._later.values():
            call.cancel()
        self._queue.clear()
        self._later.clear()
        for talking in list(self._at_work.values()):
            talking.cancel()
        if lost:
            self._metrics.count(ANSWERS, "lost", by=lost)

    def _go_on(self) -> None:
        while self._queue and len(self._at_work) < SIDE_BY_SIDE:
            waiting = self._queue.popleft()
            talking = self._at_work[waiting] = Deferred.fromCoroutine(self._talk(waiting))
            talking.addTimeout(self._section.deadline_s, self._clock)
            talking.addErrback(self._unreached)
            talking.addCallback(self._over, waiting)
        self._metrics.gauge(WAITING, len(self))

    async def _talk(self, waiting: Waiting) -> Reply:
        waiting.tries += 1
        client = Client(self._name, waiting.envelope, self._section.starttls,
                        self._section.address.startswith("tls:"), self._login)
        talk = await self._endpoint.connect(Factory.forProtocol(lambda: Talk(client, self._encryption)))
        return await talk.over

    def _unreached(self, failure) -> Reply:
        expected = failure.check(TimeoutError, CancelledError, OSError, ConnectError, ConnectionClosed)
        if expected is None:
            log.failure("An answer by mail failed: a fault of ours", failure)
            self._alarms.raise_alarm("internal_fault", f"an answer by mail: {failure.getErrorMessage()}", "email")
        return Reply(_AWAY, failure.getErrorMessage() or failure.type.__name__)

    def _over(self, reply: Reply, waiting: Waiting) -> None:
        self._at_work.pop(waiting, None)
        if self._stopped:
            return
        self._judge_peer(reply)
        if reply.code == 250:
            self._count("sent")
        elif not reply.is_temporary:
            self._count("refused")
            log.info("{to} cannot be answered by mail: {why}", to=mask_address(waiting.envelope.recipient), why=_text(reply))
        elif waiting.tries >= self._section.tries_max:
            self._count("given_up")
        else:
            self._count("again")
            pause_s = min(PAUSE_S_MAX, self._section.retry_s * 2 ** (waiting.tries - 1))
            self._later[waiting] = self._clock.callLater(pause_s, self._again, waiting)
        self._go_on()

    def _again(self, waiting: Waiting) -> None:
        del self._later[waiting]
        self._queue.append(waiting)
        self._go_on()

    def _judge_peer(self, reply: Reply) -> None:
        if reply.code == _AWAY:
            self.trouble = _text(reply)
            self._alarms.raise_alarm("smarthost_down", f"the smarthost does not take our answers: {self.trouble}")
        else:
            self.told_s, self.trouble = self._clock.seconds(), ""
            self._alarms.clear("smarthost_down")

    def _count(self, result: str) -> None:
        self._metrics.count(ANSWERS, result)


def _text(reply: Reply) -> str:
    return f"{reply.code} {reply.text}"
