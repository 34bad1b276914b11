"""A redial begins where an earlier session ended, and lends nothing that was not shown; another language is kept."""

from dataclasses import replace

import pytest

from tectonics.domain.messages import Catalogue
from tectonics.domain.screens import Screen
from tectonics.engine import left
from tectonics.engine.left import LEFT_S, LeftOff
from tests.engine.world import STYLE, Node, build, drain, run, settle
from tests.workflows.test_dialogue import opened
from tests.workflows.world import MSISDN, TEXTS

SEVERAL = Catalogue({"en": TEXTS | {"menu.title": "title"}, "fr": TEXTS | {"menu.title": "titre"}}, "en")


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def step(node, text="", session="s1", **more):
    return run(node.clock, node.dial(text, session, **more))


def advances(node):
    return [one for _, one in run(node.clock, node.files.queries.advances(MSISDN))]


@pytest.mark.parametrize("mode", ["cumulative", "last"])
def test_a_redial_begins_at_the_confirmation_that_was_left(node, mode):
    style = replace(STYLE, mode=mode)
    step(node, style=style)
    step(node, "2", style=style)
    node.core.sessions.ended(style, "s1", MSISDN)  # the network aborted it
    shown = step(node, session="s2", style=style)
    assert shown.text.startswith("confirm 2.00") and shown.text.endswith("99") and shown.more
    assert step(node, session="s2", style=style) == shown  # the same request, the same bytes
    granted = step(node, "99", session="s2", style=style)
    assert granted.text.startswith("result.granted 2.00")
    assert step(node, "99", session="s2", style=style) == granted
    assert [one.offer.amount_minor for one in advances(node)] == [200]


def test_who_types_ahead_gets_what_he_would_have_got(node):
    step(node)
    step(node, "3")
    step(node, session="s2")
    assert step(node, "1", session="s2").text.startswith("confirm 1.00")
    assert step(node, "1*1", session="s2").text.startswith("result.granted 1.00")


def test_what_is_left_is_forgotten_in_time_and_by_a_restart(node):
    step(node, "2")
    drain(node.clock, node.clock.seconds() + LEFT_S + 1)
    assert step(node, session="s2").text.startswith("menu.title")
    step(node, "2", session="s3")
    node.process.kill()
    node = Node(node.folder, node.clock, node.ledger, life=b"\2")
    run(node.clock, node.start())
    assert step(node, session="s4").text.startswith("menu.title")
    step(node, "2", session="s5")
    again = Node(node.folder, node.clock, node.ledger, origin="n2", life=b"\3")
    run(again.clock, again.start())
    assert step(node, session="s6").text.startswith("confirm")
    assert step(again, "99", session="s6").text.startswith("wrong.again")  # not shown there, not agreed to there
    assert advances(node) == []


def test_a_direct_code_goes_its_own_way(node):
    step(node, "2")
    assert step(node, "1", session="s2").text.startswith("confirm 1.00")


def test_who_has_gone_back_or_agreed_left_nothing(node):
    step(node, "2")
    step(node, "2*2")
    assert step(node, session="s2").text.startswith("menu.title")
    step(node, "2", session="s2")
    step(node, "2*1", session="s2")
    settle(node, 5)
    run(node.clock, node.recharge("r1"))
    settle(node, 5)
    node.core.engine.known._accounts.clear()
    assert not step(node, session="s3").text.startswith("confirm")


def test_what_is_resumed_is_examined_anew(node):
    step(node, "2")
    step(node, "1", session="other")  # meanwhile he borrows in another session
    assert step(node, "1*1", session="other").text.startswith("result.granted")
    assert step(node, session="s2").text.startswith("refused.")


def test_notes_are_bounded_and_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(left, "LEFT_MAX", 3)
    menus, move = opened()
    confirm, noted = menus.enter(move.snapshot, "2").snapshot, LeftOff()
    for n in range(5):
        noted.note(str(n), confirm, n)
    assert len(noted) == 3 and noted.take("1", 5) is None and noted.take("4", 5).amount_minor == 200
    noted.note("3", None, 6)
    assert noted.take("3", 6) is None
    assert noted.take("2", LEFT_S * 1000 + 2) is None and len(noted) == 0


@pytest.mark.parametrize("style", [STYLE, replace(STYLE, mode="last"), replace(STYLE, mode="last", counted=True)],
                         ids=["cumulative", "last", "counted"])
def test_a_language_chosen_in_the_menu_is_kept(node, style):
    node.core.engine.catalogue = SEVERAL
    steps = iter(range(1, 99))

    def enter(text, session="s1"):
        drain(node.clock, node.clock.seconds() + 1)
        if style.mode == "cumulative":
            enter.typed = f"{enter.typed}*{text}".strip("*")
            text = enter.typed
        return step(node, text, session, style=style, step=next(steps) if style.counted else None)

    enter.typed = ""
    assert enter("").text.startswith("title")
    assert enter("97").text.startswith("1. language.name")
    assert enter("2").text.startswith("titre")
    assert enter("97").text.startswith("1. language.name")
    assert enter("1").text.startswith("title")  # and back again: each change is one
    assert enter("97").text.startswith("1. language.name")
    assert enter("2").text.startswith("titre")
    assert run(node.clock, node.files.queries.account(MSISDN)).profile.language == "fr"
    enter.typed = ""
    assert enter("", "s2").text.startswith("titre")
    told = run(node.clock, node.files.tickets.read("n1", 0, 10))
    assert sum(b"language set to" in ticket.line for ticket in told) == 3


def test_a_language_in_a_direct_code_is_kept_and_a_repetition_shows_the_same(node):
    node.core.engine.catalogue = SEVERAL
    shown = step(node, "97*2")
    assert shown.text.startswith("titre")
    node.process.kill()
    node = Node(node.folder, node.clock, node.ledger, life=b"\2")
    run(node.clock, node.start())
    node.core.engine.catalogue = SEVERAL
    assert run(node.clock, node.files.queries.account(MSISDN)).profile.language == "fr"
    assert step(node, "97*2") == shown
    assert step(node, "97*2*1").text.startswith("confirm")


def test_settings_are_dialled_with_the_code_and_changed_once_whoever_may_borrow(node):
    assert step(node, "96").text.split("\n")[1:] == ["settings.advert_stop 1", "settings.collect_refuse 3",
                                                         "settings.history 5"]
    assert step(node, "96*3") == Screen("settings.saved", more=False)
    assert step(node, "96*1", session="s2").text == "settings.saved"
    node.process.kill()
    node = Node(node.folder, node.clock, node.ledger, life=b"\2")
    run(node.clock, node.start())
    assert step(node, "96*3").text == "settings.saved"  # the same request again changes nothing
    profile = run(node.clock, node.files.queries.account(MSISDN)).profile
    assert profile.collect_refused_at is not None and profile.adverts_stopped_at is not None
    told = run(node.clock, node.files.tickets.read("n1", 0, 10))
    assert sum(b"admin.change" in ticket.line for ticket in told) == 2
    shown = step(node, "96", session="s3").text
    assert shown == "settings.balance 0.00 EUR\nsettings.advert_start 2\nsettings.collect_allow 4\nsettings.history 5"
    assert step(node, "96*1", session="s4", msisdn="33699999999").text == "refused.unknown_subscriber"
