"""The daemon is stopped at every await point of borrowing and recovering, and driven on.

The clock runs one call at a time; at the n-th the node dies (alone, or with the billing system), a
new life starts over the same files, and the world outside does what it does then: the gateway
repeats its request, the subscriber redials, the feed sends its record again until it is told OK or
DUP.  For every n, and for each thing that a billing system may promise, ledger, advances and tickets
agree to the cent, one advance has been given and paid back, and nothing is left in the outbox.
"""

import json

import pytest
from twisted.internet.defer import Deferred

from tectonics.billing.entries import CREDIT, DEBIT
from tectonics.domain.events import CreditAnswered, DebitAnswered
from tectonics.domain.money import parse_minor
from tectonics.domain.outcome import Done, NotFound
from tectonics.ports import Capabilities
from tests.engine.world import Node, build, drain, settle
from tests.workflows.world import MSISDN

CAPABILITIES = {
    "deduplicates": Capabilities(True, 86_400, False),
    "readable": Capabilities(False, 86_400, True),
    "both": Capabilities(True, 86_400, True),
    "neither": Capabilities(False, 86_400, False),
}


TICK_S = 10  # how often the timers look here; fewer looks make a faster test


class Story:
    """One subscriber's day, with one crash at step `crash_at`."""

    def __init__(self, folder, capabilities, crash_at, ledger_dies):
        self.node = build(folder, capabilities)
        self.crash_at, self.ledger_dies = crash_at, ledger_dies
        self.steps = self.lives = 0

    def tell(self):
        """Everything that happens; True if the crash came into it."""
        for sessions in ("abcd", "efgh"):  # once more where the first was proven not to have been given
            self.borrow(sessions)
            settle_counting(self, 60)
            self.resolve_by_hand()
        self.until(lambda: self.node.recharge())
        settle_counting(self, 60)
        self.resolve_by_hand()
        settle(self.node, 60, TICK_S)
        return self.lives > 0

    def borrow(self, sessions):
        """Dials, and redials in a new session, until credit has been given or is on its way."""
        for session in sessions:
            text = ""
            for _ in range(4):
                screen = self.until(lambda t=text, s=session: self.node.dial(t, s))
                if not screen.more:
                    break
                text = f"{text}*1" if text else "2"
            if screen.text.startswith(("result.", "refused.open_advance", "refused.balance")):
                return
            settle(self.node, 10, TICK_S)
        raise AssertionError(f"no credit: {screen}")

    def until(self, ask):
        """Asks, and asks the next life when this one dies before it has answered."""
        while True:
            answers = []
            try:
                Deferred.fromCoroutine(_ask(ask)).addBoth(answers.append)
                while not answers:
                    self.step()
            except Crash:
                continue
            if hasattr(answers[0], "raiseException"):
                answers[0].raiseException()
            return answers[0]

    def step(self):
        if not self.node.clock.step():
            raise AssertionError("nothing happens any more")
        self.steps += 1
        if self.steps == self.crash_at:
            self.crash()

    def crash(self):
        self.lives += 1
        old = self.node
        old.process.kill()
        if self.ledger_dies:
            old.ledger.restart()
        self.node = Node(old.folder, old.clock, old.ledger, life=bytes([self.lives + 1]))
        started = []
        self.node.start().addBoth(started.append)
        while not started:
            self.node.clock.step()
        raise Crash

    def resolve_by_hand(self):
        """Where nothing can be read back, somebody looks into the ledger and says what happened."""
        rows = self.reads(lambda: self.node.files.queries.unresolved(10))
        for row in rows:
            command = row.command
            done = any(m.op == command.op for m in self.movements())
            outcome, now = Done("by hand") if done else NotFound(), self.node.core.engine.now()
            if hasattr(command, "balance_type"):
                event = CreditAnswered(MSISDN, now, command.advance, command.op, outcome, "Ann")
            else:
                event = DebitAnswered(MSISDN, now, command.recovery, command.op, outcome, None, "Ann")
            self.reads(lambda event=event: self.node.core.desk.decide(event))

    def reads(self, ask):
        """Without counting steps: looking on never crashes anything."""
        answers = []
        Deferred.fromCoroutine(_ask(ask)).addBoth(answers.append)
        while not answers:
            self.node.clock.step()
        if hasattr(answers[0], "raiseException"):
            answers[0].raiseException()
        return answers[0]

    def movements(self):
        return self.reads(lambda: self.node.ledger.billing.movements(MSISDN, 100))

    def tickets(self):
        lines = self.reads(lambda: self.node.files.tickets.read("n1", 0, 1000))
        return [json.loads(line.line) for line in lines]


class Crash(Exception):
    """The node has just died."""


async def _ask(ask):
    return await ask()


def settle_counting(story, seconds):
    end = story.node.clock.seconds() + seconds
    while story.node.clock.seconds() < end:
        try:
            story.node.tick()
            until = story.node.clock.seconds() + TICK_S
            while any(c.getTime() <= until for c in story.node.clock.getDelayedCalls()):
                story.step()
            drain(story.node.clock, until)
        except Crash:
            continue


def check(story):
    tickets, movements = story.tickets(), story.movements()
    assert [t["seq"] for t in tickets] == list(range(1, len(tickets) + 1))

    def total(*kinds):
        return sum(parse_minor(t["amount"], "EUR") for t in tickets if t["type"] in kinds)

    credited = sum(m.amount_minor for m in movements if m.kind == CREDIT)
    debited = -sum(m.amount_minor for m in movements if m.kind == DEBIT)
    assert credited == total("advance.granted") == 200
    assert debited == total("recovery.full", "recovery.partial") == 220
    advances = story.reads(lambda: story.node.files.queries.advances(MSISDN))
    assert sorted(a.state for _, a in advances if a.state != "failed") == ["repaid"]
    assert all(a.unpaid_minor == 0 for _, a in advances if a.state == "repaid")
    assert story.reads(lambda: story.node.files.outbox.due(2**50, 100)) == []
    assert story.reads(lambda: story.node.ledger.billing.audit()) == []
    assert not story.node.metrics.raised


@pytest.mark.parametrize("ledger_dies", [False, True], ids=["node dies", "both die"])
@pytest.mark.parametrize("promise", CAPABILITIES)
def test_a_crash_at_every_await_point(tmp_path, promise, ledger_dies):
    crash_at, crashed = 0, True
    while crashed:
        crash_at += 1
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        story = Story(folder, CAPABILITIES[promise], crash_at, ledger_dies)
        crashed = story.tell()
        try:
            check(story)
        except AssertionError as wrong:
            raise AssertionError(f"crash at step {crash_at}: {wrong}\n{story.tickets()}") from wrong
    assert crash_at > 40
