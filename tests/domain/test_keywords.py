"""Keywords: every spelling of every language, and nothing that only looks like one."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.keywords import (
    TEXT_MAX,
    WORDS,
    Call,
    Choice,
    Collect,
    Debt,
    Funds,
    Help,
    History,
    Keywords,
    Language,
    No,
    NoCollect,
    Sos,
    Start,
    Stop,
    Unknown,
    Yes,
    faults,
    fold,
    spellings,
)

FOLDER = Path(__file__).parents[2] / "etc" / "messages"
TEXTS = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("en", "fr", "ar", "es")}
KEYWORDS = Keywords(TEXTS)
ALONE = {"sos": Sos(), "debt": Debt(), "stop": Stop(), "start": Start(), "yes": Yes(), "no": No(), "help": Help(),
         "lang": Language(), "call": Call(""), "account": Funds(), "nocollect": NoCollect(), "collect": Collect(),
         "history": History()}


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("name", WORDS)
def test_every_spelling_in_any_dress(language, name):
    for word in spellings(TEXTS[language][f"word.{name}"]):
        for dressed in (word, word.lower(), word.upper(), f"  {word}. \n", f"«{word}»!", f"\u200f{word}\u200f"):
            assert KEYWORDS.read(dressed) == ALONE[name], dressed


@pytest.mark.parametrize(("text", "request_"), [
    ("SOS 2", Sos("2")), ("sos2", Sos("2")), ("Prêt 3", Sos("3")), ("PRÉT", Sos()), ("سلفة ٢", Sos("2")),
    ("سُلفَه", Sos()), ("préstamo 1", Sos("1")), ("SOS-2", Sos("2")), ("sos 2.", Sos("2")),
    ("dette ?", Debt()), ("دُيُون", Debt()), ("Dette", Debt()),
    ("STOP pub!", Stop()), ("stop", Stop()), ("إلغاء", Stop()), ("الغاء", Stop()),
    ("2", Choice("2")), (" ۲ ", Choice("2")), ("2.50", Choice("2.50")), ("2,50", Choice("2.50")), ("(12)", Choice("12")),
    ("Oui", Yes()), ("SÍ", Yes()), ("نعم.", Yes()), ("No", No()), ("NON", No()), ("لا", No()),
    ("LANG fr", Language("fr")), ("lang français", Language("fr")), ("idioma Español", Language("es")),
    ("langue العربية", Language("ar")), ("LANG xx", Language()), ("LANG", Language()), ("LANG: en", Language("en")),
    ("CALL +33 6 00 00 00 02", Call("+33600000002")), ("appel 0600000002", Call("0600000002")),
    ("call", Call("")), ("CALL 06.12.34.56.78", Call("0612345678")), ("CALL +", Call("")),
])
def test_requests(text, request_):
    assert KEYWORDS.read(text) == request_


@pytest.mark.parametrize("text", [
    "", " ", "?", "yes but tell me more", "oui 2 3", "yes 2.5", "no thanks", "1 2", "-2", "sos sos", "SOS 2 3", "SOS 2.50", "sos now",
    "12345678901", "call me", "call 12 now", "hello", "2€50", "x" * 1000, "2" * (TEXT_MAX + 1), "_", "12:30",
    "STOPPEDALREADY", "\ud800", "debt 5", "collect 5", "nocollect please", "history 2",
])
def test_what_is_no_request(text):
    assert KEYWORDS.read(text) == Unknown()


def test_consent_stands_alone_and_a_stop_never_goes_unheard():
    for word in spellings(TEXTS["en"]["word.yes"]):
        assert KEYWORDS.read(f"{word} please") == Unknown()
    for word in spellings(TEXTS["fr"]["word.stop"]):
        assert KEYWORDS.read(f"{word} svp, merci") == Stop()


def test_folding():
    assert fold("ÉTÉ") == "ete" and fold("Straße") == "strasse" and fold("İı") == "ii"
    assert fold("أُوافِق") == fold("اوافق") and fold("سلفة") == fold("سلفه") and fold("کريدى") == fold("كريدي")
    assert fold("１２") == "12" == fold("١٢")


def test_a_word_means_one_thing_in_all_languages():
    assert list(faults(TEXTS)) == []
    clashing = {"en": {"word.no": "NO"}, "fr": {"word.yes": "OUI, nó"}}
    assert list(faults(clashing)) == [("fr", "word.yes", "'nó' is word.no of en already")]
    assert list(faults({"en": {"word.sos": "SOS, s0s"}})) == [
        ("en", "word.sos", "expected words of letters alone, found 's0s'")]
    assert list(faults({"en": {"word.sos": " ,"}})) == [("en", "word.sos", "expected words parted by commas")]
    many = ", ".join("abcdefghijklmnopqrstuvwxyz")
    assert [sentence for _, _, sentence in faults({"en": {"word.sos": many}})] == [
        "expected at most 20 spellings, found 26"]


@given(st.text(max_size=TEXT_MAX + 20))
def test_anything_is_read(text):
    KEYWORDS.read(text)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="yesouinسيĺ٢2 .!", max_size=12))
def test_whoever_agrees_has_written_one_word_of_agreement_and_perhaps_a_code(text):
    request = KEYWORDS.read(text)
    if isinstance(request, Yes):
        words = {fold(word) + request.code for entries in TEXTS.values() for word in spellings(entries["word.yes"])}
        assert "".join(c for c in fold(text) if c.isalnum()) in words
