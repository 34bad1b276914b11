"""The coding scheme of cell broadcast: examples of TS 23.038 section 5, and every value answered."""

import pytest

from tectonics.wire.coding_scheme import BINARY, GSM7, UCS2, alphabet, without_language


@pytest.mark.parametrize(("scheme", "told"), [
    (0x00, GSM7), (0x0F, GSM7), (0x10, GSM7), (0x11, UCS2), (0x44, BINARY), (0x48, UCS2), (0x4C, GSM7),
    (0x68, None), (0x90, None), (0xF0, GSM7), (0xF4, BINARY), (0xE0, GSM7)])
def test_what_it_says(scheme, told):
    assert alphabet(scheme) == told


def test_a_language_goes_before_in_two_schemes_alone():
    shortened = {scheme: len(without_language(scheme, bytes(10))) for scheme in range(256)}
    assert {scheme: 10 - left for scheme, left in shortened.items() if left < 10} == {0x10: 3, 0x11: 2}
    assert {alphabet(scheme) for scheme in range(256)} == {GSM7, UCS2, BINARY, None}
