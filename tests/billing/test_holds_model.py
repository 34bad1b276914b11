"""The ledger against a small model of it: whatever is asked in whatever order, batch or life, the two answer alike."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tectonics.billing import ledger_reads as reads
from tectonics.billing.entries import CREDIT, DEBIT, RECHARGE, SPEND, Entry, Hold, LookUp, Opening, Settlement
from tectonics.billing.ledger import apply
from tectonics.domain.outcome import Done, NotFound, Refused

from .test_ledger import opened

PEOPLE = ("33600000001", "33600000002", "33677777777")  # the last has no account
WINDOW_MS = 5000


class Model:
    """What the ledger should do, in a few lines and without a database."""

    def __init__(self):
        self.balances = dict.fromkeys(PEOPLE[:2], 100)
        self.held = {}  # (msisdn, session) -> (amount, expires_at)
        self.closed = set()
        self.answers = {}  # (msisdn, op) -> (at, answer)
        self.movements = 2

    def held_minor(self, msisdn, now):
        return sum(minor for (who, _), (minor, until) in self.held.items() if who == msisdn and until > now)

    def available(self, msisdn, now):
        return self.balances[msisdn] - self.held_minor(msisdn, now) if msisdn in self.balances else None

    def do(self, item):
        at, answer = self.answers.get((item.msisdn, item.op), (0, None))
        if isinstance(item, LookUp):
            return answer or NotFound()
        if answer is not None and item.op and at >= item.known_since_at:
            return answer
        again = {Hold: self.hold, Settlement: self.settle, Entry: self.book}[type(item)](item)
        keep = isinstance(again, Done) or getattr(item, "source", "lending") == "lending"
        if item.op and keep and (answer is None or isinstance(again, Done)):
            self.answers[item.msisdn, item.op] = item.at, again
        return again

    def hold(self, item):
        if item.msisdn not in self.balances:
            return Refused("unknown_subscriber")
        if item.amount_minor <= 0 or (item.msisdn, item.session) in self.closed:
            return Refused("rejected")
        if self.available(item.msisdn, item.at) < item.amount_minor:
            return Refused("insufficient")
        minor, until = self.held.get((item.msisdn, item.session), (0, 0))
        minor = item.amount_minor + (minor if until > item.at else 0)
        self.held[item.msisdn, item.session] = minor, max(until, item.expires_at)
        return Done("", self.available(item.msisdn, item.at))

    def settle(self, item):
        key = item.msisdn, item.session
        if item.amount_minor:
            if item.msisdn not in self.balances:
                return Refused("unknown_subscriber")
            if item.amount_minor < 0 or key in self.closed:
                return Refused("rejected")
            if key not in self.held:
                return Refused("unknown_session")
            minor, until = self.held[key]
            if until <= item.at:
                return Refused("expired")
            if minor < item.amount_minor:
                return Refused("rejected")
        self.held.pop(key, None)
        self.closed.add(key)
        return self.moved(item, -item.amount_minor) if item.amount_minor else Done("", self.available(key[0], item.at))

    def book(self, item):
        if item.msisdn not in self.balances:
            return Refused("unknown_subscriber")
        if item.kind in (DEBIT, SPEND) and self.available(item.msisdn, item.at) < item.amount_minor:
            return Refused("insufficient")
        return self.moved(item, item.amount_minor if item.kind in (CREDIT, RECHARGE) else -item.amount_minor)

    def moved(self, item, change):
        self.balances[item.msisdn] += change
        self.movements += 1
        return Done(f"L{self.movements}", self.available(item.msisdn, item.at))


who, session = st.sampled_from([*PEOPLE[:2]] * 3 + [PEOPLE[2]]), st.sampled_from(["s", "t"])
op = st.sampled_from(["", *(f"op{n}" for n in range(60))])
some = st.sampled_from([1, 10, 30, 50, 100])
any_amount = st.one_of(some, st.integers(-1, 120))
since = st.sampled_from([0, WINDOW_MS])  # how far back the ledger remembers; 0: for ever
HOLDS = st.builds(Hold, who, op, session, st.just(0), any_amount, st.just("EUR"), st.sampled_from([500, 2000, 4000]), since)
ENDS = st.builds(Settlement, who, op, session, st.just(0), any_amount, st.just("EUR"), since)
ENTRIES = st.builds(Entry, who, op, st.sampled_from([CREDIT, DEBIT, RECHARGE, SPEND]), st.just(0),
                    st.sampled_from(["lending", "till"]), some, known_since_at=since)
ITEMS = st.one_of(HOLDS, HOLDS, ENDS, ENTRIES, st.builds(LookUp, who, op))


class Twins(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.now, self.calls = 10_000, 0
        self.model = Model()
        self.open()
        apply(self.ledger, [Opening(one, "EUR", 0, balance_minor=100) for one in PEOPLE[:2]])

    def open(self):
        self.ledger = opened(self.folder / "ledger.sqlite")
        self.ledger.execute("PRAGMA synchronous=OFF")  # nothing here loses its power

    def timed(self, item):
        if isinstance(item, LookUp):
            return item
        since_at = max(0, self.now - item.known_since_at) if item.known_since_at else 0
        item = replace(item, at=self.now, known_since_at=since_at)
        if not isinstance(item, Entry):
            item = replace(item, session=f"{item.session}{self.calls}")
        return replace(item, expires_at=self.now + item.expires_at) if isinstance(item, Hold) else item

    @rule(items=st.lists(ITEMS, min_size=1, max_size=8), again=st.booleans(), fresh=st.booleans(),
          ms=st.sampled_from([0, 1, 500, 2000]))
    def ask(self, items, again, fresh, ms):
        self.now += ms
        self.calls += fresh
        items = [self.timed(item) for item in items] * (1 + again)
        answers = apply(self.ledger, items)
        expected = [self.model.do(item) for item in items]
        assert [_brief(a) for a in answers] == [_brief(a) for a in expected]

    @rule(items=st.lists(ITEMS, min_size=1, max_size=3))
    def die_before_the_commit_and_come_back(self, items):
        class Died(Exception):
            """The end of the process."""

        class Dying:
            in_transaction = False

            def execute(self, text, *values):
                if text == "COMMIT":
                    raise Died
                return ledger.execute(text, *values)

        ledger = self.ledger
        try:
            apply(Dying(), [self.timed(item) for item in items])
        except Died:
            pass
        self.ledger.close()
        self.open()

    @precondition(lambda self: hasattr(self, "ledger"))
    @invariant()
    def nothing_is_lost(self):
        assert reads.audit(self.ledger) == []
        for msisdn, minor in self.model.balances.items():
            account = reads.account(self.ledger, msisdn, self.now)
            held_minor = self.model.held_minor(msisdn, self.now)
            assert (account.main_minor, account.held_minor) == (minor, held_minor)
            assert account.available_minor >= 0

    def teardown(self):
        if hasattr(self, "ledger"):
            charged = [m for m in reads.movements_after(self.ledger, 0, 1000) if m.kind == "call"]
            assert len({(m.msisdn, m.ref) for m in charged}) == len(charged)  # each session is charged once at most
            self.ledger.close()
            shutil.rmtree(self.folder)


def _brief(answer):
    """An answer without its sentence."""
    return answer.reason if isinstance(answer, Refused) else answer


Twins.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestTwins = Twins.TestCase
