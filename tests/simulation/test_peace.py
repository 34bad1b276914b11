"""Peace: whoever owes is asked to pay when nothing is on the way any more that could change what he owes."""

from collections import Counter
from dataclasses import replace

from tectonics.simulation import peace
from tectonics.simulation.drawing import draw
from tectonics.simulation.peers.feed import FeedSystem
from tectonics.simulation.plan import FeedTraits, Options
from tectonics.simulation.run import simulate


def test_nobody_is_asked_to_pay_while_a_record_will_be_sent_once_more(monkeypatch):
    sent, seen = Counter(), []
    ask, debts = FeedSystem._ask, peace._debts

    async def counted(feed, record):
        sent[record.id] += 1
        return await ask(feed, record)

    def at_that_moment(stage):
        seen.append(Counter(sent))
        return debts(stage)

    monkeypatch.setattr(FeedSystem, "_ask", counted)
    monkeypatch.setattr(peace, "_debts", at_that_moment)
    plan = replace(draw(3, Options(days=0.05, subscribers=8, faults=False)), feed=FeedTraits(doubled=1.0))
    assert simulate(plan).complaints == []
    assert len(seen) == 1 and len(seen[0]) > 3
    assert set(seen[0].values()) == {2}
