"""What agents change for a subscriber as he wishes: collect calls and advertising, and since when it shows."""

from dataclasses import replace

import pytest

from tectonics.domain.errors import TheirFault
from tests.oam.fakes import NOW, NUMBER, World
from tests.oam.test_admin import WHO, ask


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("method, value, change", [
    ("collect", "refuse", "collect_refuse"), ("collect", "allow", "collect_allow"),
    ("adverts", "stop", "advert_stop"), ("adverts", "start", "advert_start")])
def test_a_wish_is_decided_at_the_desk_and_names_who(world, method, value, change):
    ask(world, f"subscribers.{method}", msisdn=NUMBER, value=value)
    event, = world.desk.events
    assert (event.msisdn, event.change, event.value, event.who, event.trigger.channel) == (NUMBER, change, "", WHO, "admin")


@pytest.mark.parametrize("method, value", [("collect", "stop"), ("adverts", "refuse"), ("adverts", "")])
def test_another_word_changes_nothing(world, method, value):
    with pytest.raises(TheirFault):
        ask(world, f"subscribers.{method}", msisdn=NUMBER, value=value)
    assert world.desk.events == []


def test_since_when_he_wants_none_is_shown(world):
    shown = ask(world, "subscribers.show", msisdn=NUMBER)
    assert (shown["adverts_stopped_at"], shown["collect_refused_at"]) == (None, None)
    account = world.queries.accounts[NUMBER]
    profile = replace(account.profile, adverts_stopped_at=NOW - 5000, collect_refused_at=NOW)
    world.queries.accounts[NUMBER] = replace(account, profile=profile)
    shown = ask(world, "subscribers.show", msisdn=NUMBER)
    assert shown["adverts_stopped_at"] < shown["collect_refused_at"] and shown["collect_refused_at"].endswith("Z")
