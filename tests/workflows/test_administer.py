"""What a subscriber changes himself, and how he is told."""

import pytest

from tectonics.domain.commands import REPLY
from tectonics.domain.errors import TheirFault
from tectonics.domain.events import LifecycleSeen, ProfileChanged, Trigger
from tectonics.domain.subscriber import Account
from tectonics.workflows.decide import decide
from tests.workflows.world import MSISDN, NOW, context, subscriber


def change(account, what, value="", channel="sms", now=NOW):
    return decide(account, ProfileChanged(MSISDN, now, what, value, "the subscriber", Trigger(channel, "t")), context(now))


@pytest.mark.parametrize("account", [subscriber(), Account(MSISDN)], ids=["known", "unknown"])
def test_a_stop_is_kept_from_its_first_moment_on_with_an_audit_ticket_and_an_answer(account):
    decision = change(account, "advert_stop")
    assert decision.account.profile.adverts_stopped_at == NOW
    assert [(t.type, t.fields["channel"], t.fields["text"]) for t in decision.tickets] == [
        ("admin.change", "sms", "advertising stopped, by the subscriber")]
    assert [(c.key, c.priority) for c in decision.commands] == [("reply.stopped", REPLY)]
    assert change(decision.account, "advert_stop", now=NOW + 5).account.profile.adverts_stopped_at == NOW
    assert change(decision.account, "advert_start").account.profile.adverts_stopped_at is None


def test_an_agent_who_does_it_sends_no_message():
    assert change(subscriber(), "advert_stop", channel="admin").commands == ()


@pytest.mark.parametrize("what", ["advert_stop", "advert_start", "collect_refuse", "collect_allow"])
def test_an_agent_changes_nothing_of_a_number_that_nobody_has(what):
    with pytest.raises(TheirFault, match="no subscriber"):
        change(Account(MSISDN), what, channel="admin")
    assert change(Account(MSISDN), what).account.version == 0  # he himself may, before we know him


def test_a_new_holder_of_the_number_has_stopped_nothing():
    stopped = change(subscriber(), "advert_stop").account
    recycled = LifecycleSeen(MSISDN, "tcp", "l1", NOW + 1, NOW + 1, "recycled")
    assert decide(stopped, recycled, context(NOW + 1)).account.profile.adverts_stopped_at is None


def test_a_language_is_confirmed_in_that_language():
    decision = change(subscriber(), "language", "en")
    assert decision.account.profile.language == "en"
    assert [(c.key, c.language) for c in decision.commands] == [("reply.language", "en")]
    assert change(subscriber(), "language", "en", channel="ussd_http").commands == ()
