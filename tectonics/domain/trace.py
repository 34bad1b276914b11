"""Traces: the name under which everything about one request stands in the log, and on its tickets.

A request has its peer's own id already, and whatever the request leads to keeps that id: the advance, the call and
the recovery stand in the account with it, and so do their tickets.  The trace is made from it, so it needs no place of
its own in the database, and is the same on every node and after every restart.  It is a digest because the
peer's id may tell what a log must not: a number that was typed, an IMSI.  A menu is one request from its first screen to its
last: its steps share the id up to the first bar.

16 hexadecimal digits: two requests out of a hundred million share theirs with a chance of one in 3,700.
"""

from functools import lru_cache
from hashlib import blake2b

_WITH_STEPS = ("ussd_", "web")  # channels whose ids are `session|step`


@lru_cache(maxsize=8192)  # a request asks for its own some ten times
def trace_of(channel: str, id: str) -> str:
    """The trace of the request that the peer of `channel` calls `id`; empty where it has none."""
    if not id:
        return ""
    if channel.startswith(_WITH_STEPS):
        id = id.partition("|")[0]
    return blake2b(f"{channel}\0{id}".encode("utf-8", "replace"), digest_size=8).hexdigest()
