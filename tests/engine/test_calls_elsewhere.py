"""Call-backs when nodes are slow, gone, or without a call server, and when what should end them does not answer."""

from twisted.internet.defer import fail, succeed

from tectonics.domain import call as calls
from tectonics.domain.commands import HangUp, Ring
from tectonics.domain.errors import Busy
from tectonics.domain.outcome import Refused, Unknown
from tectonics.engine.calls import HANG_UPS_MAX
from tests.engine.call_story import Calls
from tests.engine.world import drain, run, settle


def test_a_node_that_was_away_for_longer_than_its_lease_charges_nothing_twice(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 150))
    story.dial()
    story.wait(20)
    slow = story.node
    drain(story.clock, story.clock.seconds() + 60)
    other = story.another("n2", kill=False)
    assert len(other.core.calls) == 1
    for _ in range(200):
        settle(slow, 0.5)
        settle(other, 0.5)
    tickets = [*story.tickets("n1"), *story.tickets("n2")]
    assert [(t["type"], t["amount"]) for t in tickets] == [("callback.completed", "1.55")]
    assert story.balance() == 1000 - 155
    story.over()
    assert story.outbox_of(slow) == [] and len(slow.core.calls) == 0


def test_what_another_node_has_reserved_is_seen_before_the_end(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 100))
    story.dial()
    story.wait(15)
    node = story.node
    node.core.engine.on_decided.remove(node.core.calls.talks.heard)  # as if each unit was another node's
    story.wait(150)
    done, = story.tickets()
    assert done["duration_s"] == 100 and story.exchange.extended
    story.over()


def test_more_is_asked_for_again_when_it_could_not_be_decided(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 100))
    story.dial()
    story.wait(50)
    store = story.node.core.engine.store
    load, until = store.load, story.call().until_at / 1000
    store.load = lambda *args: fail(Busy("too much")) if story.clock.seconds() < until - 10 else load(*args)
    story.wait(150)
    assert story.tickets()[0]["duration_s"] == 100
    story.over()


def test_more_is_sent_for_again_while_the_billing_system_cannot_be_asked(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 100))
    story.dial()
    story.wait(15)
    billing, until = story.node.ledger.billing, story.call().until_at / 1000
    reserve, refused = billing.reserve, []

    def busy(command):
        if story.clock.seconds() < until - 10:
            refused.append(command)
            return succeed(Refused("unreachable"))
        return reserve(command)

    billing.reserve = busy
    story.wait(200)
    assert len(refused) > 1 and story.tickets()[0]["duration_s"] == 100
    story.over()


def test_who_waits_for_his_telephone_is_told_at_once_that_the_billing_system_cannot_be_asked(tmp_path):
    story = Calls(tmp_path)
    story.node.ledger.billing.reserve = lambda command: succeed(Refused("unreachable"))
    story.dial()
    story.wait(1)
    failed, = story.tickets()
    assert (failed["type"], failed["reason"]) == ("callback.failed", "billing_unavailable")
    assert story.told() == ["sms.callback.failed"] and story.exchange.phones == {}


def test_a_lease_that_could_not_be_renewed_is_renewed_at_the_next_turn(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 100))
    story.dial()
    story.wait(20)
    outbox = story.node.core.calls._outbox
    put_off, refused = outbox.reschedule, []
    outbox.reschedule = lambda *row: refused.append(row) or fail(Busy("too much"))
    while not refused:
        story.wait(1)
    outbox.reschedule = put_off
    story.wait(1)
    leases = {row.command.op: row.lease_until for row in run(story.clock, story.node.files.queries.calls())}
    assert leases[refused[0][1]] > story.node.core.engine.now() + 40_000
    story.wait(150)
    story.over()


def test_a_hang_up_is_tried_again_and_given_up_in_the_end(tmp_path):
    story = Calls(tmp_path, b=(calls.BUSY, 3))
    tried, line = [], story.node.core.calls._server
    line.hang_up = lambda command: tried.append(command) or succeed(Unknown("no answer"))
    story.dial()
    story.wait(60)
    assert len(tried) > 3 and isinstance(story.outbox()[0], HangUp)
    story.wait(300 * HANG_UPS_MAX)
    assert len(tried) == HANG_UPS_MAX + 1 and story.outbox() == []
    assert story.types() == ["callback.failed"] and story.balance() == 1000


def test_without_the_call_server_of_yesterday_everything_is_given_back(tmp_path):
    story = Calls(tmp_path)
    story.dial()
    story.wait(2)
    assert any(isinstance(command, Ring) for command in story.outbox())
    exchange, story.exchange.line = story.exchange, lambda process: None
    story.another()
    story.wait(30)
    failed, = story.tickets()
    assert (failed["type"], failed["reason"], failed["amount"]) == ("callback.failed", "a_gone", "0.00")
    assert story.balance() == 1000 and story.outbox() == [] and exchange is story.exchange


def test_a_conversation_nobody_can_find_again_is_charged_to_what_is_proven(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 5000))
    story.dial()
    story.wait(60)
    story.node.process.kill()
    for leg in list(story.exchange.up()):
        story.exchange.phones[leg].down = True
    story.exchange.conversations.clear()
    drain(story.clock, story.clock.seconds() + 30)
    story.another()
    story.wait(30)
    lost, = story.tickets()
    assert (lost["type"], lost["reason"]) == ("callback.completed", "lost")
    assert lost["duration_s"] <= 60 and story.balance() == 1000 - round(float(lost["amount"]) * 100)
    story.over()
