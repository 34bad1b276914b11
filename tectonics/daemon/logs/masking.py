"""What may not stand in the log, whoever put it there: telephone numbers, and characters that are no writing.

The lines of the house mask their numbers themselves (domain.msisdn).  This is the second lock: the text of an exception
may hold what a peer sent, and Twisted and Python write lines of their own.  Nine to fifteen digits in a row are taken for a number
(also for an IMSI or IMEI) unless they are part of a word, such as an operation's id; shorter ones could be anything.
A line that a peer could break in two would let him write lines of his own, so control characters are escaped.
"""

import re

from tectonics.domain.msisdn import mask

# A digit after `\n` or `\x00` of a repr() begins a number too.
_NUMBER = re.compile(r"(?:(?<![0-9A-Za-z])|(?<=\\x[0-9a-f]{2})|(?<=\\[nrt0]))[0-9]{9,15}(?![0-9A-Za-z])", re.ASCII)


def masked(text: str) -> str:
    """`text` with every telephone number masked."""
    return _NUMBER.sub(lambda number: mask(number[0]), text)


def one_line(text: str) -> str:
    """`text` without anything that could end the line or move the cursor."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
