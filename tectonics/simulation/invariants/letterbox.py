"""Each message of a subscriber counts once, and each message to him is said once.

A message that was acknowledged is committed: its trigger is there.  It is decided again only where another life of a
node had to take it for a new one: SMPP gives messages no id, and what tells them apart ends with an hour, or with a
minute where the handset does not number them.  A part is at the centre twice only where nobody could know whether
it was there, and then its row says so.
"""

from collections import defaultdict

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.population import letters
from tectonics.simulation.postbook import Written

DEFINITE = ("SOS", "LOAN", "DEBT", *letters.STARTS)  # that are always answered, as STOP is
WINDOW_S, PLAIN_S = 3500.0, 55.0
REPLIES_S, REPLIES_MAX = 4000.0, 12  # of who writes more, not everything is answered


def what_was_acknowledged_is_committed(scene: Scene) -> Wrong:
    """As many triggers as messages that were acknowledged and are always answered."""
    for one in scene.books.latest() if scene.journal.post else ():
        taken = [written for written in scene.journal.post.written.get(one.msisdn, ()) if _definite(written)]
        if _chatters(scene.journal.post.written.get(one.msisdn, ())):
            continue
        if len(taken) > len(one.messages):
            yield Violation(f"{len(taken)} of his messages were acknowledged, {len(one.messages)} have a trigger", one.msisdn)


def a_message_counts_once(scene: Scene) -> Wrong:
    """No more triggers than messages, but for what another life could not recognise."""
    for one in scene.books.latest() if scene.journal.post else ():
        written = scene.journal.post.written.get(one.msisdn, ())
        most = sum(times(each, scene) for each in written)
        if len(one.messages) > most:
            yield Violation(f"{len(written)} messages of his, {len(one.messages)} triggers; at most {most} are right", one.msisdn)


def nothing_is_said_twice(scene: Scene) -> Wrong:
    """What the centre has of a subscriber's messages, against the rows of the parts."""
    for msisdn, submitted in sorted(scene.journal.post.submitted.items()):
        right = sum(row.attempts if row.repeated else 1 for row in scene.books.mail.of(msisdn))
        there = len(submitted)
        if there > right:
            yield Violation(f"the centre has {there} parts for him, {right} were to be sent", msisdn)


def _definite(written: Written) -> bool:
    plain = written.text.upper() in DEFINITE or written.word in letters.STOPS
    return plain and written.taken_s is not None and written.numbered


def _chatters(written: list[Written]) -> bool:
    """Whether anybody writes so much within an hour that he is not answered any more."""
    moments = [each.at_s for each in written]
    return any(moments[at + REPLIES_MAX] - moments[at] < REPLIES_S for at in range(len(moments) - REPLIES_MAX))


def times(written: Written, scene: Scene) -> int:
    """How often one message may rightly have been decided."""
    if scene.clocks_apart_ms:
        return len(written.tries)
    window_s, moments = WINDOW_S if written.numbered else PLAIN_S, defaultdict(list)
    for at_s, life, _ in written.tries:
        moments[life].append(at_s)
    return sum(1 + int((each[-1] - each[0]) // window_s) for each in moments.values())
