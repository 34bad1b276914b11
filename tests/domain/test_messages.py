"""The catalogue: filling in, falling back, and finding what is wrong before a subscriber does."""

from pathlib import Path
from string import Template

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import OurFault
from tectonics.domain.keywords import WORDS, spellings
from tectonics.domain.messages import (
    LONGEST,
    MESSAGES,
    NOTICES,
    Catalogue,
    Form,
    problems,
    required,
    screens,
    too_long,
)
from tectonics.domain.screens import Style
from tectonics.domain.text import fits, septets, shown, sms_parts, sms_style, transliterate, ucs2_units
from tectonics.domain.ticket import CALL_REASONS, REASONS

FOLDER = Path(__file__).parents[2] / "etc" / "messages"
LANGUAGES = ("en", "fr", "ar", "es")
SHIPPED = Catalogue({name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in LANGUAGES}, "en")
STYLES = (Style(), Style(mode="last"), Style(septets_max=182, ucs2_max=80))


def complete(**changed: str) -> Catalogue:
    """A whole catalogue in one language, with some texts changed; `_` stands for the point."""
    texts = {key: " ".join(f"${name}" for name in sorted(names)) or key.removeprefix("word.").partition(".")[0]
             for key, names in MESSAGES.items()}
    return Catalogue({"en": texts | {key.replace("_", ".", 1): text for key, text in changed.items()}}, "en")


def filled(key: str, language: str) -> str:
    return SHIPPED.text(key, language, **{name: LONGEST[name] for name in MESSAGES[key]})


def test_what_is_shipped_has_no_problem():
    assert problems(SHIPPED) == []


@pytest.mark.parametrize("style", STYLES)
def test_every_screen_of_every_language_fits(style):
    assert [str(problem) for problem in too_long(SHIPPED, style)] == []
    for language in LANGUAGES:
        for key, screen in screens(SHIPPED, language).items():
            seen = shown(screen, style)
            length = septets(seen)
            room = style.ucs2_max if length is None else style.septets_max
            assert (ucs2_units(seen) if length is None else length) <= room, (language, key)


def test_only_arabic_needs_ucs2():
    needing = {language for language in LANGUAGES for key in MESSAGES
               if septets(transliterate(filled(key, language))) is None}
    assert needing == {"ar"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_short_message_is_one_part(language):
    long = [key for key in MESSAGES if key.startswith("sms.")
            and sms_parts(transliterate(filled(key, language))) > 1]
    assert long == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_confirmation_fits_below_the_hint_with_the_longest_values(language):
    text = filled("wrong.again", language) + "\n" + filled("confirm", language)
    assert all(value in text for value in ("1500.00", "150.00", "1650.00", "31/12"))
    assert fits(text, Style())


def test_languages_say_different_things():
    for key in MESSAGES:
        assert len({SHIPPED.texts[language][key] for language in LANGUAGES}) == len(LANGUAGES), key


def test_every_refusal_that_a_subscriber_can_meet_has_a_sentence():
    not_shown = {"not_done", "balance_spent", "recycled", "reversed"}
    lending = REASONS.keys() - CALL_REASONS.keys() - not_shown
    assert {key.removeprefix("refused.") for key in MESSAGES if key.startswith("refused.")} == lending
    calling = {key.removeprefix("callback.refused.") for key in MESSAGES if key.startswith("callback.refused.")}
    assert calling <= REASONS.keys()


def test_filling_in():
    catalogue = complete(owe_total="$$ ${total}${currency} by $due.")
    assert catalogue.text("owe.total", "en", total="2.20", currency="EUR", due="29/11") == "$ 2.20EUR by 29/11."


def test_languages_fall_back():
    catalogue = Catalogue({"en": {"busy": "busy", "menu.title": "t"}, "fr": {"busy": "occupé"}}, "en")
    assert catalogue.languages == ("en", "fr")
    assert [catalogue.text("busy", language) for language in ("fr", "fr-CI", "de", "")] == [
        "occupé", "occupé", "busy", "busy"]
    assert catalogue.text("menu.title", "fr") == "t"


def test_a_missing_text_or_value_is_our_fault():
    with pytest.raises(OurFault):
        complete().text("no.such", "en")
    with pytest.raises(OurFault):
        complete().text("menu.more", "en")


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"menu_more": "$key $amount"}, "en: menu.more: $amount is not a variable of this message (it has: $key)"),
    ({"menu_more": "more"}, "en: menu.more: the text does not show $key"),
    ({"menu_more": "$key costs 5$"}, "en: menu.more: a $ stands alone"),
    ({"owe_none": " "}, "en: owe.none: the text is empty"),
    ({"menu_nothing": "x"}, "en: menu.nothing: no such message exists"),
])
def test_problems(changed, sentence):
    found = problems(complete(**changed))
    assert len(found) == 1 and found[0].startswith(sentence)


def test_missing_texts_and_languages_are_problems():
    assert problems(Catalogue({}, "en")) == ["en: the default language has no texts"]
    whole = complete().texts["en"]
    lacking = {key: text for key, text in whole.items() if key != "busy"}
    assert problems(Catalogue({"en": whole, "fr": lacking}, "en")) == ["fr: busy: the text is missing"]


def test_a_text_may_leave_the_currency_and_the_figures_of_a_refusal_out():
    assert problems(complete(refused_balance="balance too high", sms_overdue="$outstanding")) == []
    assert required("confirm") == {"amount", "fee", "total", "due", "yes", "back"}


def test_a_word_that_means_two_things_is_a_problem():
    assert problems(complete(word_stop="STOP, dEbt")) == ["en: word.stop: 'dEbt' is word.debt of en already"]


def answers(language: str) -> dict[str, str]:
    """What is answered by short message, at its longest."""
    words = {name: spellings(SHIPPED.texts[language][f"word.{name}"])[0] for name in WORDS}
    return {key: SHIPPED.text(key, language, **(LONGEST | words | {name: LONGEST[name] for name in MESSAGES[key]
                                                                   if name not in words}))
            for key in MESSAGES if key.startswith(("reply.", "refused.", "owe."))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_by_short_message_is_two_parts_at_most(language):
    parts = {key: sms_parts(transliterate(text)) for key, text in answers(language).items()}
    assert {key: many for key, many in parts.items() if many > 2} == {}
    assert language == "ar" or set(parts.values()) == {1}


@pytest.mark.parametrize("style", [sms_style(6), sms_style(3), sms_style(3, "ucs2"), sms_style(2, "gsm")], ids=str)
def test_every_message_fits_into_its_parts(style):
    assert [str(problem) for problem in too_long(SHIPPED, style)] == []


def test_a_message_that_would_be_cut_is_found():
    found = {(problem.language, problem.key) for problem in too_long(SHIPPED, sms_style(1))}
    assert {("ar", "reply.confirm"), ("ar", "menu.title"), ("es", "reply.confirm")} <= found
    assert not any(language == "en" for language, _ in found)


def test_a_screen_that_is_too_long_is_found():
    found = too_long(complete(refused_limit="x" * 161, owe_none="ا" * 71), Style())
    assert sorted(problem.key for problem in found) == ["owe.none", "refused.limit"]


def test_notices_are_the_short_messages():
    assert "granted" in NOTICES and all(f"sms.{name}" in MESSAGES for name in NOTICES)


def test_the_longest_values_cover_every_variable():
    assert LONGEST.keys() == frozenset().union(*MESSAGES.values())


@given(st.dictionaries(st.sampled_from(sorted(MESSAGES)) | st.text(max_size=5), st.text(max_size=40)))
def test_problems_never_raises_and_what_has_none_can_be_filled(texts):
    catalogue = Catalogue({"en": complete().texts["en"] | texts}, "en")
    if problems(catalogue) == []:
        for key, names in MESSAGES.items():
            catalogue.text(key, "en", **dict.fromkeys(names, "1"))


@given(st.text(alphabet="$%{}ab_ s\n", max_size=40))
def test_a_form_is_filled_as_the_template_is(text):
    variables = {"a": "1", "b": "%s", "ab": "$a", "s": "100 %"}
    try:
        expected = Template(text).substitute(variables)
    except (KeyError, ValueError):
        expected = None
    try:
        filled = Form.of(text).filled("key", variables)
    except OurFault:
        filled = None
    assert filled == expected
