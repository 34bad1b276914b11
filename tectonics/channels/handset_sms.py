"""The demo's messenger: instead of an SMS centre, an inbox in memory that the handset page shows.

It fills the port Messenger and answers Done at once: an inbox cannot refuse.  The outbox delivers at
least once, so the same `op` may come again after a crash; within a window of the last 10,000
operations a repetition is recognised, flagged (`repetitions`, one log line) and not shown again.

Bounds: 50 messages per number (the oldest goes), 10,000 numbers (the one whose last message is
oldest goes), 10,000 operations (the oldest is forgotten), 64 listeners (`listen` raises Busy).
When the process dies the inbox is lost; what was sent stands in the tickets.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from tectonics.domain.commands import Notify
from tectonics.domain.errors import Busy
from tectonics.domain.msisdn import mask
from tectonics.domain.outcome import Done, Outcome
from tectonics.ports import Clock

MESSAGES_PER_NUMBER_MAX = 50
NUMBERS_MAX = 10_000
OPERATIONS_MAX = 10_000
LISTENERS_MAX = 64

Listener = Callable[[str, int, str], None]

log = Logger()


class HandsetSms:
    """Keeps what it is asked to send; `clock` gives the time of arrival."""

    def __init__(self, clock: Clock):
        self.repetitions = 0
        self._clock = clock
        self._inboxes: OrderedDict[str, deque[tuple[int, str]]] = OrderedDict()
        self._window: OrderedDict[str, None] = OrderedDict()
        self._listeners: list[Listener] = []

    def send(self, command: Notify) -> Deferred[Outcome]:
        """Puts the message into the inbox, once per `op`."""
        if command.op in self._window:
            self.repetitions += 1
            log.info("SMS {op} to {to} came again and is not shown twice", op=command.op, to=mask(command.msisdn), trace=command.trace)
        else:
            self._remember(command.op)
            self._deliver(command.msisdn, int(self._clock.seconds() * 1000), command.text)
        return succeed(Done(ref=command.op))

    def messages(self, msisdn: str) -> list[tuple[int, str]]:
        """(at, text) of the messages of a number, oldest first."""
        return list(self._inboxes.get(msisdn, ()))

    def listen(self, callback: Listener) -> Callable[[], None]:
        """`callback(msisdn, at, text)` at each new message; call what is returned to stop that."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise Busy(f"{LISTENERS_MAX} listeners watch the handsets already")
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def _remember(self, op: str) -> None:
        self._window[op] = None
        if len(self._window) > OPERATIONS_MAX:
            self._window.popitem(last=False)

    def _deliver(self, msisdn: str, at: int, text: str) -> None:
        inbox = self._inboxes.setdefault(msisdn, deque(maxlen=MESSAGES_PER_NUMBER_MAX))
        inbox.append((at, text))
        self._inboxes.move_to_end(msisdn)
        if len(self._inboxes) > NUMBERS_MAX:
            self._inboxes.popitem(last=False)
        for listener in tuple(self._listeners):
            listener(msisdn, at, text)
