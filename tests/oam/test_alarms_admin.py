"""Alarms as people and programs ask for them: lists, history, acknowledging with its ticket."""

import pytest
from twisted.internet.defer import fail

from tectonics.domain.errors import Busy, TheirFault
from tectonics.oam.admin import NotThere
from tests.oam.fakes import NOW, World
from tests.oam.test_admin import WHO, ask


@pytest.fixture
def world():
    made = World()
    made.alarms.raise_alarm("billing_down", "no answer for a minute")
    made.alarms.raise_alarm("feed_lag", "late", "tcp")
    return made


def test_an_active_alarm_shows_all_that_an_operator_needs(world):
    first, second = ask(world, "alarms.list")["alarms"]
    assert first == {"id": "billing_down", "severity": "critical", "since_at": "2025-11-24T16:00:00.000Z",
                     "text": "no answer for a minute", "advice": first["advice"], "cause": "communicationsSubsystemFailure",
                     "raises": 1, "flapping": False, "acknowledged": None}
    assert second["id"] == "feed_lag:tcp" and ask(world, "status")["alarms"] == [first, second]


def test_an_acknowledgement_is_shown_and_leaves_a_ticket(world):
    answer = ask(world, "alarms.ack", id="feed_lag:tcp", note="the sender restarts at six")
    assert answer == {"text": "the alarm feed_lag:tcp is acknowledged: the sender restarts at six"}
    [shown] = [one for one in ask(world, "status")["alarms"] if one["id"] == "feed_lag:tcp"]
    assert shown["acknowledged"] == {"who": WHO, "at": "2025-11-24T16:00:00.000Z", "note": "the sender restarts at six"}
    assert "taken back" in ask(world, "alarms.unack", id="feed_lag:tcp")["text"]
    assert ask(world, "alarms.list")["alarms"][1]["acknowledged"] is None
    tickets = world.policy_log.audited
    assert [(one.type, one.at, one.msisdn) for one in tickets] == [("admin.change", NOW, "")] * 2
    assert tickets[0].fields["text"] == f"{WHO}: the alarm feed_lag:tcp is acknowledged: the sender restarts at six"


def test_the_history_is_the_newest_first_with_who_did_what(world):
    ask(world, "alarms.ack", id="billing_down")
    world.alarms.clear("billing_down")
    world.clock.advance(10)
    found = ask(world, "alarms.history")["changes"]
    assert [(one["what"], one["id"], one["who"]) for one in found] == [
        ("cleared", "billing_down", None), ("acknowledged", "billing_down", WHO), ("raised", "feed_lag:tcp", None),
        ("raised", "billing_down", None)]
    assert found[0]["at"] == "2025-11-24T16:00:10.000Z" and len(ask(world, "alarms.history", limit=2)["changes"]) == 2


@pytest.mark.parametrize("method, params, error", [
    ("alarms.ack", {"id": "gsup_down"}, NotThere), ("alarms.unack", {"id": "gsup_down"}, NotThere),
    ("alarms.unack", {"id": "billing_down"}, TheirFault), ("alarms.ack", {}, TheirFault),
    ("alarms.ack", {"id": "billing_down", "note": "x" * 201}, TheirFault),
    ("alarms.ack", {"id": "billing_down", "note": "two\nlines"}, TheirFault), ("alarms.history", {"limit": 0}, TheirFault)])
def test_what_is_refused_leaves_no_ticket(world, method, params, error):
    with pytest.raises(error):
        ask(world, method, **params)
    assert world.policy_log.audited == [] and ask(world, "alarms.list")["alarms"][0]["acknowledged"] is None


def test_an_alarm_of_the_database_can_be_acknowledged_while_it_is_away(world, monkeypatch):
    monkeypatch.setattr(type(world.policy_log), "audit", lambda self, ticket: fail(Busy("the queue is full")))
    assert "could not be written: the queue is full" in ask(world, "alarms.ack", id="billing_down")["text"]
    assert ask(world, "alarms.list")["alarms"][0]["acknowledged"]["who"] == WHO
