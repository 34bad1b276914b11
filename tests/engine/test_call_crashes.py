"""The daemon is stopped at every await point of a call-back, and driven on.

The clock runs one call at a time; at the n-th the node dies (alone, or with the billing system) and a new life starts
over the same files, while the call server and the two people go on.  For every n, for each thing that a billing
system may promise, and whether or not the call server knows a leg again: nobody is rung twice for one request, what the tickets
say was charged is what the ledger took, once, and what was reserved beyond it is given back.
"""

import sqlite3

import pytest
from twisted.internet.defer import Deferred

from tectonics.billing.entries import OPENING
from tectonics.domain import call as calls
from tectonics.domain.commands import Reserve
from tectonics.domain.events import ReserveAnswered, SettleAnswered
from tectonics.domain.money import parse_minor
from tectonics.domain.outcome import Done, NotFound
from tectonics.ports import Capabilities
from tests.engine.call_story import ANN, BOB, Calls
from tests.engine.test_crashes import Crash
from tests.engine.world import drain
from tests.workflows.world import MSISDN

CAPABILITIES = {
    "deduplicates": Capabilities(True, 86_400, False, sessions=True),
    "readable": Capabilities(False, 86_400, True, sessions=True),
    "neither": Capabilities(False, 86_400, False, sessions=True),
}
TICK_S, BALANCE = 10, 1000


class Story(Calls):
    """One request, with one crash at step `crash_at`."""

    def __init__(self, folder, capabilities, crash_at, ledger_dies, **script):
        super().__init__(folder, BALANCE, capabilities=capabilities, a=("answers", 4), b=("answers", 4), **script)
        self.crash_at, self.ledger_dies, self.steps, self.crashed = crash_at, ledger_dies, 0, False

    def tell(self):
        """Everything that happens; True if the crash came into it."""
        self.until(lambda: self.node.dial("0612345678", "c1", code="*144#"))
        for _ in range(3):
            self.settle(100)
            self.resolve_by_hand()
        return self.crashed

    def until(self, ask):
        """Asks, and asks the next life when this one dies before it has answered."""
        while True:
            answers = []
            ask().addBoth(answers.append)
            try:
                while not answers:
                    self.step()
                return
            except Crash:
                continue

    def settle(self, seconds):
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.node.tick()
            until = self.clock.seconds() + TICK_S
            try:
                while any(c.getTime() <= until for c in self.clock.getDelayedCalls()):
                    self.step()
            except Crash:
                continue
            drain(self.clock, until)

    def step(self):
        assert self.clock.step(), "nothing happens any more"
        self.steps += 1
        if self.steps == self.crash_at:
            self.crashed = True
            self.node.process.kill()
            if self.ledger_dies:
                self.node.ledger.restart()
            self.another()
            raise Crash

    def resolve_by_hand(self):
        """Where nothing can be read back, somebody looks into the ledger and says what happened."""
        for row in self.reads(self.node.files.queries.unresolved(10)):
            command, now = row.command, self.node.core.engine.now()
            outcome = Done("by hand") if self.was_done(command) else NotFound()
            kind = ReserveAnswered if isinstance(command, Reserve) else SettleAnswered
            event = kind(MSISDN, now, command.call, command.op, outcome, "Ann")
            self.reads(self.node.core.desk.decide(event))

    def was_done(self, command):
        """Whether the ledger has it: what is held in the session, or that it was settled."""
        ledger = sqlite3.connect(self.node.ledger.path)
        held = ledger.execute("SELECT sum(amount_minor) FROM hold WHERE session = ?", (command.session,)).fetchone()[0]
        closed = ledger.execute("SELECT 1 FROM closed_session WHERE session = ?", (command.session,)).fetchone()
        ledger.close()
        if isinstance(command, Reserve):
            return (held or 0) > self.call().reserved_minor
        return closed is not None

    def reads(self, asked: Deferred):
        """Without counting steps: looking on never crashes anything."""
        answers = []
        asked.addBoth(answers.append)
        while not answers:
            self.clock.step()
        if hasattr(answers[0], "raiseException"):
            answers[0].raiseException()
        return answers[0]

    def check(self):
        self.over()
        rung = [phone.number for phone in self.exchange.phones.values()]
        assert rung in ([], [ANN], [ANN, BOB])
        tickets = self.tickets()
        ends = [t for t in tickets if t["type"] in ("callback.completed", "callback.failed", "callback.refused")]
        assert len(ends) == 1
        taken = -sum(m.amount_minor for m in self.reads(self.node.ledger.billing.movements(MSISDN, 100))
                     if m.kind != OPENING)
        assert parse_minor(ends[0].get("amount") or "0", "EUR") == taken
        assert self.balance() == BALANCE - taken
        if ends[0]["type"] == "callback.completed":
            assert taken > 0 and self.exchange.conversations
        assert not self.node.metrics.raised


def crash_everywhere(tmp_path, promise, ledger_dies, **script):
    crash_at, crashed, kinds = 0, True, set()
    while crashed:
        crash_at += 1
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        story = Story(folder, CAPABILITIES[promise], crash_at, ledger_dies, **script)
        crashed = story.tell()
        try:
            story.check()
        except AssertionError as wrong:
            raise AssertionError(f"crash at step {crash_at}: {wrong}\n{story.tickets()}") from wrong
        kinds |= {(t["type"], t.get("reason", "")) for t in story.tickets()}
    return crash_at, kinds


@pytest.mark.parametrize(("promise", "ledger_dies"), [
    ("deduplicates", False), ("readable", True), ("neither", False)], ids=["deduplicates", "readable, both die", "neither"])
def test_a_crash_at_every_await_point(tmp_path, promise, ledger_dies):
    crash_at, kinds = crash_everywhere(tmp_path, promise, ledger_dies, talk=(calls.BY_A, 70))
    assert crash_at > 40 and ("callback.completed", "") in kinds


def test_a_call_server_that_knows_no_leg_again(tmp_path):
    _, kinds = crash_everywhere(tmp_path, "deduplicates", False, talk=(calls.BY_A, 70), forgets=True)
    assert {("callback.failed", "a_gone"), ("callback.failed", "b_gone")} <= kinds
