"""History as lines: what one message holds of it, in every language that is shipped."""

from pathlib import Path

import pytest

from tectonics.config import load
from tectonics.domain.screens import Style
from tectonics.domain.self_care import Movement
from tectonics.domain.text import fits, sms_style
from tectonics.workflows import history_words
from tectonics.workflows.decision import Context
from tectonics.workflows.dialogue import Menus
from tests.workflows.world import DAY, NOW, POLICY, empty, subscriber

CATALOGUE = load(Path(__file__).parents[2] / "etc" / "tectonics.yaml").catalogue
CONTEXT = Context(POLICY, CATALOGUE, NOW, lambda: "id")
MIXED = [Movement(NOW - n * DAY, kind, 150_000, 15_000 if kind == "advance" else 0)
         for n, kind in enumerate(["callback", "payment", "advance", "advance"] * 3)]


def test_the_newest_first_with_date_amount_and_fee():
    assert history_words.message(MIXED[:3], "en", CONTEXT, sms_style()) == (
        "History (EUR)\n21/09 call-back 1500.00\n20/09 paid back 1500.00\n19/09 advance 1500.00, fee 150.00")
    assert history_words.message((), "en", CONTEXT, sms_style()) == "Nothing has happened yet."


@pytest.mark.parametrize("style", [sms_style(1), sms_style(3), sms_style(1, "ucs2")], ids=["one", "three", "ucs2"])
@pytest.mark.parametrize("language", CATALOGUE.languages)
def test_a_message_holds_whole_lines_as_many_as_fit(language, style):
    text = history_words.message(MIXED, language, CONTEXT, style)
    title, *shown = text.split("\n")
    lines = history_words.lines(MIXED, language, CONTEXT)
    assert title == history_words.title(language, CONTEXT) and shown == lines[:len(shown)] and shown
    assert fits(text, style)
    assert len(shown) == len(lines) or not fits(f"{text}\n{lines[len(shown)]}", style)


@pytest.mark.parametrize("style", [Style(), Style(mode="last"), Style(septets_max=182, ucs2_max=80)], ids=str)
@pytest.mark.parametrize("language", CATALOGUE.languages)
def test_every_page_of_a_session_fits(language, style):
    menus = Menus(CONTEXT, style)
    settings = menus.settings(subscriber(language=language), empty(), MIXED)
    assert fits(settings.screen.text, style)
    move, seen = menus.enter(settings.snapshot, "5"), []
    for _ in range(menus.shown.pages(move.snapshot)):
        assert fits(move.screen.text, style), move.screen.text
        seen += move.screen.text.split("\n")[1:-2]
        move = menus.enter(move.snapshot, "98")
    assert seen == history_words.lines(MIXED, language, CONTEXT)
