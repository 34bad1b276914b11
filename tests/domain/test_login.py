"""One-time codes: six digits, kept as a digest, few guesses, few codes."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.login import (
    CODES_DAY_MAX,
    CODES_HOUR_MAX,
    DAY_MS,
    GUESSES_MAX,
    HOUR_MS,
    LoginCode,
    digest_of,
    digits_of,
    last_day,
    may_send,
)

SALT = "00" * 16
CODE = LoginCode(digest_of("042137", SALT), SALT, 1000)


def test_a_code_is_open_until_it_is_used_or_out_of_date():
    assert CODE.is_open(999) and not CODE.is_open(1000)
    used = CODE.guessed("042137")
    assert used.digest == "" and not used.is_open(0)
    assert "042137" not in repr(CODE)


def test_guesses_are_counted_and_end_the_code():
    code = CODE
    for wrong in range(1, GUESSES_MAX + 1):
        assert code.is_open(0)
        code = code.guessed(f"{wrong:06}")
        assert code.wrong == wrong
    assert not code.is_open(0)


@given(st.binary(min_size=8, max_size=16))
def test_a_code_has_six_digits(octets):
    assert len(digits_of(octets)) == 6 and digits_of(octets).isdecimal()


@given(st.lists(st.integers(0, 3 * DAY_MS), max_size=200).map(sorted))
def test_no_hour_and_no_day_sees_more_codes_than_it_may(wished):
    kept, every = (), []
    for at in wished:
        if may_send(kept, at):
            kept = (*last_day(kept, at), at)
            every.append(at)
        assert len(kept) <= CODES_DAY_MAX
    for at in every:
        assert sum(at - HOUR_MS < one <= at for one in every) <= CODES_HOUR_MAX
        assert sum(at - DAY_MS < one <= at for one in every) <= CODES_DAY_MAX
    assert len(every) >= min(len(wished), 1)
