"""Tickets for people and programs: pages by time over all origins, and the newest of this process.

A page is ordered by (time, origin, number).  A unit that is committed a moment after a page was
read may carry an earlier time, so whoever must not miss a ticket follows the numbers: `tickets.tail`
with `after_seq`, or the acknowledged stream.
"""

from functools import partial

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin.method import Method, Offices

SEQ_MAX = 2**63 - 1


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    return {
        "tickets.page": Method(partial(_page, offices), {
            "since": take.moment("the first moment", 0),
            "until": take.moment("the moment after the last", take.TIME_MAX),
            "after": take.cursor(3), "limit": take.limit()}, "a page of tickets of all origins, by time"),
        "tickets.tail": Method(partial(_tail, offices), {
            "after_seq": take.whole("the number to begin after; without it, the newest", 0, SEQ_MAX, None),
            "limit": take.limit(20)}, "tickets of this process, by number"),
    }


async def _page(offices: Offices, who: str, since: int, until: int, after: tuple | None, limit: int) -> dict:
    lines = await offices.tickets.read_time(since, until, _position(after, since), limit)
    last = lines[-1] if len(lines) == limit else None
    return {"lines": [line.line.decode() for line in lines],
            "after": f"{last.at}:{last.origin}:{last.seq}" if last else ""}


def _position(after: tuple | None, since: int) -> tuple[int, str, int]:
    if after is None:
        return since, "", 0
    at, origin, seq = after
    if not (seq.isascii() and seq.isdecimal() and len(seq) < 19):
        raise TheirFault("after: send the `after` of the page before, as it was")
    return at, origin, int(seq)


async def _tail(offices: Offices, who: str, after_seq: int | None, limit: int) -> dict:
    oldest, newest = await offices.tickets.span(offices.tickets.origin)
    after = max(0, newest - limit) if after_seq is None else after_seq
    lines = await offices.tickets.read(offices.tickets.origin, after, limit)
    return {"origin": offices.tickets.origin, "oldest": oldest, "newest": newest,
            "lines": [line.line.decode() for line in lines],
            "after_seq": lines[-1].seq if lines else after}
