"""JSON from outside: what comes in can go out again, and nothing but BadMessage for the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.strict_json import DEPTH_MAX, decode

PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                     lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12)


@given(PLAIN)
def test_reads_what_json_writes(value):
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_as_deep_as_the_bound_and_no_deeper(opening, closing):
    levels = opening.count(b"[") + opening.count(b"{")
    many = DEPTH_MAX // levels
    decode(opening * many + b"1" + closing * many)
    for deeper in (many + 1, 500 // levels, 100_000):
        with pytest.raises(BadMessage):
            decode(opening * deeper + b"1" + closing * deeper)


@pytest.mark.parametrize("data", [b"", b"{", b"nan", b"NaN", b"1e999", b"01", b'"\\ud800"', b'"\xff"', b"\xef\xbb\xbf1", b"1 2",
                                  '"a"'.encode("utf-16"), b"'a'", b"[1,]", b'"\n"'])
def test_what_is_none(data):
    with pytest.raises(BadMessage) as caught:
        decode(data)
    assert str(caught.value).startswith("not JSON in UTF-8: ") and str(caught.value).isprintable()
