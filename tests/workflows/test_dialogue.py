"""Menus: what is shown, what an input leads to, and that nothing is agreed to unseen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.messages import Catalogue
from tectonics.domain.outcome import Unavailable
from tectonics.domain.policy import TypedAmount
from tectonics.domain.screens import Screen, Style
from tectonics.domain.self_care import Movement
from tectonics.domain.subscriber import Account
from tectonics.domain.text import fits
from tectonics.workflows import lending
from tectonics.workflows.dialogue import Left, Menus
from tectonics.workflows.replies import code_of
from tests.workflows.test_recover import indebted
from tests.workflows.world import DAY, MSISDN, NOW, POLICY, STANDARD, TEXTS, context, empty, subscriber, tier

LONG = Style(septets_max=2000, ucs2_max=900)


def opened(style=LONG, policy=POLICY, account=None):
    ctx = context(policy=policy)
    account = account or subscriber()
    menus = Menus(ctx, style, account)
    return menus, menus.open(account, lending.choices(account, ctx))


def test_the_first_screen_offers_what_the_rules_allow():
    _, move = opened()
    assert move.screen.more
    lines = move.screen.text.split("\n")
    assert lines[0] == "menu.title" and lines[-1] == "menu.owe 0"
    assert lines[1:4] == ["menu.offer 1.00 0.10 1", "menu.offer 2.00 0.20 2", "menu.offer 5.00 0.50 3"]


def test_choice_then_confirmation_then_yes():
    menus, move = opened()
    move = menus.enter(move.snapshot, "2")
    assert move.screen.text.startswith("confirm 2.00") and "2.20" in move.screen.text
    move = menus.enter(move.snapshot, "1")
    assert move.confirmed.total_minor == 220 and move.screen is None


def test_back_returns_to_the_offers():
    menus, move = opened()
    move = menus.enter(menus.enter(move.snapshot, "3").snapshot, "2")
    assert move.screen.text.startswith("menu.title") and move.snapshot.offer is None


def test_a_wrong_input_is_asked_again_twice_and_then_ended():
    menus, move = opened()
    for _ in range(2):
        move = menus.enter(move.snapshot, "7")
        assert move.screen.text.startswith("wrong.again\n") and move.screen.more
    assert menus.enter(move.snapshot, "2").snapshot.wrong == 0
    move = menus.enter(move.snapshot, "")
    assert move.screen.text == "wrong.end" and not move.screen.more


def test_inputs_that_come_together_never_pass_the_confirmation():
    menus, move = opened()
    for inputs in (["1"], ["1", "1"], ["1", "1", "1", "1"]):
        replayed = menus.replay(move, inputs)
        assert replayed.confirmed is None and replayed.screen.text.startswith("confirm 1.00")


def test_what_i_owe():
    menus, move = opened()
    assert menus.enter(move.snapshot, "0").screen.text == "owe.none"
    owing = menus.owed(indebted())
    assert owing.text.startswith("owe.total") and "2.20" in owing.text and not owing.more


def test_typed_amounts():
    typed = replace(tier(1, 0, 10), amount=TypedAmount(100, 1000, 50))
    policy = replace(POLICY, segments=(replace(STANDARD, tiers=(typed,)),))
    menus, move = opened(policy=policy)
    assert "1. 1.00-10.00" in move.screen.text
    asking = menus.enter(move.snapshot, "1")
    assert asking.screen.text.startswith("amount.ask")
    assert menus.enter(asking.snapshot, "2.50").screen.text.startswith("confirm 2.50")
    for wrong in ("2.51", "0.50", "11", "x", "-1", "1e2", "2,5"):
        assert menus.enter(asking.snapshot, wrong).screen.text.startswith("wrong.again")
    assert menus.enter(asking.snapshot, "0").screen.text.startswith("menu.title")


def test_where_a_retry_cannot_be_told_the_key_that_confirms_never_chooses():
    menus, move = opened(replace(LONG, mode="last"))
    confirm = menus.enter(move.snapshot, "1")
    assert menus.enter(confirm.snapshot, "1").confirmed is None
    assert menus.enter(confirm.snapshot, "99").confirmed is not None
    assert menus.enter(move.snapshot, "99").confirmed is None


def test_twelve_tiers_are_paged_and_each_can_be_chosen():
    tiers = tuple(tier(n, 100 * n, 10) for n in range(1, 13))
    policy = replace(POLICY, segments=(replace(STANDARD, tiers=tiers),))
    style = Style(septets_max=130)
    menus, move = opened(style, policy)
    seen = set()
    for _ in range(12):
        assert fits(move.screen.text, style)
        seen |= {line.rsplit(" ", 1)[-1] for line in move.screen.text.split("\n") if "menu.offer" in line}
        move = menus.enter(move.snapshot, "98")
    assert seen == {str(n) for n in range(1, 13)}
    assert menus.enter(move.snapshot, "12").screen.text.startswith("confirm 12.00")


@given(st.lists(st.text(max_size=6), max_size=12), st.sampled_from(["cumulative", "last"]))
def test_any_input_is_answered_and_only_yes_on_a_confirmation_confirms(inputs, mode):
    menus, move = opened(replace(LONG, mode=mode))
    for text in inputs:
        before = move.snapshot
        move = menus.enter(before, text)
        if move.confirmed is not None:
            assert before.place == "confirm" and move.confirmed == before.offer
        if move.snapshot is None:
            break
        assert move.screen is not None


@pytest.mark.parametrize("mode", ["cumulative", "last"])
def test_the_menu_is_the_same_for_the_same_snapshot(mode):
    menus, move = opened(replace(LONG, mode=mode))
    assert menus.enter(move.snapshot, "1") == menus.enter(move.snapshot, "1")

SEVERAL = Catalogue({"en": TEXTS | {"menu.title": "title", "language.name": "English"},
                     "fr": TEXTS | {"menu.title": "titre", "language.name": "Français"}}, "en")


def opened_in_several(style=LONG, **profile):
    ctx = replace(context(), catalogue=SEVERAL)
    account = subscriber(**profile)
    menus = Menus(ctx, style)
    return menus, menus.open(account, lending.choices(account, ctx))


def test_another_language_is_offered_where_there_are_several():
    menus, move = opened_in_several()
    assert move.screen.text.split("\n")[-2:] == ["menu.language 97", "menu.owe 0"]
    chosen = menus.enter(move.snapshot, "97")
    assert chosen.screen.text == "1. English\n2. Français\nmenu.back 0"
    move = menus.enter(chosen.snapshot, "2")
    assert move.language == "fr" and move.screen.text.startswith("titre\nmenu.offer 1.00")
    assert menus.enter(chosen.snapshot, "0").screen.text.startswith("title")
    assert menus.enter(chosen.snapshot, "0").language == ""
    assert menus.enter(chosen.snapshot, "3").screen.text.startswith("wrong.again\n1. English")


def test_one_language_is_no_choice():
    menus, move = opened()
    assert "menu.language" not in move.screen.text
    assert menus.enter(move.snapshot, "97").screen.text.startswith("wrong.again")


def test_a_language_that_was_dialled_with_the_code_is_chosen_and_the_rest_goes_on_in_it():
    menus, move = opened_in_several()
    replayed = menus.replay(move, ["97", "2", "3"])
    assert replayed.language == "fr" and replayed.screen.text.startswith("confirm 5.00")
    assert replayed.snapshot.language == "fr"


def test_many_languages_are_paged():
    names = {f"x{chr(97 + n)}": TEXTS | {"language.name": f"Language number {n}"} for n in range(20)}
    menus = Menus(replace(context(), catalogue=Catalogue({"en": TEXTS} | names, "en")), Style(septets_max=100))
    move = menus.enter(menus.open(subscriber(), lending.choices(subscriber(), context())).snapshot, "97")
    shown = set()
    for _ in range(8):
        assert fits(move.screen.text, menus.style)
        shown |= {line.partition(".")[0] for line in move.screen.text.split("\n") if "number" in line}
        move = menus.enter(move.snapshot, "98")
    assert shown == {str(n) for n in range(2, 22)}
    assert menus.enter(move.snapshot, "21").language == "xt"


@pytest.mark.parametrize(("profile", "lines"), [
    ({}, ["settings.advert_stop 1", "settings.collect_refuse 3"]),
    ({"adverts_stopped_at": 1, "collect_refused_at": 1}, ["settings.advert_start 2", "settings.collect_allow 4"])])
def test_settings_show_the_balance_and_what_can_be_changed(profile, lines):
    menus = Menus(context(), LONG)
    account = subscriber(**profile)
    assert menus.settings(account, empty()).screen.text.split("\n") == ["settings.balance 0.00 EUR", *lines,
                                                                             "settings.history 5"]
    assert menus.settings(account, Unavailable()).screen.text.split("\n") == [*lines, "settings.history 5"]


@pytest.mark.parametrize(("typed", "change"), [("1", "advert_stop"), ("2", "advert_start"), (" 3 ", "collect_refuse"),
                                               ("4", "collect_allow")])
def test_a_setting_is_changed_by_the_same_key_whatever_it_was(typed, change):
    menus = Menus(context(), LONG)
    for profile in ({}, {"adverts_stopped_at": 1, "collect_refused_at": 1}):
        move = menus.enter(menus.settings(subscriber(**profile), empty()).snapshot, typed)
        assert move.change == (change, "") and move.screen == Screen("settings.saved", more=False) and move.confirmed is None


def test_settings_ask_again_and_are_for_subscribers():
    menus = Menus(context(), LONG)
    move = menus.enter(menus.settings(subscriber(), empty()).snapshot, "0")
    assert move.screen.text.startswith("wrong.again\nsettings.balance") and move.change is None
    stranger = menus.settings(Account(MSISDN), empty())
    assert stranger.snapshot is None and stranger.screen.text == "refused.unknown_subscriber"


def test_history_turns_its_pages_and_goes_back_to_the_settings():
    style = Style(septets_max=100)
    menus = Menus(context(), style)
    movements = [Movement(NOW - n * DAY, "payment", 100 + n) for n in range(8)]
    settings = menus.settings(subscriber(), empty(), movements)
    move, seen = menus.enter(settings.snapshot, "5"), []
    for _ in range(menus.shown.pages(move.snapshot)):
        assert move.screen.more and fits(move.screen.text, style)
        first, *lines, more, back = move.screen.text.split("\n")
        assert (first, more, back) == ("history.title EUR", "menu.more 98", "menu.back 0")
        seen += lines
        move = menus.enter(move.snapshot, "98")
    assert [line.split()[1] for line in seen] == [f"1.0{n}" for n in range(8)]
    assert menus.enter(move.snapshot, "0").screen == settings.screen
    assert menus.enter(move.snapshot, "1").change is None
    assert menus.enter(move.snapshot, "1").screen.text.startswith("history.title")  # no room for the hint


def test_history_of_one_screen_needs_no_key_for_more():
    menus = Menus(context(), LONG)
    lent = menus.settings(subscriber(), empty(), [Movement(NOW, "advance", 200, 20)])
    assert menus.replay(lent, ["5"]).screen.text == "history.title EUR\nhistory.advance 2.00 21/09 0.20\nmenu.back 0"
    none = menus.replay(menus.settings(subscriber(), empty()), ["5"])
    assert none.screen.text == "history.title EUR\nhistory.none\nmenu.back 0"
    assert menus.enter(none.snapshot, "98").screen.text.startswith("wrong.again\nhistory.title")


def left_at(*inputs, policy=POLICY):
    menus, move = opened(policy=policy)
    for text in inputs:
        move = menus.enter(move.snapshot, text)
    return Left.at(move.snapshot)


def resumed(left, policy=POLICY, style=LONG, account=None):
    ctx, account = context(policy=policy), account or subscriber()
    menus = Menus(ctx, style)
    return menus, menus.resume(account, lending.choices(account, ctx), left)


def test_only_what_was_chosen_is_worth_resuming():
    _, move = opened()
    assert Left.at(None) is None and Left.at(move.snapshot) is None
    assert left_at("2") == Left("2", 200)
    assert left_at("2", "2") is None  # he went back to the offers


def test_a_redial_begins_with_the_confirmation_that_was_left():
    menus, move = resumed(left_at("2"))
    assert move.screen.text == "confirm 2.00 0 EUR " + move.screen.text.split(" ", 4)[4]
    assert move.screen.text.endswith("2.20 99") and move.confirmed is None
    assert menus.enter(move.snapshot, "99").confirmed.amount_minor == 200
    assert menus.enter(move.snapshot, "0").screen.text.startswith("menu.title")


@pytest.mark.parametrize("mode", ["cumulative", "last"])
def test_who_types_ahead_chooses_as_if_nothing_had_been_left_and_never_agrees(mode):
    style = replace(LONG, mode=mode)
    menus, move = resumed(left_at("2"), style=style)
    fresh = menus.open(subscriber(), lending.choices(subscriber(), context()))
    for text in ("1", "2", "3", "7", "x", "", "98"):
        assert menus.enter(move.snapshot, text) == menus.enter(fresh.snapshot, text)


def test_what_is_resumed_is_made_anew():
    left = left_at("2")
    dearer = replace(POLICY, version=2, segments=(replace(STANDARD, tiers=(tier(2, 200, 30),)),))
    _, move = resumed(left, dearer)
    assert (move.snapshot.offer.fee_minor, move.snapshot.offer.policy) == (30, 2) and "2.30" in move.screen.text
    for changed in (tier(2, 300, 20), tier(4, 200, 20)):
        _, move = resumed(left, replace(POLICY, segments=(replace(STANDARD, tiers=(changed,)),)))
        assert move.snapshot.place == "offers"


def test_a_typed_amount_is_resumed_where_it_ended():
    typed = replace(tier(1, 0, 10), amount=TypedAmount(100, 1000, 50))
    policy = replace(POLICY, segments=(replace(STANDARD, tiers=(typed,)),))
    menus, move = resumed(left_at("1", policy=policy), policy)
    assert move.screen.text.startswith("amount.ask")
    confirm = menus.enter(move.snapshot, "1")
    assert confirm.screen.text.startswith("confirm 1.00")
    assert menus.enter(confirm.snapshot, "1").confirmed is None
    assert menus.enter(confirm.snapshot, "99").confirmed.amount_minor == 100
    menus, move = resumed(left_at("1", "2.50", policy=policy), policy)
    assert move.screen.text.startswith("confirm 2.50")
    menus, move = resumed(Left("1", 5000), policy)
    assert move.snapshot.place == "offers"


def test_by_short_message_a_number_chooses_and_a_word_agrees():
    menus, move = opened(replace(LONG, channel="sms", mode="last", by_message=True))
    assert move.screen.text.split("\n")[-1] == "reply.choose"
    move = menus.enter(move.snapshot, "2")
    assert move.screen.text.startswith("reply.confirm 2.00") and move.screen.text.endswith(f" yes {code_of(subscriber(), move.snapshot.offer)}")
