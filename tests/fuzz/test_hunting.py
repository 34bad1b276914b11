"""The hunt without a guide, and what of it is kept: new ways and what breaks a contract, both made small."""

from types import SimpleNamespace

import hunting
import keeping
import pytest

from tectonics.domain.money import parse_minor
from tests.fuzz import entries as corpus
from tests.fuzz.entries import ENTRIES_MAX, ENTRY_BYTES_MAX, add, entries


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """No corpus, and a parser that breaks on a line feed and has two ways."""
    def check(data):
        assert b"\n" not in data
        if b"way" in data:
            parse_minor("1", "EUR")

    parser = SimpleNamespace(check=check, TOKENS=(b"way", b"\n"))
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    for module in (hunting, keeping):
        monkeypatch.setattr(module, "load", lambda name: parser)
    return parser


def test_smaller():
    assert keeping.smaller(b"xxaxxxbxx", lambda data: b"a" in data and b"b" in data) == b"ab"
    assert keeping.smaller(b"", lambda data: True) == b""
    assert keeping.smaller(b"abc", lambda data: 2 // len(data) == 1) == b"bc"


def test_a_hunt_ends_with_what_breaks_the_contract(empty, monkeypatch):
    monkeypatch.setattr(hunting, "inputs", lambda name: hunting_inputs())
    found = hunting.unguided("any", 60, 1)
    name, small = keeping.keep_breaking("any", found.breaking)
    assert small == b"\n" and entries("any") == {name: b"\n"} and found.runs > 0


def hunting_inputs():
    from hypothesis import strategies as st

    return st.lists(st.sampled_from([b"a", b"way", b"\n"]), max_size=5).map(b"".join)


def test_a_new_way_is_kept_once_and_small(empty):
    [name] = keeping.keep("any", [b"xx way xx", b"a way", b"nothing"])
    assert entries("any") == {name: b"way"}
    assert keeping.keep("any", [b"another way"]) == []


def test_the_corpus_is_bounded(empty):
    assert add("any", b"x" * (ENTRY_BYTES_MAX + 1), "way") == ""
    assert all(add("any", b"%d" % number, "way") for number in range(ENTRIES_MAX))
    assert add("any", b"more", "way") == "" and len(entries("any")) == ENTRIES_MAX


def test_the_same_place_is_the_same_finding(empty):
    assert keeping.broken(empty.check, b"\n") == keeping.broken(empty.check, b"x\n")
    assert keeping.broken(empty.check, b"x") is None
