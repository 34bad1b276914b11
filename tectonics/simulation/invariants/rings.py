"""Rings: nobody pays for one, none makes a debt, each has one effect at most, and each is answered by the node that got it.

What is right is told by the carriers (ringbook.py): who rang, by which carrier, and every answer.
"""

from collections import Counter, defaultdict

from tectonics.simulation.invariants.calls import ENDS
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.ringbook import Ring, Tried

CHANNEL = "did_sip"
ENDED = (*ENDS, "advance.refused", "advance.failed")
FORBIDDEN = 403
MIN_RING_S, CLOCK_S = 1.0, 0.1
OFFERS = "Credit advance"
KEPT = ("calls ringing", "rings to be told")


def nobody_pays_for_a_ring(scene: Scene) -> Wrong:
    """No try of a call is ever answered by a 2xx, be it too late."""
    for ring, one in _tries(scene):
        paid = [status for status in one.statuses if 200 <= status < 300]
        if paid:
            yield Violation(f"the call {ring.call_id} was answered by {paid[0]}", ring.msisdn)


def every_ring_is_answered(scene: Scene) -> Wrong:
    """By a final answer, where the node was there all the time and nothing was lost; and who is no carrier by nothing, or 403."""
    book = scene.journal.rings
    for ring, one in _tries(scene):
        if ring.forged:
            if any(status != FORBIDDEN or not book.refuses for status in one.statuses):
                yield Violation(f"the call {ring.call_id} of no carrier was answered by {one.statuses}", ring.msisdn)
        elif one.over and one.clear and not one.seen.final:
            yield Violation(f"{one.node} left the call {ring.call_id} without an end, it said {one.statuses}", ring.msisdn)
    for node in book.unserved:
        yield Violation(f"{node} did not decline a ring when all was well")


def a_ring_is_no_debt(scene: Scene) -> Wrong:
    """Nothing is lent on a ring alone."""
    for one in scene.books.latest() if scene.journal.rings else ():
        for id, advance in one.advances.items():
            if advance["channel"] == CHANNEL:
                yield Violation(f"the advance {id} was lent for the ring {advance['trigger']}", one.msisdn)


def a_ring_has_one_effect(scene: Scene) -> Wrong:
    """What was decided for a ring was decided once, for him who rang, at a number that he may ring, over a carrier that may tell."""
    book = scene.journal.rings
    for one in scene.books.latest() if book else ():
        told = Counter(ticket.body["trigger"] for ticket in one.tickets
                       if ticket.body.get("channel") == CHANNEL and ticket.body["type"] in ENDED)
        call = one.standing.get("call")
        if call and call["channel"] == CHANNEL:
            told[call["trigger"]] += 1
        for id in sorted(one.rings | told.keys()):
            ring = book.rings.get(id)
            if ring is None or ring.msisdn != one.msisdn or not ring.good:
                yield Violation(f"the ring {id} that was not his to have an effect has one", one.msisdn)
            elif not scene.clocks_apart_ms and not _may_count(ring):
                yield Violation(f"the ring {id} has an effect, and he had hung up at once", one.msisdn)
            if told[id] > 1:
                yield Violation(f"the ring {id} has {told[id]} ends", one.msisdn)
        asked, shown = _asked(scene, one.msisdn), _shown(scene, one.msisdn)
        if shown > asked:
            yield Violation(f"he was shown offers {shown} times, for {asked} rings and messages", one.msisdn)


def a_caller_is_not_heard_too_often(scene: Scene) -> Wrong:
    """Who rings a number again too soon does not hear it ring: by one life of a node, and where clocks were right.

    A node counts in its memory from the moment at which it lets a call ring.  That is when he called at the earliest, and when he
    heard it at the latest: an INVITE that is late, or lost and sent again, may come when it rings again rightly, or to the node's
    next life, which knows of nothing.
    """
    book, last = scene.journal.rings, defaultdict(list)
    for ring, one in _tries(scene) if book.repeat_s and not scene.clocks_apart_ms else ():
        if one.rang and one.over and one.one_life:
            last[ring.cli, ring.did, one.node, one.life].append(one)
    for (msisdn, did, node, _), tries in last.items():
        counted = None  # the last one that counts for certain
        for one in sorted(tries, key=lambda each: each.seen.begun_at):
            if counted is not None and one.rang_at - counted.seen.begun_at < book.repeat_s - CLOCK_S:
                yield Violation(f"{did} rang twice within {one.rang_at - counted.seen.begun_at:.1f} s at {node}", msisdn)
            if one.clear and one.seen.rang_s > MIN_RING_S + CLOCK_S:
                counted = one


def nothing_rings_in_the_end(scene: Scene) -> Wrong:
    """No call, and no ring that nobody was told."""
    for name, depth, _ in scene.loads if scene.over else ():
        if depth and name.endswith(KEPT):
            yield Violation(f"{name}: {depth} in the end")


def _tries(scene: Scene):
    return ((ring, one) for ring in scene.journal.rings.rings.values() for one in ring.tries)


def _counted(one: Tried) -> bool:
    """Whether it may have rung for long enough, by what the caller heard: answers may be late, and lost."""
    return not one.clear or not one.over or one.rang and one.seen.rang_s > MIN_RING_S - CLOCK_S


def _asked(scene: Scene, msisdn: str) -> int:
    """How often offers may have been shown to him: for a ring, for any message or mail that he wrote, and again where one was repeated."""
    post = scene.journal.post
    rings = sum(ring.good and (bool(scene.clocks_apart_ms) or _may_count(ring)) for ring in scene.journal.rings.by_subscriber.get(msisdn, ()))
    written = sum(max(1, len(one.tries)) for one in post.written.get(msisdn, ()))
    mails = sum(id.startswith("sos:") for id in scene.books.of(msisdn).mails)
    return rings + written + mails + sum(row.attempts - 1 for row in scene.books.mail.of(msisdn) if row.repeated)


def _may_count(ring: Ring) -> bool:
    return any(map(_counted, ring.tries))


def _shown(scene: Scene, msisdn: str) -> int:
    return sum(OFFERS in read.text for read in scene.journal.post.read.get(msisdn, ()))

