"""Lines are judged one by one: nothing in one line reaches the next, whatever the blocks."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.store import importing_lines
from tectonics.store.importing_lines import BadFile, BadRow, cells_of, header_of, numbered_lines


@given(st.binary(max_size=400), st.integers(1, 50))
def test_every_line_has_its_number_whatever_the_blocks(data, block):
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(block)

    expected = [(number, line.removesuffix(b"\r")) for number, line in enumerate(data.split(b"\n"), 1)]
    assert list(numbered_lines(Slow(data))) == [(number, line) for number, line in expected if line]


def test_a_line_without_end_is_cut_and_refused(monkeypatch):
    monkeypatch.setattr(importing_lines, "LINE_BYTES_MAX", 20)
    lines = list(numbered_lines(io.BytesIO(b"a\n" + b"x" * 100_000 + b"\nb\n" + b"y" * 50)))
    assert [(number, len(line)) for number, line in lines] == [(1, 1), (2, 21), (3, 1), (4, 21)]
    with pytest.raises(BadRow, match="longer than 20 bytes"):
        cells_of(lines[1][1], ",")


@pytest.mark.parametrize("rest", [b"\r7890", b"\r\r\r", b"\r7890\n", b"\r\r\r\n"])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_a_line_that_is_cut_at_a_carriage_return_is_still_too_long(monkeypatch, rest, block):
    monkeypatch.setattr(importing_lines, "LINE_BYTES_MAX", 20)
    monkeypatch.setattr(importing_lines, "BLOCK_BYTES", block)
    [(number, line)] = numbered_lines(io.BytesIO(b"x" * 20 + rest))
    assert (number, line) == (1, b"x" * 20 + b"\r")
    with pytest.raises(BadRow, match="longer than 20 bytes"):
        cells_of(line, ",")


@pytest.mark.parametrize(("line", "cells"), [
    (b'a,"b,c",d', ["a", "b,c", "d"]), (b'"say ""hi""",x', ['say "hi"', "x"]), (b"a,,", ["a", "", ""]),
    ("é,ü".encode(), ["é", "ü"])])
def test_cells(line, cells):
    assert cells_of(line, ",") == cells


@pytest.mark.parametrize("line", [b'a,"b', b'"a"b,c', b"caf\xe9,x", b'"' + b"x" * 200_000])
def test_a_line_that_nobody_can_read_says_why(line):
    with pytest.raises(BadRow):
        cells_of(line, ",")


@given(st.binary(max_size=300))
def test_any_bytes_are_cells_or_a_reason(line):
    try:
        assert all(isinstance(cell, str) for cell in cells_of(line.replace(b"\n", b""), ","))
    except BadRow as fault:
        assert str(fault) and "\n" not in str(fault)


@pytest.mark.parametrize(("line", "names", "delimiter"), [
    (b"\xef\xbb\xbfmsisdn,kind", ["msisdn", "kind"], ","), (b"msisdn;kind", ["msisdn", "kind"], ";"),
    (b"msisdn\tkind", ["msisdn", "kind"], "\t"), (b'"msisdn", "kind"', ["msisdn", "kind"], ","),
    (b"msisdn", ["msisdn"], ",")])
def test_header(line, names, delimiter):
    found, chosen = header_of(line)
    assert ([name.strip(' "') for name in found], chosen) == (names, delimiter)


@pytest.mark.parametrize("line", ["msisdn,kind".encode("utf-16"), b"m\xe9l,kind", b'"msisdn', b"m\0s"])
def test_a_header_in_another_encoding_is_an_error_at_once(line):
    with pytest.raises(BadFile):
        header_of(line)
