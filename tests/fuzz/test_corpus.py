"""Every entry of the corpus keeps its parser's contract, and the corpus keeps its bounds."""

import pytest

from tests.fuzz.entries import ENTRIES_MAX, ENTRY_BYTES_MAX, FOLDER, entries
from tests.fuzz.parsers import load, names


@pytest.mark.parametrize("parser", names())
def test_what_was_found_once_is_not_found_again(parser):
    kept = entries(parser)
    assert 0 < len(kept) <= ENTRIES_MAX
    for name, data in kept.items():
        assert len(data) <= ENTRY_BYTES_MAX, name
        try:
            load(parser).check(data)
        except BaseException as error:
            error.add_note(f"the entry {name}")
            raise


def test_every_entry_has_its_parser():
    assert sorted(path.name for path in FOLDER.iterdir()) == names()
