"""One-time codes as decisions: who is sent one, what a guess does to it."""

import pytest

from tectonics.domain.commands import REPLY
from tectonics.domain.events import CodeAsked, CodeEntered, LifecycleSeen, ProfileChanged, Trigger
from tectonics.domain.login import CODES_HOUR_MAX, GUESSES_MAX, HOUR_MS, VALID_S
from tectonics.domain.subscriber import Account
from tectonics.workflows.advertise import Silence
from tectonics.workflows.decide import decide
from tectonics.workflows.self_care import LIMITED, NO_CODE, STRANGER, is_used
from tests.workflows.world import MSISDN, NOW, context, subscriber

SALT = "0a" * 16


def asked(account, at=NOW, code="042137"):
    return decide(account, CodeAsked(MSISDN, Trigger("web", f"login-{at}-{code}"), at, code, SALT), context(at))


def entered(account, code, at=NOW):
    return decide(account, CodeEntered(MSISDN, at, code), context(at))


def test_a_code_goes_out_first_of_all_and_not_after_it_is_over():
    decision = asked(subscriber(language="fr"))
    (told,) = decision.commands
    assert told.text == "sms.login_code 042137 5" and told.language == "fr"
    assert told.priority == REPLY and told.expires_at == NOW + VALID_S * 1000 == decision.account.standing.login.until_at
    assert decision.tickets == () and "042137" not in repr(decision.account) and "042137" not in decision.text


def test_a_stranger_gets_nothing_and_leaves_nothing():
    assert asked(Account(MSISDN)) == Silence(STRANGER)
    assert entered(Account(MSISDN), "042137") == Silence(NO_CODE)


def test_an_hour_has_few_codes_and_the_newest_counts():
    account = subscriber()
    for number in range(CODES_HOUR_MAX):
        account = asked(account, NOW + number, f"00000{number}").account
    assert asked(account, NOW + 10) == Silence(LIMITED)
    assert not is_used(entered(account, "000000", NOW + 10).account.standing.login)
    assert is_used(entered(account, "000002", NOW + 10).account.standing.login)
    assert asked(account, NOW + HOUR_MS).commands


def test_the_right_code_counts_once():
    used = entered(asked(subscriber()).account, "042137").account
    assert is_used(used.standing.login)
    assert entered(used, "042137") == Silence(NO_CODE)


def test_guesses_end_the_code_even_for_the_right_one():
    account = asked(subscriber()).account
    for number in range(GUESSES_MAX):
        account = entered(account, f"{number:06}").account
        assert not is_used(account.standing.login)
    assert entered(account, "042137") == Silence(NO_CODE)


def test_a_code_does_not_outlive_its_time_or_the_holder_of_the_number():
    account = asked(subscriber()).account
    assert entered(account, "042137", NOW + VALID_S * 1000) == Silence(NO_CODE)
    recycled = decide(account, LifecycleSeen(MSISDN, "tcp", "l1", NOW, NOW, "recycled"), context()).account
    assert entered(recycled, "042137") == Silence(NO_CODE)


@pytest.mark.parametrize(("change", "refuses"), [("collect_refuse", True), ("collect_allow", False)])
def test_collect_calls_are_refused_or_allowed_with_an_audit_ticket(change, refuses):
    event = ProfileChanged(MSISDN, NOW, change, "", "the subscriber", Trigger("web", "x"))
    decision = decide(subscriber(collect_refused_at=NOW - 5), event, context())
    assert decision.account.profile.collect_refused_at == (NOW - 5 if refuses else None)
    (written,) = decision.tickets
    assert written.type == "admin.change" and written.fields["text"].endswith("by the subscriber")
