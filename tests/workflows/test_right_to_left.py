"""Arabic on a handset: keys at the edge where reading begins, amounts whole and beside their words, codes as dialled.

Handsets differ in the direction that they give a line: that of the phone's language, or of the first letter.  So
each line is looked at in both.
"""

import re
from pathlib import Path

import pytest
import yaml

from tectonics.domain.messages import LONGEST, MESSAGES, Catalogue
from tests.workflows.bidi import LTR, RTL, first_strong, seen

TEXTS = yaml.safe_load((Path(__file__).parents[2] / "etc" / "messages" / "ar.yaml").read_text())
ARABIC = Catalogue({"ar": TEXTS}, "ar")
SHOWN = [key for key in MESSAGES if not key.startswith("word.")]
NUMBER = re.compile(r"\d+(?:[./]\d+)*")
MARKS = {"\u200e"}  # LEFT-TO-RIGHT MARK


def lines(key):
    values = LONGEST | {"sos": "سلفة", "debt": "ديوني", "stop": "توقف", "start": "اشتراك", "lang": "لغة", "yes": "99"}
    return ARABIC.text(key, "ar", **{name: values[name] for name in MESSAGES[key]}).split("\n")


@pytest.mark.parametrize("key", SHOWN)
@pytest.mark.parametrize("base", [LTR, RTL])
def test_numbers_stay_whole_and_in_the_order_of_reading(key, base):
    for line in lines(key):
        shown = seen(line, base)
        for number in NUMBER.findall(line):
            assert number in shown
        if base == RTL:
            places = [line.index(number) for number in NUMBER.findall(line)]
            assert places == sorted(places)
            from_right = [len(shown) - shown.rindex(number) for number in dict.fromkeys(NUMBER.findall(line))]
            assert from_right == sorted(from_right), (line, shown)


@pytest.mark.parametrize("key", SHOWN)
@pytest.mark.parametrize("base", [LTR, RTL])
def test_an_amount_stands_beside_the_word_that_it_follows(key, base):
    for line in lines(key):
        for word, number in re.findall(r"([\u0600-\u06ff]+) (\d+\.\d+)", line):
            assert f"{number} {word[::-1]}" in seen(line, base)


@pytest.mark.parametrize("key", ["menu.offer", "menu.more", "menu.owe", "menu.language", "menu.back"])
def test_a_key_stands_where_reading_begins(key):
    [line] = lines(key)
    assert seen(line, LTR).startswith("98.") and seen(line, RTL).endswith(".98")
    assert first_strong(line) == RTL


def test_the_keys_of_a_confirmation_do_too():
    for line, key in zip(lines("confirm")[-2:], ("99", "2"), strict=True):
        assert seen(line, LTR).startswith(key) and seen(line, RTL).endswith(key)


@pytest.mark.parametrize("base", [LTR, RTL])
def test_a_code_reads_as_it_is_dialled(base):
    assert any("*133#" in seen(line, base) for line in lines("advert.offer"))
    assert "*133#" not in seen(lines("advert.offer")[0].replace("\u200e", ""), RTL)  # that is what the marks are for


@pytest.mark.parametrize("key", TEXTS)
def test_marks_stand_only_around_codes(key):
    without = TEXTS[key].replace("\u200e$code\u200e", "")
    assert not any(mark in without for mark in (*MARKS, *map(chr, range(0x202a, 0x202f)), *map(chr, range(0x2066, 0x206a)),
                                                "\u200f", "\u061c"))


@pytest.mark.parametrize("line, base, shown", [
    ("car 12", LTR, "car 12"), ("دين 12 car", RTL, "car 12 نيد"), ("12. دين", RTL, "نيد .12"), ("دين (ابج) 1", RTL, "1 (جبا) نيد"),
    ("a دين ابج b", LTR, "a جبا نيد b"), ("10/11 دين", LTR, "10/11 نيد"), ("دين 10/11", RTL, "10/11 نيد"), ("دين ", RTL, " نيد"),
])
def test_the_order_itself(line, base, shown):
    assert seen(line, base) == shown
