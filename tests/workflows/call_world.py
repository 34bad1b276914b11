"""A small world for call-backs: a policy with destinations, somebody who may call, and what is told of his call."""

from dataclasses import replace

from tectonics.domain.call import Answered, Ended, NotAnswered, Rate
from tectonics.domain.call_rules import CallBackRules, HighCost
from tectonics.domain.commands import HangUp, Notify
from tectonics.domain.events import (
    CallAsked,
    LegAnswered,
    ReserveAnswered,
    SettleAnswered,
    TalkEnded,
    TalkExtended,
    Trigger,
)
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Balance, Done
from tectonics.domain.tariff import Destination
from tectonics.workflows.decide import decide
from tests.workflows.world import MSISDN, NOW, POLICY, context, subscriber

FRANCE = Rate("france", 5, 12, 30, 6)
FAR = Rate("far", 0, 90, 60, 60)
RULES = CallBackRules(destinations=(
    Destination("france", ("33",), FRANCE), Destination("far", ("2", "3371"), FAR, high_cost=True),
    Destination("free", ("3380",), Rate("free", 0, 0, 1, 1))), high_cost=HighCost(300, 2), service_number="33144")
B = Number("33612345678", "FR", "mobile")
DEAR = Number("221701234567", "SN", "mobile")
FREE = Number("33800123456", "FR", "toll_free")
ASKED = Trigger("ussd_http", "s|1")
RICH = Balance(1000, NOW)


def policy(**rules):
    return replace(POLICY, version=3, call_back=replace(RULES, **rules))


class Life:
    """One subscriber; every unit's tickets, messages and commands in order."""

    def __init__(self, account=None, rules=None):
        self.account = account or subscriber()
        self.policy = rules or policy()
        self.now = NOW
        self.tickets, self.commands, self.finished, self.unresolved = [], [], [], []
        self.last = None

    def decide(self, event, at=None):
        self.now = at or self.now
        self.last = decide(self.account, event, context(self.now, self.policy))
        if self.last is not None:
            self.account = self.last.account
            self.tickets += self.last.tickets
            self.commands += self.last.commands
            self.finished += self.last.finished
            self.unresolved += self.last.unresolved
        return self.last

    @property
    def call(self):
        return self.account.standing.call

    def of(self, kind):
        """The newest command of that kind."""
        return next((c for c in reversed(self.commands) if isinstance(c, kind)), None)

    def count(self, kind):
        return sum(isinstance(c, kind) for c in self.commands)

    @property
    def told(self):
        return [c.key for c in self.commands if isinstance(c, Notify)]

    @property
    def hung_up(self):
        return [c.legs for c in self.commands if isinstance(c, HangUp)]

    def types(self):
        return [t.type for t in self.tickets]

    # --- what happens

    def ask(self, b=B, balance=RICH, trigger=ASKED, number="0612345678", **facts):
        return self.decide(CallAsked(MSISDN, trigger, self.now, number, b, balance, **facts))

    def reserve(self, outcome=None, op=None, **more):
        return self.decide(ReserveAnswered(MSISDN, self.now, self.call.id, op or self.call.op, outcome or Done("r"),
                                           **more))

    def a_answers(self, after_s=5, handle="A"):
        self.now += after_s * 1000
        return self.decide(LegAnswered(MSISDN, self.now, self.call.id, self.call.a.id, Answered(self.now, handle)))

    def b_answers(self, after_s=5, handle="B"):
        self.now += after_s * 1000
        return self.decide(LegAnswered(MSISDN, self.now, self.call.id, self.call.b.id, Answered(self.now, handle)))

    def fails(self, leg, cause, q850=0):
        return self.decide(LegAnswered(MSISDN, self.now, self.call.id, leg.id, NotAnswered(self.now, cause, q850)))

    def extend(self, at=None):
        return self.decide(TalkExtended(MSISDN, at or self.now, self.call.id), at)

    def ends(self, after_s=0, cause="by_a", q850=16, **more):
        self.now += int(after_s * 1000)
        return self.decide(TalkEnded(MSISDN, self.now, self.call.id, "talk", Ended(self.now, cause, q850, **more)))

    def settle(self, outcome=None, op=None, **more):
        return self.decide(SettleAnswered(MSISDN, self.now, self.call.id, op or self.call.op, outcome or Done("s9"),
                                          **more))

    def talking(self, **asked):
        """As far as the two talk."""
        self.ask(**asked)
        if self.call.op:
            self.reserve()
        self.a_answers()
        self.b_answers()
        return self
