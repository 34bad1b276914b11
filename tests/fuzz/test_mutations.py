"""Every parser keeps its contract for what is like its corpus, and for its own words in any order."""

import pytest
from hypothesis import given, settings

from tests.fuzz.mutations import edited, inputs
from tests.fuzz.parsers import load, names

EXAMPLES = 60
COSTLY = {"web_site": 25, "ticket_export": 25, "config_messages": 30, "config_file": 40}


@pytest.mark.parametrize("parser", names())
def test_the_contract_holds(parser):
    @settings(max_examples=COSTLY.get(parser, EXAMPLES))
    @given(inputs(parser))
    def holds(data):
        load(parser).check(data)

    holds()


def test_an_edit_takes_away_and_puts_in():
    assert edited(b"0123456789", [(500, 2, b"ab"), (1000, 5, b"z")]) == b"01234ab789z"
    assert edited(b"", [(700, 3, b"x")]) == b"x"
