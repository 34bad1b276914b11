"""Names of ticket files: what is read is what would be written, and nothing else is a ticket file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import OurFault
from tectonics.tickets.file_names import FileName, Period, newest


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True), st.integers(0, 4 * 10**9), st.sampled_from(["hour", "day"]),
       st.integers(0, 10**9))
def test_a_name_comes_back(origin, moment_s, rotate, number):
    file = FileName(origin, Period.at(moment_s, rotate), number)
    assert FileName.parse(str(file)) == file


@pytest.mark.parametrize("name", [
    "n1_20261122_08_0000000007.jsonl", "n1_00010101_08_000007.jsonl", "n1_20260230_000007.jsonl", "n1_20261122_24_000007.jsonl",
    "n1_20261122_08_000007.jsonl.part", "n1_20261122_08_00007.jsonl", "\u0661_20261122_08_000007.jsonl"])
def test_what_would_be_written_otherwise_is_no_ticket_file(name):
    assert FileName.parse(name) is None
    assert newest([name], "n1") is None


def test_the_newest_is_the_one_with_the_highest_number():
    names = ["n1_20261122_08_000007.jsonl", "n1_20261122_07_000008.jsonl", "n2_20261122_08_000009.jsonl", "x"]
    assert str(newest(names, "n1")) == names[1]
    with pytest.raises(OurFault, match="number 8"):
        newest([*names, "n1_20261122_08_000008.jsonl"], "n1")
