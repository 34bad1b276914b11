"""What managers are told by themselves: traps and acknowledged informs, in order, each with a sequence number.

Every notification gets the next number, also one that is not sent because there are too many: whoever sees a gap, or
was away, reads the table of active alarms, which has all of them.  Traps go out once.  Informs stand in a queue for
each manager, one under way at a time, and are sent again until the manager acknowledges or TRIES_MAX is reached.

Bounds: RATE notifications a second with a burst of BURST (the rest are counted as damped); QUEUE_MAX informs for
each manager, beyond which the oldest that waits is dropped; one authenticationFailure in AUTHENTICATION_S.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.oam.alarm_history import OVER, RAISED, Change
from tectonics.oam.snmp import alarm_row, schema, values
from tectonics.oam.snmp.engine import Unanswerable
from tectonics.oam.snmp.figures import Figures
from tectonics.oam.snmp.limits import Bucket
from tectonics.oam.snmp.values import Name, Value
from tectonics.ports import Clock, Metrics

RATE, BURST = 2.0, 50.0
QUEUE_MAX = 500
TRIES_MAX = 6
FIRST_S, LONGEST_S = 2.0, 30.0  # an inform waits for its answer; doubled with each try
RESYNCHRONISED_MAX = 3  # times that an inform is sent again at once, because the manager's engine or clock was not known
AUTHENTICATION_S = 60.0
_UP_TIME, _TRAP_OID = (1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)  # RFC 3418
_COLD_START, _AUTHENTICATION_FAILURE = (1, 3, 6, 1, 6, 3, 1, 1, 5, 1), (1, 3, 6, 1, 6, 3, 1, 1, 5, 5)
SENT = "tectonics_snmp_notifications_total"
_log = Logger()
Variables = Sequence[tuple[Name, Value]]


@dataclass(frozen=True, slots=True)
class Manager:
    """Who is told. `who` is a community (octets) or a user's name."""

    name: str
    address: tuple[str, int]
    who: bytes | str
    inform: bool


@dataclass(slots=True)
class _Inform:
    variables: Variables
    tries: int = 0
    resynchronised: int = 0


@dataclass(slots=True)
class _Queue:
    manager: Manager
    waiting: deque[_Inform] = field(default_factory=deque)
    under_way: _Inform | None = None
    timer: object | None = None


class Notifier:
    """`send` is Engine.notify."""

    def __init__(self, managers: Sequence[Manager], figures: Figures, send: Callable, clock: Clock, metrics: Metrics) -> None:
        self._figures, self._send, self._clock, self._metrics = figures, send, clock, metrics
        self._traps = [one for one in managers if not one.inform]
        self._queues = [_Queue(one) for one in managers if one.inform]
        self._bucket = Bucket(RATE, BURST, clock.seconds())
        self._failures = Bucket(1 / AUTHENTICATION_S, 1, clock.seconds())
        self._empty: Deferred | None = None
        self.sequence = 0

    def expects(self, address: tuple[str, int]) -> bool:
        """Whether an inform to this address is under way."""
        return any(one.under_way is not None and one.manager.address == address for one in self._queues)

    def waiting(self) -> int:
        """Informs that nobody has acknowledged."""
        return sum(len(one.waiting) + (one.under_way is not None) for one in self._queues)

    # --- what is told

    def started(self) -> None:
        """coldStart, and that the daemon serves."""
        self._tell(_COLD_START, [])
        self._numbered(schema.STARTED, [self._node(), self._scalar("tectonicsVersion", values.text(self._about["version"]))])

    def stopping(self) -> Deferred:
        """Fires when everybody has acknowledged that the daemon stops."""
        self._numbered(schema.STOPPING, [self._node()])
        self._empty = Deferred()
        self._see_empty()
        return self._empty

    def alarm(self, change: Change) -> None:
        """An alarm was raised, is over, or has changed."""
        alarm, over = change.alarm, change.what in OVER
        index = self._figures.alarm_index(alarm.id, alarm.since_at),
        shown = self._figures.alarm(alarm, "cleared" if over else alarm.severity)
        kind = schema.RAISED if change.what == RAISED else schema.CLEARED if over else schema.CHANGED
        if kind is schema.CHANGED:
            shown += alarm_row.state(alarm)
        self._numbered(kind, [self._figures.cell(name, index, value) for name, value in shown])
        if over:
            self._figures.alarm_over(alarm.id, alarm.since_at)

    def role_changed(self, role: str) -> None:
        """This node is something else among others."""
        self._numbered(schema.ROLE_CHANGED, [self._node(), self._scalar("tectonicsHaRole", values.number(
            schema.ENUMERATIONS[schema.HA_ROLE][1][role]))])

    def authentication_failed(self) -> None:
        """Somebody came with a wrong community, user or key."""
        if self._failures.take(self._clock.seconds()):
            self._tell(_AUTHENTICATION_FAILURE, [])

    # --- how

    @property
    def _about(self):
        return self._figures.about

    def _scalar(self, name: str, value: Value) -> tuple[Name, Value]:
        return self._figures.scalar(name, value)

    def _node(self) -> tuple[Name, Value]:
        return self._scalar("tectonicsNode", values.text(self._about["node"]))

    def _numbered(self, kind: schema.Notification, variables: list) -> None:
        self.sequence = self.sequence % (2**32 - 1) + 1
        number = self._scalar("tectonicsNotificationSequence", Value(values.UNSIGNED, self.sequence))
        self._tell(self._figures.arcs[kind.name], [number, *variables])

    def _tell(self, kind: Name, variables: list) -> None:
        if not self._bucket.take(self._clock.seconds()):
            for one in (*self._traps, *(queue.manager for queue in self._queues)):
                self._metrics.count(SENT, one.name, "damped")
            return
        whole = [(_UP_TIME, self._figures.up_time()), (_TRAP_OID, Value(values.OID, kind)), *variables]
        for manager in self._traps:
            self._metrics.count(SENT, manager.name, "sent")
            self._give(manager, whole)
        for queue in self._queues:
            self._queue(queue, _Inform(whole))

    def _queue(self, queue: _Queue, inform: _Inform) -> None:
        if len(queue.waiting) >= QUEUE_MAX:
            queue.waiting.popleft()
            self._metrics.count(SENT, queue.manager.name, "shed")
        queue.waiting.append(inform)
        self._next(queue)

    def _next(self, queue: _Queue) -> None:
        if queue.under_way is None and queue.waiting:
            queue.under_way = queue.waiting.popleft()
            self._try(queue)
        self._see_empty()

    def _try(self, queue: _Queue) -> None:
        queue.timer = None
        inform, manager = queue.under_way, queue.manager
        wait_s = min(LONGEST_S, FIRST_S * 2 ** inform.tries)
        self._metrics.count(SENT, manager.name, "repeated" if inform.tries or inform.resynchronised else "sent")
        if not self._give(manager, inform.variables, lambda wrong: self._told(queue, wrong), wait_s):
            self._over(queue, "failed")

    def _give(self, manager: Manager, *what) -> bool:
        try:
            self._send(manager.address, manager.who, *what)
        except Unanswerable as error:
            _log.error("The manager {name} cannot be told: {error}", name=manager.name, error=type(error).__name__)
            return False
        return True

    def _told(self, queue: _Queue, wrong: str) -> None:
        inform = queue.under_way
        if not wrong:
            self._over(queue, "acknowledged")
        elif wrong.startswith(("Unknown SNMP engine", "SNMP message timing")) and inform.resynchronised < RESYNCHRONISED_MAX:
            inform.resynchronised += 1
            queue.timer = self._clock.callLater(0, self._try, queue)
        elif inform.tries + 1 >= TRIES_MAX:
            _log.warn("The manager {name} did not acknowledge: {wrong}", name=queue.manager.name, wrong=wrong)
            self._over(queue, "given_up")
        else:
            inform.tries += 1
            queue.timer = self._clock.callLater(0, self._try, queue)

    def _over(self, queue: _Queue, result: str) -> None:
        self._metrics.count(SENT, queue.manager.name, result)
        queue.under_way = None
        queue.timer = self._clock.callLater(0, self._go_on, queue)

    def _go_on(self, queue: _Queue) -> None:
        queue.timer = None
        self._next(queue)

    def _see_empty(self) -> None:
        if self._empty is not None and not self._empty.called and not self.waiting():
            self._empty.callback(None)

    def stop(self) -> None:
        """Nothing is sent any more."""
        for queue in self._queues:
            if queue.timer is not None:
                queue.timer.cancel()
                queue.timer = None
            queue.waiting.clear()
            queue.under_way = None
