"""What was dialled is split alike for every channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.service_codes import INPUT_CHARS_MAX, ServiceCodes
from tectonics.domain.errors import BadMessage

CODES = ServiceCodes(("*133#", "*133*7#", "*15#"))


@pytest.mark.parametrize("dialled, code, typed", [
    ("*133#", "*133#", ""), ("*133", "*133#", ""), (" *133# ", "*133#", ""), ("*133*2#", "*133#", "2"),
    ("*133*2*1#", "*133#", "2*1"), ("*133*7#", "*133*7#", ""), ("*133*7*1#", "*133*7#", "1"),
    ("*133*71#", "*133#", "71"), ("*1337#", "*1337#", ""), ("*15*#", "*15#", ""), ("*99*4#", "*99#", "4"),
    ("#100#", "#100#", ""), ("*#100*1#", "*#100#", "1"), ("**21*0612345678#", "**21#", "0612345678"),
])
def test_the_longest_code_that_is_served_is_meant(dialled, code, typed):
    assert CODES.split(dialled) == (code, typed)


@pytest.mark.parametrize("dialled", ["", "133#", "*#", "*", "*133##", "hello", "*133*2#3#", "*٣#",
                                     "*1*" + "2" * INPUT_CHARS_MAX + "#"])
def test_what_is_no_code_is_refused(dialled):
    with pytest.raises(BadMessage):
        CODES.split(dialled)


@given(st.text("*#0123456789", max_size=20))
def test_nothing_of_a_code_is_lost(dialled):
    try:
        code, typed = CODES.split(dialled)
    except BadMessage:
        return
    whole = code.removesuffix("#") + ("*" + typed if typed else "")
    assert whole == dialled.removesuffix("#").removesuffix("*" if not typed and dialled.endswith(("*", "*#")) else "")
