"""A moment at which somebody has rung for credit, and how that can be wrong."""

from tectonics.simulation.invariants.invariant import Scene
from tectonics.simulation.postbook import Read
from tectonics.simulation.ringbook import Ring, Tried
from tectonics.simulation.ringing import NUMBERS, OPEN, STRANGER
from tectonics.simulators.phones.trunk import Dialled, Try
from tests.simulation.invariants.healthy import NOW, A, advance, healthy, ticket

ID, FORGED, AT_S = "1@carrier1", "2@stranger", 1000.0
LOADS = (("n1: calls ringing", 0, 5000), ("n1: rings to be told", 0, 2000), ("n1: callers", 3, 50_000))


def tried(ring, *statuses, begun_at=10.0, ended_at=18.0):
    """A try of a ring at n1; each answer with its moment."""
    seen = Try(Dialled(ring.call_id, ring.did), ("10.0.0.1", 5070), begun_at, list(statuses), ended_at)
    ring.tries.append(Tried(seen, "n1", 1, over=True, rang_life=1))
    return ring.tries[-1]


def rung():
    """He rang for credit at 10 s and was shown the offers; a stranger rang in his name and heard nothing."""
    plain = healthy()
    book, one = plain.journal.rings, plain.books.of(A)
    book.repeat_s = 60.0
    ring = book.rang(Ring(ID, A, A, NUMBERS["lend"], "lend", OPEN, 10.0, True))
    tried(ring, (10.0, 100), (10.0, 180), (18.0, 480))
    tried(book.rang(Ring(FORGED, A, A, NUMBERS["lend"], "lend", STRANGER, 30.0, False)), ended_at=62.0)
    plain.journal.post.read[A].append(Read(18.5, "Credit advance\n1. 2.00 EUR"))
    one.rings.add(ID)
    return Scene(plain.books, plain.journal, plain.policies, NOW, over=True, loads=LOADS, at_s=AT_S)


def ring(s, id=ID):
    return s.journal.rings.rings[id]


def it_was_answered(s):
    ring(s).tries[0].seen.statuses.append((40.0, 200))


def no_end(s):
    del ring(s).tries[0].seen.statuses[-1]


def a_stranger_hears_it_ring(s):
    ring(s, FORGED).tries[0].seen.statuses.append((30.0, 100))


def a_stranger_is_told_something_else(s):
    s.journal.rings.refuses = True
    ring(s, FORGED).tries[0].seen.statuses.append((30.0, 404))


def nobody_is_heard(s):
    s.journal.rings.unserved.append("n1")


def lent_at_once(s):
    s.books.of(A).advances["a2"] = advance("a2", channel="did_sip")


def an_effect_of_a_stranger(s):
    s.books.of(A).rings.add(FORGED)


def an_effect_of_nobody(s):
    s.books.of(A).tickets.append(ticket(4, "advance.refused", channel="did_sip", trigger="9@carrier1"))


def an_effect_for_another(s):
    ring(s).msisdn = "33620000009"


def an_effect_though_he_hung_up(s):
    seen = ring(s).tries[0].seen
    seen.statuses[-1], seen.ended_at = (10.3, 487), 10.3


def two_ends(s):
    s.books.of(A).tickets += [ticket(n, "callback.refused", channel="did_sip", trigger=ID) for n in (4, 5)]


def an_end_and_a_call(s):
    s.books.of(A).tickets.append(ticket(4, "callback.refused", channel="did_sip", trigger=ID))
    s.books.of(A).standing = {"call": {"channel": "did_sip", "trigger": ID}}


def offers_twice(s):
    s.journal.post.read[A] *= 2


def again_too_soon(s):
    tried(ring(s), (48.0, 180), (56.0, 480), begun_at=48.0, ended_at=56.0)


def again_too_soon_by_a_late_invite(s):
    again_too_soon(s)
    seen = ring(s).tries[-1].seen
    seen.statuses[0], seen.ended_at = (57.0, 180), 52.0
    ring(s).tries[-1].clear = False


def again_too_soon_behind_one_that_may_not_count(s):
    tried(ring(s), (71.0, 180), begun_at=20.0, ended_at=24.0).clear = False
    again_too_soon(s)


def a_call_is_left(s):
    object.__setattr__(s, "loads", (("n2: calls ringing", 1, 5000),))


def a_ring_is_left(s):
    object.__setattr__(s, "loads", (("n2: rings to be told", 1, 2000),))


WRONG = {
    "nobody_pays_for_a_ring": (it_was_answered,),
    "every_ring_is_answered": (no_end, a_stranger_hears_it_ring, a_stranger_is_told_something_else, nobody_is_heard),
    "a_ring_is_no_debt": (lent_at_once,),
    "a_ring_has_one_effect": (an_effect_of_a_stranger, an_effect_of_nobody, an_effect_for_another, an_effect_though_he_hung_up,
                              two_ends, an_end_and_a_call, offers_twice),
    "a_caller_is_not_heard_too_often": (again_too_soon, again_too_soon_by_a_late_invite, again_too_soon_behind_one_that_may_not_count),
    "nothing_rings_in_the_end": (a_call_is_left, a_ring_is_left),
}
