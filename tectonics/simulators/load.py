"""The load generator: subscribers who dial, choose and confirm in a closed loop, and who recharge afterwards.

Closed loop: so many subscribers at once; each begins his session when the one before him has ended, and
types as soon as he sees the screen.  A slow daemon is therefore asked less, and the latency shown is
what these subscribers waited for.  Every session has a subscriber of his own; who is told "busy" dials again
BUSY_PAUSE_S later.  When they run out the loop ends early and says so (`exhausted`).  load_offered.py is
the open loop.

It runs in processes of its own (scripts/bench), so that it never borrows the daemon's time.  What ended
before `begin_s` (warm-up) or after `end_s` is not counted.  Bounds: `concurrency` sessions, one
connection each; FEED_WINDOW recharges that wait for their answer on a connection.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import ClientFactory
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.simulators.gateway_wire import Pool
from tectonics.simulators.ussd_gateway import STEP_PATH, Steps

STEPS = ("dial", "choose", "confirm")
INPUTS = ("1", "1")
GRANTED, BUSY, NOTHING = "granted", "busy", "nothing"
FEED_WINDOW = 50
BUSY_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Marks:
    """How two screens begin: the one that grants, and the one that says that too many ask at once."""

    granted: bytes
    busy: bytes


@dataclass
class Counted:
    """What was seen between `begin_s` and `end_s`: whole sessions by outcome, latencies by step.

    Who was told "busy" when he dialled has no step: his latency is under BUSY.
    """

    begin_s: float
    end_s: float
    outcomes: Counter[str] = field(default_factory=Counter)
    latencies_ms: dict[str, array] = field(default_factory=lambda: {step: array("d") for step in STEPS})

    def session(self, moment_s: float, latencies_s: list[float], outcome: str) -> None:
        """A session, and the moment at which it counts."""
        if self.begin_s <= moment_s < self.end_s:
            self.outcomes[outcome] += 1
            for step, latency_s in zip((BUSY,) if outcome == BUSY else STEPS, latencies_s, strict=False):
                self.sample(step, latency_s)

    def sample(self, name: str, latency_s: float) -> None:
        """One more sample under a name."""
        self.latencies_ms.setdefault(name, array("d")).append(latency_s * 1000)


def outcome_of(marks: Marks, steps_answered: int, status: int, body: bytes) -> str:
    """What became of a session, by its last answer.

    `granted`; `busy` told to who dialled; `busy at <step>` told to who was in the midst of it; `nothing`
    where there was no answer; else the answer.
    """
    if status == 0:
        return NOTHING
    if status == 200 and body.startswith(b"END " + marks.granted):
        return GRANTED
    if status == 200 and body.startswith(b"END " + marks.busy):
        return BUSY if steps_answered == 1 else f"busy at {STEPS[steps_answered - 1]}"
    return f"{status} {body[:60].decode(errors='replace')}"


class SessionLoad:
    """Keeps `concurrency` sessions going until `counted.end_s`; `granted` holds who got an advance.

    `now` is a clock finer than a millisecond, `clock` one that calls; session ids begin with `prefix`.
    """

    def __init__(self, clock, now: Callable[[], float], pool: Pool, subscribers: Iterator[str], counted: Counted,
                 marks: Marks, prefix: str, code: str = "*133#") -> None:
        self.granted: list[str] = []
        self.exhausted = False
        self.done: Deferred[None] = Deferred()
        self._clock, self._now, self._pool = clock, now, pool
        self._subscribers, self._counted, self._marks = subscribers, counted, marks
        self._prefix, self._code = prefix, code
        self._running = self._begun = 0

    def run(self, concurrency: int) -> Deferred[None]:
        """Fires when the last session has ended."""
        self._running = concurrency
        for _ in range(concurrency):
            self._begin()
        return self.done

    def _begin(self, again: str = "") -> None:
        """The next session, of the next subscriber or of one who was told "busy"; or one less is running."""
        msisdn = (again or next(self._subscribers, None)) if self._now() < self._counted.end_s else ""
        if msisdn:
            self._begun += 1
            steps = Steps(msisdn, self._code, f"{self._prefix}{self._begun}")
            Session(self._now, self._pool, steps, self._now(), self._ended)
            return
        self.exhausted |= msisdn is None
        self._running -= 1
        if not self._running:
            self.done.callback(None)

    def _ended(self, steps: Steps, latencies_s: list[float], status: int, body: bytes) -> None:
        """A session has ended; the next one begins in its place."""
        outcome = outcome_of(self._marks, len(latencies_s), status, body)
        if outcome == GRANTED:
            self.granted.append(steps.msisdn)
        self._counted.session(self._now(), latencies_s, outcome)
        if outcome == BUSY:
            self._clock.callLater(BUSY_PAUSE_S, self._begin, steps.msisdn)
        else:
            self._begin()


class Session:
    """One subscriber's session, from the dialling, which was due at `due_s`, to the answer that asks for no more.

    `ended(steps, latencies_s, status, body)` hears of the end, with the last answer.
    """

    def __init__(self, now: Callable[[], float], pool: Pool, steps: Steps, due_s: float,
                 ended: Callable[[Steps, list[float], int, bytes], None]) -> None:
        self._now, self._pool, self._steps, self._ended = now, pool, steps, ended
        self._inputs = iter(INPUTS)
        self._latencies_s: list[float] = []
        self._post(steps.body(), due_s)

    def _post(self, body: bytes, began_s: float) -> None:
        self._began_s = began_s
        self._pool.post(STEP_PATH, body, self._answered)

    def _answered(self, status: int, body: bytes) -> None:
        now_s = self._now()
        self._latencies_s.append(now_s - self._began_s)
        typed = next(self._inputs, None) if status == 200 and body.startswith(b"CON ") else None
        if typed is None:
            self._ended(self._steps, self._latencies_s, status, body)
        else:
            self._post(self._steps.body(typed), now_s)


class RechargeLoad:
    """Sends one recharge for each subscriber over the prepaid ticket feed; `answers` counts OK, DUP, ERR.

    `record(msisdn)` is the line of one recharge, without its newline.
    """

    def __init__(self, reactor, now: Callable[[], float], host: str, port: int, subscribers: Iterator[str],
                 record: Callable[[str], bytes], end_s: float) -> None:
        self.answers: Counter[str] = Counter()
        self._reactor, self._now, self._address = reactor, now, (host, port)
        self._subscribers, self._record, self._end_s = subscribers, record, end_s

    def run(self, connections: int) -> Deferred:
        """Fires when every recharge that was sent has been answered."""
        feeds = [_Feed(self) for _ in range(connections)]
        for feed in feeds:
            self._reactor.connectTCP(*self._address, _Feeds(feed))
        return gatherResults([feed.done for feed in feeds])

    def next(self) -> bytes | None:
        """The next record; None when the time is over or everybody has recharged."""
        if self._now() >= self._end_s:
            return None
        msisdn = next(self._subscribers, None)
        return None if msisdn is None else self._record(msisdn)


class _Feed(LineOnlyReceiver):
    delimiter = b"\n"

    def __init__(self, load: RechargeLoad) -> None:
        self.done: Deferred = Deferred()
        self._load = load
        self._waiting = 0

    def connectionMade(self) -> None:
        for _ in range(FEED_WINDOW):
            self._send()

    def lineReceived(self, line: bytes) -> None:
        self._load.answers[line[:3].decode().strip()] += 1
        self._waiting -= 1
        self._send()

    def _send(self) -> None:
        record = self._load.next()
        if record is not None:
            self._waiting += 1
            self.sendLine(record)
        elif not self._waiting:
            self.transport.loseConnection()

    def connectionLost(self, reason) -> None:
        self._load.answers["lost"] += self._waiting
        self.done.callback(None)


class _Feeds(ClientFactory):
    noisy = False

    def __init__(self, feed: _Feed) -> None:
        self._feed = feed

    def buildProtocol(self, addr):
        return self._feed

    def clientConnectionFailed(self, connector, reason):
        self._feed.done.errback(reason)
