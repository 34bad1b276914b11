"""Low balances through the real engine and store: advertised once, within bounds, and first to be shed."""

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tectonics.billing.feed_embedded import EmbeddedFeed
from tectonics.domain.advertising import AdvertisingRules, Campaign
from tectonics.domain.commands import ADVERT
from tectonics.domain.events import BalanceSeen
from tectonics.domain.outcome import Unknown
from tectonics.engine import balances
from tests.engine.test_main_job import tickets
from tests.engine.world import build, run, settle
from tests.workflows.world import MSISDN, POLICY, subscriber

RULES = AdvertisingRules(True, (Campaign("low", 50),), quiet=(0, 0), code="*133#")
ON = replace(POLICY, advertising=RULES)


def node_of(folder, rules=RULES, **more):
    return build(folder, policy=replace(POLICY, advertising=rules), **more)


def told(node, id="b1", balance_minor=10, msisdn=MSISDN):
    return node.core.intake.feed(BalanceSeen(msisdn, "tcp", id, node.core.engine.now(), balance_minor))


def adverts(node):
    return [ticket for ticket in tickets(node) if ticket["type"] == "advert.sent"]


def test_a_low_balance_is_advertised_once(tmp_path):
    node = node_of(tmp_path)
    assert run(node.clock, told(node)) == "OK"
    settle(node, 3)
    assert [(m.key, m.priority) for m in node.inbox.sent] == [("advert.offer", ADVERT)]
    assert run(node.clock, told(node)) == "DUP"
    assert run(node.clock, told(node, "b2")) == "OK"
    settle(node, 3)
    assert len(node.inbox.sent) == len(adverts(node)) == 1
    assert node.metrics.counts["tectonics_adverts_total", ("sent",)] == 1
    assert node.metrics.counts["tectonics_adverts_total", ("often_enough",)] == 1


def test_after_a_restart_the_same_record_still_advertises_once(tmp_path):
    node = node_of(tmp_path)
    run(node.clock, told(node))
    again = type(node)(tmp_path, node.clock, node.ledger, policy=ON)
    node.process.kill()
    run(node.clock, again.start())
    assert run(node.clock, told(again)) == "DUP"
    settle(again, 40)
    assert len(adverts(again)) == 1


def test_ten_records_at_the_same_moment_advertise_once(tmp_path):
    node = node_of(tmp_path)
    answers = run(node.clock, gatherResults([told(node, f"b{n}") for n in range(10)]))
    assert answers == ["OK"] * 10 and len(adverts(node)) == 1


def test_a_balance_that_concerns_nobody_costs_no_unit(tmp_path):
    node = node_of(tmp_path)
    assert [run(node.clock, told(node, "b1", 51)), run(node.clock, told(node, "b1", 51))] == ["OK", "DUP"]
    assert ("tectonics_units_total", ("committed",)) not in node.metrics.counts


def test_while_it_is_switched_off_nothing_is_sent(tmp_path):
    node = node_of(tmp_path, AdvertisingRules())
    assert run(node.clock, told(node)) == "OK" and adverts(node) == []


def test_advertising_is_shed_first(tmp_path):
    accounts = [replace(subscriber(), msisdn=str(33600000001 + n)) for n in range(250)]
    node = node_of(tmp_path, accounts=accounts)
    fed = gatherResults([told(node, f"b{n}", msisdn=one.msisdn) for n, one in enumerate(accounts)])
    assert run(node.clock, fed, 100_000) == ["OK"] * 250
    assert node.metrics.counts["tectonics_shed_total", ("advert",)] == 50
    assert node.metrics.counts["tectonics_adverts_total", ("sent",)] == 200
    node.core.engine.dispatching += 300
    assert run(node.clock, told(node, "late", msisdn=accounts[240].msisdn)) == "OK"
    assert node.metrics.counts["tectonics_shed_total", ("advert",)] == 51


def test_what_is_remembered_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(balances, "RECENT_MAX", 3)
    node = node_of(tmp_path)
    assert [run(node.clock, told(node, f"b{n}", 900)) for n in (1, 2, 3, 4, 1, 4)] == ["OK"] * 5 + ["DUP"]


class Deaf:
    """A messenger that cannot say what became of it."""

    def __init__(self):
        self.asked = 0

    def send(self, command):
        self.asked += 1
        answer = Deferred()
        answer.callback(Unknown("no answer"))
        return answer


def test_an_advertisement_expires_unsent(tmp_path):
    node = node_of(tmp_path, replace(RULES, valid_s=60))
    node.core.outbox._messenger = deaf = Deaf()
    run(node.clock, told(node))
    settle(node, 300)
    assert 1 < deaf.asked < 10
    assert node.metrics.counts["tectonics_messages_total", ("expired",)] == 1
    assert run(node.clock, node.files.outbox.due(2**50, 10)) == []


@pytest.mark.parametrize("spent", [480, 500])
def test_what_is_spent_at_the_embedded_till_tells_a_balance(tmp_path, spent):
    node = node_of(tmp_path, balance_minor=500)
    feed = EmbeddedFeed(node.ledger.billing, node.core.intake, node.files.bookmarks, node.process, node.metrics,
                        node.metrics, "EUR")
    feed.start()
    run(node.clock, node.ledger.billing.spend(MSISDN, spent))
    settle(node, 5)
    assert [ticket["text"] for ticket in adverts(node)] == [f"offered at a balance of {(500 - spent) / 100:.2f}"]
    feed.stop()
