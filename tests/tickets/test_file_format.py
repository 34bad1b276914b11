"""Names, periods, trailers: golden, reversible, and what is noticed when a closed file was touched."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import OurFault
from tectonics.tickets.file_format import Closure, FileFault, PartFile, read_trailer, verify
from tectonics.tickets.file_names import FileName, Period, newest

AT_S = 1_795_336_200  # 2026-11-22T08:30:00Z


def test_names_as_in_the_contract():
    assert str(FileName("n1", Period.at(AT_S, "hour"), 7)) == "n1_20261122_08_000007.jsonl"
    assert str(FileName("n1", Period.at(AT_S, "day"), 7)) == "n1_20261122_000007.jsonl"


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True), st.integers(0, 4 * 10**9),
       st.sampled_from(["hour", "day"]), st.integers(1, 10**9))
def test_names_are_read_back(origin, at_s, rotate, number):
    name = FileName(origin, Period.at(at_s, rotate), number)
    assert FileName.parse(str(name)) == name


@pytest.mark.parametrize("name", ["n1_20261322_08_000007.jsonl", "n1_20261122_24_000007.jsonl", "x.jsonl",
                                  "n1_20261122_08_000007.jsonl.part", "n1_20261122_08_000007.csv", ""])
def test_other_names_are_not_ours(name):
    assert FileName.parse(name) is None


def test_the_newest_is_the_highest_number_of_that_origin():
    hour = Period.at(AT_S, "hour")
    names = [str(FileName(*parts)) for parts in [("n1", hour, 9), ("n1", hour, 10), ("n1_b", hour, 99)]]
    assert newest([*names, "README"], "n1") == FileName("n1", hour, 10)
    assert newest([], "n1") is None


def test_two_files_of_one_number_are_a_fault():
    names = [str(FileName("n1", Period.at(at_s, "hour"), 9)) for at_s in (AT_S, AT_S + 3600)]
    with pytest.raises(OurFault, match="two ticket files have number 9"):
        newest(names, "n1")


def closed(directory, lines, reason=Closure.TIME_LIMIT):
    file = PartFile(directory, "n1_20261122_08_000007.jsonl", "n1", 101, AT_S * 1000)
    assert [path.name for path in directory.iterdir()] == ["n1_20261122_08_000007.jsonl.part"]
    file.append(lines)
    file.close(reason, AT_S * 1000 + 1)
    return directory / "n1_20261122_08_000007.jsonl"


def test_a_closed_file_golden(tmp_path):
    path = closed(tmp_path, [b'{"seq":101}', b'{"seq":102}'])
    *tickets, trailer = path.read_bytes().splitlines()
    assert tickets == [b'{"seq":101}', b'{"seq":102}']
    assert json.loads(trailer) == {"trailer": {
        "origin": "n1", "file": "n1_20261122_08_000007.jsonl", "first_seq": 101, "last_seq": 102, "count": 2,
        "opened": "2026-11-22T08:30:00.000Z", "closed": "2026-11-22T08:30:00.001Z", "reason": 2,
        "reason_text": "file open-time limit reached",
        "sha256": hashlib.sha256(b'{"seq":101}\n{"seq":102}\n').hexdigest()}}
    assert [path.name for path in tmp_path.iterdir()] == ["n1_20261122_08_000007.jsonl"]
    assert verify(path) == read_trailer(path)


def test_an_empty_file_still_says_where_it_stands(tmp_path):
    trailer = verify(closed(tmp_path, []))
    assert (trailer.first_seq, trailer.last_seq, trailer.count) == (101, 100, 0)


def test_a_changed_byte_is_noticed(tmp_path):
    path = closed(tmp_path, [b'{"seq":101}'])
    path.write_bytes(path.read_bytes().replace(b"101}", b"109}", 1))
    with pytest.raises(FileFault, match="changed after it was closed"):
        verify(path)


@pytest.mark.parametrize("content", [b"", b"\n", b'{"seq":1}\n', b'{"trailer":{"origin":"n1"}}\n', b"\xff" * 9000])
def test_a_file_without_trailer_is_a_fault(tmp_path, content):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileFault, match="trailer"):
        read_trailer(path)


def test_a_closed_file_is_never_replaced(tmp_path):
    path = closed(tmp_path, [b'{"seq":101}'])
    before = path.read_bytes()
    again = PartFile(tmp_path, path.name, "n1", 101, 0)
    with pytest.raises(FileFault, match="never written again"):
        again.close(Closure.MANUAL, 0)
    assert path.read_bytes() == before
