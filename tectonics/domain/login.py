"""The one-time code by which a subscriber shows, on a page, that he reads the messages of his number.

Six digits are few, so the account itself counts: what was sent in the last day, and what was guessed at the newest
code.  It is written with every guess by compare-and-set, so the numbers hold across nodes and restarts: at most
CODES_HOUR_MAX codes an hour and CODES_DAY_MAX a day, GUESSES_MAX guesses a code, of which the newest alone counts.
Whoever guesses all day at one number is right once in 20,000 days.

What is kept of a code is a digest under a salt.  That hides it from a passing look at the table and no more: a million
codes are soon tried, and its short message waits in the outbox in clear until it has gone out.
"""

import hashlib
import hmac

from tectonics.domain.value import replace, value

DIGITS = 6
VALID_S = 300
CODES_HOUR_MAX, CODES_DAY_MAX = 3, 10
GUESSES_MAX = 5
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
_ROUNDS = 2000  # a millisecond or two of a processor


@value
class LoginCode:
    """The newest code of a number, until it is used, guessed at too often, or out of date."""

    digest: str  # empty once it has been used
    salt: str
    until_at: int
    wrong: int = 0

    def is_open(self, now: int) -> bool:
        """Whether it may still be guessed."""
        return bool(self.digest) and now < self.until_at and self.wrong < GUESSES_MAX

    def guessed(self, text: str) -> "LoginCode":
        """What is left of it after this guess: used, or one more wrong."""
        if hmac.compare_digest(digest_of(text, self.salt), self.digest):
            return replace(self, digest="", salt="")
        return replace(self, wrong=self.wrong + 1)


def digits_of(octets: bytes) -> str:
    """A code from random octets (eight or more, so that all codes are as good as equally likely).

    >>> digits_of(bytes(8))
    '000000'
    """
    return str(int.from_bytes(octets) % 10**DIGITS).zfill(DIGITS)


def digest_of(code: str, salt: str) -> str:
    """What is kept of a code."""
    return hashlib.pbkdf2_hmac("sha256", code.encode(), bytes.fromhex(salt), _ROUNDS).hex()


def last_day(sent: tuple[int, ...], now: int) -> tuple[int, ...]:
    """The times of codes that still count."""
    return tuple(at for at in sent if now - DAY_MS < at <= now)


def may_send(sent: tuple[int, ...], now: int) -> bool:
    """Whether one more code may go out to a number that was sent some at these times."""
    recent = last_day(sent, now)
    return len(recent) < CODES_DAY_MAX and sum(at > now - HOUR_MS for at in recent) < CODES_HOUR_MAX
