"""YAML with places: what is read, where it stands, and that nothing but errors comes of nonsense."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.config.document import DEPTH_MAX, FILE_BYTES_MAX, parse_document, read_document


def parse(text: str | bytes):
    return parse_document(text if isinstance(text, bytes) else text.encode(), "f.yaml")


def sentences(text: str | bytes) -> list[str]:
    return [f"{error.line}:{error.column} {error.key} {error.text}" for error in parse(text).errors]


def test_scalars():
    document = parse("a: 1\nb: 1.00\nc: '1'\nd: yes\ne: true\nf:\ng: ~\nh: 010\ni: 0x1\nj: 12:30\nk: -5\nl: 2026-01-01\n")
    assert document.errors == []
    assert document.data == {"a": 1, "b": "1.00", "c": "1", "d": "yes", "e": True, "f": None, "g": None, "h": "010",
                             "i": "0x1", "j": "12:30", "k": -5, "l": "2026-01-01"}


def test_places():
    document = parse("# c\na:\n  b: [x,\n    {k: 1}]\n'c.d': 2\n")
    assert document.data == {"a": {"b": ["x", {"k": 1}]}, "c.d": 2}
    assert document.places[("a",)] == (2, 1)
    assert document.places["a", "b", 1] == (4, 5)
    assert document.places["a", "b", 1, "k"] == (4, 6)
    assert document.places["c.d",] == (5, 1)


@pytest.mark.parametrize(("text", "expected"), [
    ("a: 1\nb: 2\na: 3\n", ["3:1  the key 'a' stands here for the second time (first in line 1)"]),
    ("a: {b: 1, b: 2}", ["1:11 a the key 'b' stands here for the second time (first in line 1)"]),
    ("a: &x 1\nb: *x\n", ["2:4  aliases are not supported; write the value out"]),
    ("a: !!python/object:os.system 1", ["1:4  tags are not supported"]),
    ("a: 1\n---\nb: 2\n", ["2:1  only one YAML document may stand in the file"]),
    ("? [a]\n: 1\n", ["1:3  a key must be text"]),
    ("a: [1\n", ["2:1  not YAML: expected ',' or ']', but got '<stream end>'"]),
    ("a: \"\\ud800\"", ["1:4  half a character (a lone surrogate)"]),
    (b"a: 1\nb: \xff\n", ["2:1  not UTF-8 text"]),
    (b"a: \x00", ["0:0  not YAML: unacceptable character #x0000: special characters are not allowed"]),
    ("[" * (DEPTH_MAX + 1), [f"1:{DEPTH_MAX + 1}  not YAML: nested deeper than {DEPTH_MAX} levels"]),
])
def test_errors(text, expected):
    assert sentences(text) == expected


def test_a_character_beyond_unicode():
    [sentence] = sentences("a: \"\\UFFFFFFFF\"")
    assert sentence.startswith("0:0  not YAML: ")


def test_a_wrong_key_takes_its_value_along_and_nothing_else():
    document = parse("a: 1\na: {b: {c: 2}, b: 3}\n? {x: 1}\n: [1, {y: 2}]\nz: 5\n")
    assert document.data == {"a": 1, "z": 5}
    assert len(document.errors) == 2


def test_too_large():
    assert sentences(b"#" * (FILE_BYTES_MAX + 1)) == [f"0:0  larger than {FILE_BYTES_MAX} bytes"]


def test_deep_nesting_does_not_exhaust_the_stack():
    assert len(sentences("[" * 100_000)) == 1


def test_an_unreadable_file(tmp_path):
    assert [error.text for error in read_document(tmp_path / "none").errors] == [
        "cannot be read: No such file or directory"]
    assert read_document(tmp_path).errors[0].text == "cannot be read: Is a directory"


PLAIN = st.recursive(st.none() | st.booleans() | st.integers(-10**6, 10**6) | st.text("abé \n:#'\"", max_size=8),
                     lambda inner: st.lists(inner, max_size=4)
                     | st.dictionaries(st.text("abc:#", max_size=4), inner, max_size=4), max_leaves=12)


@given(PLAIN)
def test_reads_what_yaml_writes(data):
    text = yaml.safe_dump(data, default_style='"' if isinstance(data, str) else None, allow_unicode=True)
    document = parse(text)
    assert document.errors == []
    assert document.data == yaml.safe_load(text)


@settings(max_examples=300)
@given(st.text("ab:-[]{}#&*!|>'\"%@?, \n\\0x1.~", max_size=60) | st.binary(max_size=60))
def test_nonsense_gives_errors_or_data_and_never_raises(raw):
    document = parse(raw)
    for error in document.errors:
        assert error.text and error.line >= 0
    for line, column in document.places.values():
        assert line >= 1 and column >= 1
