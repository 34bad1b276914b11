"""JSON of a value without the fields at its end that say nothing.

A value's fields stand in its JSON in their order, and what few subscribers have (call-backs, sign-in codes, advertising)
was added at the end.  Nearly every account would carry 160 bytes of nulls and zeros in each of its rows and writes.  So what
stands at the end with its default is left out; whoever reads puts the same defaults in its place, also a daemon that is
one version older or newer.  A default must therefore never change its meaning; a field without one is always written.

Cutting at the end is exact: the last member of an object ends where the object does, so `,"codes":[]}` at the end of
the text is that member and never the inside of another one, which would end with a quote or with one more brace.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields

import msgspec

_encode = msgspec.json.Encoder().encode


def terse(cls: type) -> Callable[[object], str]:
    """The function that writes values of `cls` so. The first field is always written."""
    ends = _ends(cls)
    longest_first = tuple(reversed(ends))

    def text_of(value) -> str:
        text = _encode(value)
        if ends and text.endswith(ends[0]):
            for end in longest_first:
                if text.endswith(end):
                    return text[:-len(end)].decode() + "}"
        return text.decode()

    return text_of


def _ends(cls: type) -> tuple[bytes, ...]:
    """What can be left out: the last field, the last two and so on."""
    ends: list[bytes] = []
    for one in reversed(fields(cls)[1:]):
        if one.default is MISSING:
            break
        longer = f',"{one.name}":'.encode() + _encode(one.default) + (ends[-1] if ends else b"}")
        ends.append(longer)
    return tuple(ends)
