"""Subscribing to call-backs: the profile, the audit ticket, and the message with the balance as it is marketed."""

import pytest

from tectonics.domain.call_rules import PostpaidRules
from tectonics.domain.errors import TheirFault
from tectonics.domain.events import ProfileChanged, Trigger
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.subscriber import Account
from tectonics.workflows.call_checks import subscribed
from tests.workflows.call_world import Life, policy
from tests.workflows.world import MSISDN, NOW, subscriber

POSTPAID = subscriber(kind="postpaid")


def change(account, value, balance=None, **rules):
    life = Life(account, policy(**rules))
    life.decide(ProfileChanged(MSISDN, NOW, "call_back", value, "Ann", Trigger("api", "t1"), balance))
    return life


@pytest.mark.parametrize(("account", "balance", "rules", "text"), [
    (subscriber(), Balance(250, NOW), {}, "sms.callback.subscribed_money 2.50 EUR"),
    (subscriber(), Balance(-5, NOW), {}, "sms.callback.subscribed_money 0.00 EUR"),
    (subscriber(), Balance(65, NOW), {"marketed_as": "minutes"}, "sms.callback.subscribed_minutes 5"),
    (subscriber(), Balance(189, NOW), {"marketed_as": "minutes", "minutes_of": "far"}, "sms.callback.subscribed_minutes 2"),
    (subscriber(), Unavailable(), {}, "sms.callback.subscribed"),
    (subscriber(), None, {"marketed_as": "minutes"}, "sms.callback.subscribed"),
    (subscriber(), Balance(65, NOW), {"marketed_as": "minutes", "minutes_of": "free"}, "sms.callback.subscribed"),
    (subscriber(), Balance(65, NOW), {"marketed_as": "minutes", "destinations": ()}, "sms.callback.subscribed"),
    (POSTPAID, None, {"marketed_as": "minutes"}, "sms.callback.subscribed_minutes 600"),
    (POSTPAID, None, {}, "sms.callback.subscribed"),
    (POSTPAID, None, {"postpaid": PostpaidRules(None, 1500)}, "sms.callback.subscribed_money 15.00 EUR"),
    (POSTPAID, None, {"postpaid": PostpaidRules(None, 65), "marketed_as": "minutes"}, "sms.callback.subscribed_minutes 5"),
    (POSTPAID, None, {"postpaid": PostpaidRules(120, 65), "marketed_as": "minutes"}, "sms.callback.subscribed_minutes 2"),
])
def test_who_subscribes_is_told_his_balance(account, balance, rules, text):
    life = change(account, "on", balance, **rules)
    message, = life.commands
    assert message.text == text and life.types() == ["admin.change"]
    assert life.account.profile.call_back is True and subscribed(life.account, life.policy.call_back)
    assert "Ann" in life.tickets[0].fields["text"]


@pytest.mark.parametrize("account", [subscriber(), POSTPAID, subscriber(kind="postpaid", call_back=True)])
def test_who_leaves_is_told_and_may_not_call(account):
    life = change(account, "off")
    assert life.told == ["sms.callback.unsubscribed"] and not subscribed(life.account, life.policy.call_back)


def test_neither_on_nor_off():
    with pytest.raises(TheirFault, match="on or off"):
        change(subscriber(), "perhaps")


def test_nobody_to_subscribe():
    with pytest.raises(TheirFault, match="no subscriber has that number"):
        change(Account(MSISDN), "on")
