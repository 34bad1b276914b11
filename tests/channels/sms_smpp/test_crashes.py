"""The daemon is killed after each step of sending, and once more: what the centre answered is never sent again.

The outbox, its runner, the store and the channel are the real ones; the message centre is a process of its own and
lives on.  Every piece of database work is two steps of the clock, and so are a submit and its answer.  When all is over:

    nothing is left in the outbox, and the centre has every part;
    a part whose answer was in the log when a process died was not sent after that;
    a part that was not marked when a process died had not been sent;
    a part that was sent twice is flagged, in its row and in the figures, and no other but where an answer was missing.
"""

from collections import Counter
from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred

from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.domain.delivery import SENDING, SENT
from tectonics.engine.calls import CallRunner
from tectonics.engine.outbox import OutboxRunner
from tectonics.engine.pace import OutboxPace
from tectonics.links.smpp.outcome import Accepted, Lost
from tectonics.simulators.smsc.receipts import Style, receipt
from tests.channels.correspondence import Correspondence
from tests.channels.sms_smpp.fakes import Binds, notify, settings
from tests.engine.world import Counted, Process, StepClock, SteppedExecutor
from tests.store.building import NOW, ServerWorld, World, unit

SHORT, LONG = notify("TEC-1", "short"), notify("TEC-2", "x" * 400)
PARTS = {("TEC-1", 1), ("TEC-2", 1), ("TEC-2", 2), ("TEC-2", 3)}


class Centre:
    """The message centre: what it took, in order; it outlives everybody. The n-th answer may be lost on its way."""

    def __init__(self, clock, loses=()):
        self.clock, self.loses, self.taken = clock, loses, []

    def submit(self, process, pdu):
        answer = Deferred()
        process.callLater(0, self._take, process, pdu, answer)
        return answer

    def _take(self, process, pdu, answer):
        self.taken.append(pdu)
        number = len(self.taken)
        lost = number in self.loses
        process.callLater(30 if lost else 0, answer.callback,
                          Lost("smsc1", "not answered in time") if lost else Accepted("smsc1", str(number)))

    @property
    def counts(self):
        """How often it took each part, by (op, part)."""
        return Counter(("TEC-1", 1) if not pdu.esm_class else ("TEC-2", pdu.short_message[5]) for pdu in self.taken)


class Wired(Binds):
    """Binds of one process to the centre."""

    def __init__(self, centre, process):
        super().__init__()
        self._centre, self._process = centre, process

    def submit(self, request, priority, until_s, account="", session=None):
        return self._centre.submit(self._process, request)


class Life:
    """One process of the daemon: store, outbox and channel."""

    def __init__(self, world, clock, centre, lease_s=30.0, origin="n1"):
        self.clock, self.process, self.metrics = clock, Process(clock), Counted()
        self.files = world._open(origin, self.process, lambda: SteppedExecutor(self.process), int(clock.seconds() * 1000))
        self.channel = SmsSmpp(Wired(centre, self.process), settings(), self.files.messages, self.process, self.metrics,
                               self.metrics)
        engine = SimpleNamespace(now=lambda: int(clock.seconds() * 1000), clock=self.process, metrics=self.metrics,
                                 alarms=self.metrics, on_decided=[])
        pace = OutboxPace(lease_s=lease_s)
        self.runner = OutboxRunner(engine, self.files.outbox, None, self.channel, None, pace,
                                   CallRunner(engine, self.files.outbox, None, pace), clock.seconds)
        self.channel.start(Correspondence())

    def decided(self, *commands):
        """The unit is committed; then the engine tells the outbox."""
        done = self.files.store.commit(unit(1, commands=commands))
        done.addCallback(lambda _: self.runner.heard(None, SimpleNamespace(commands=commands), NOW))

    def tick(self):
        """What the duties do each second."""
        self._call = self.process.callLater(1, self.tick)
        for work in (self.runner.adopt, self.runner.poll):
            Deferred.fromCoroutine(work())


class Story:
    """Lives after each other, each killed after some steps."""

    def __init__(self, world, loses=()):
        self.world, self.clock = world, StepClock()
        self.centre = Centre(self.clock, loses)
        self.deaths: list[tuple[dict, Counter]] = []  # the rows of the log by (op, part), and what the centre had taken
        self.repeated = 0

    def live(self, steps, first=False):
        """Whether the life was over before it was killed."""
        life = Life(self.world, self.clock, self.centre)
        life.tick()
        if first:
            life.decided(SHORT, LONG)
        for _ in range(steps):
            self.clock.step()
            if not first and self.is_over():
                break
        life.process.kill()
        self.repeated += life.metrics.counts.get(("tectonics_sms_repeated_total", ()), 0)
        self.deaths.append((self.rows(), self.centre.counts))
        return self.is_over()

    def is_over(self):
        outbox = self.world.query("SELECT op FROM outbox")
        return not outbox and len(self.rows()) == 4 and {state for state, _ in self.rows().values()} == {SENT}

    def rows(self):
        return {(op, part): (state, repeated) for op, part, state, repeated in self.world.query(
            "SELECT op, part, state, repeated FROM message")}


def check(story):
    counts, rows = story.centre.counts, story.rows()
    assert set(counts) == PARTS and {state for state, _ in rows.values()} == {SENT}
    assert story.world.query("SELECT op FROM outbox") == []
    for part, (_, repeated) in rows.items():
        assert counts[part] == 1 or repeated, (part, counts)
        states = [(log.get(part, ("unmarked",))[0], taken[part]) for log, taken in story.deaths]
        assert all(taken == 0 for state, taken in states if state == "unmarked"), part
        assert all(taken == counts[part] for state, taken in states if state == SENT), part
        assert not repeated or story.centre.loses or any(state == SENDING for state, _ in states), part
    assert bool(story.repeated) == any(repeated for _, repeated in rows.values())


STEPS_MAX = 400


def tell(world, *deaths, loses=()):
    story = Story(world, loses)
    story.live(deaths[0] if deaths else STEPS_MAX, first=True)
    for steps in deaths[1:]:
        story.live(steps)
    if not story.rows() and not story.world.query("SELECT op FROM outbox"):
        return None  # it died before it had decided anything
    while not story.is_over():
        assert len(story.deaths) < 10
        story.live(STEPS_MAX)
    check(story)
    return story


@pytest.fixture
def make_world(request, tmp_path):
    numbers = iter(range(10_000))

    def make(kind):
        if kind == "postgresql":
            return ServerWorld(request.getfixturevalue("postgres_address")())
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return World(folder)

    return make


def test_without_a_crash_each_part_is_sent_once(make_world):
    for kind in ("sqlite", "postgresql"):
        story = tell(make_world(kind))
        assert story.centre.counts == dict.fromkeys(PARTS, 1) and story.repeated == 0


def test_a_crash_after_any_step(make_world):
    told = [tell(make_world("sqlite"), steps) for steps in range(1, 45)]
    told = [story for story in told if story is not None]
    assert len(told) > 30
    twice = [story for story in told if max(story.centre.counts.values()) > 1]
    flagged = [story for story in told if story.repeated]
    assert 2 < len(twice) <= len(flagged) < len(told)  # answers were lost, and marks without a submit


def test_two_crashes(make_world):
    for first in range(6, 30, 3):
        for second in range(4, 40, 6):
            tell(make_world("sqlite"), first, second)


def test_answers_that_are_lost_on_their_way(make_world):
    for number in (1, 2, 3, 4):
        story = tell(make_world("sqlite"), loses={number})
        assert sum(story.centre.counts.values()) == 5 and story.repeated == 1
    tell(make_world("sqlite"), 20, loses={1, 3, 5})


def test_a_crash_on_postgresql(make_world):
    for steps in (8, 11, 13, 15, 18, 22):
        tell(make_world("postgresql"), steps)


def test_receipts_of_an_earlier_life_are_noted_in_the_next(make_world):
    for kind in ("sqlite", "postgresql"):
        story = tell(make_world(kind))
        life = Life(story.world, story.clock, story.centre)
        for number, pdu in enumerate(story.centre.taken, 1):
            life.channel._binds.deliver(receipt(Style(receipted="padded_hex"), number, "DELIVRD", 0, pdu))
        for _ in range(60):
            story.clock.step()
        assert {state for state, _ in story.rows().values()} == {"delivered"}
