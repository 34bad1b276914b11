"""Call-backs: who is rung asked for it, once, one call at a time; each request has one end; no call goes on beyond its time.

What is right is told by the switch (callbook.py): which telephones rang, were picked up and hung up, and when.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial

from tectonics.domain.ticket import rfc3339
from tectonics.simulation.books import Command, Subscriber, Ticket
from tectonics.simulation.callbook import Callbook, Request, Rung
from tectonics.simulation.invariants import letterbox
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

ENDS = ("callback.completed", "callback.refused", "callback.failed")
AGREED = "We call you now"
FORGOTTEN = "switch"  # who ended it
RING = "did_sip"  # the channel of requests that are rings (rings.py)
LOST_S = 64.0  # beyond a session timer: a refresh without an answer, and a BYE that is repeated
REFUSING = frozenset({"billing refuses", "billing requests lost, then refused", "refund refused", "billing sick behind a payment",
                      "billing sick behind a call"})  # kinds of faults
ASKED_OF = {"reserving": "reserve", "unreserved": "reserve", "ringing": "ring", "connecting": "connect", "talking": "talk",
            "settling": "settle"}
LETS_GO = "release for"
ON_LINE = ("ring", "connect", "talk")  # what the call server is asked for


def nobody_is_rung_twice(scene: Scene) -> Wrong:
    """A leg, a number that was asked for, and the person of a call ring once; and nobody rings whom no call is about.

    A switch that restarts forgets that it was asked already, and rings when the same is said again; and where nothing is heard
    of one trunk in time, the other one is asked, though the telephone may have rung there.  A copy of an INVITE that comes
    behind its call, and was sent before anybody had heard how that ended, rings as well: for a switch it is another call.
    """
    book = scene.journal.calls
    for number in book.strangers:
        yield Violation(f"{number} rang, and nobody had asked for it")
    for msisdn, all_of_them in book.rung.items():
        rings = [one for one in all_of_them if one.phone.ended_by != FORGOTTEN and not one.phone.copy_of and not _moved(one, all_of_them)]
        for what, found in (("leg", [one.leg for one in rings]), ("number", [one.b for one in rings if one.b]),
                            ("call, its caller,", [one.call for one in rings if one.call and not one.b])):
            for name, count in Counter(found).items():
                if count > 1 and (what != "number" or count > _asked_for(scene, name)):
                    yield Violation(f"{what} {name} rang {count} times", msisdn)
        known = _calls(scene.books.of(msisdn))
        own = sum(not one.b for one in rings)
        if own > len(known):
            yield Violation(f"his telephone rang {own} times, for {len(known)} calls", msisdn)
        for one in rings:
            if one.b and not one.call and not _ends(scene.books.of(msisdn), one.b):
                yield Violation(f"{one.b} rang before that was committed", msisdn)


def _moved(one: Rung, rings: list[Rung]) -> bool:
    return any(other.leg == one.leg and other.trunk != one.trunk and other.phone.rung_at >= one.phone.rung_at for other in rings)


def _asked_for(scene: Scene, b: str) -> int:
    """How often somebody has asked for a number, or rung one of ours that may lead there."""
    journal = scene.journal
    request = journal.calls.requests.get(b)
    if request is None:
        return journal.rings.connecting(journal.calls.fixed[b], fixed=True)
    return _times(scene, request) + journal.rings.connecting(request.msisdn)


def _times(scene: Scene, request: Request) -> int:
    """How often a request may have been decided: a message that comes again behind its hour, or its minute, is another one."""
    if request.way != "sms":
        return request.times
    written = scene.journal.post.written.get(request.msisdn, ())
    return max(1, sum(letterbox.times(each, scene) for each in written if each.word == "CALL" and each.text.endswith(request.b[2:])))


def _calls(one: Subscriber) -> set[str]:
    """All calls of his that were ever begun, as far as the books say."""
    begun = {ticket.body["call"] for ticket in one.tickets if ticket.body.get("call")}
    now = one.standing.get("call")
    return begun | ({now["id"]} if now else set())


def _ends(one: Subscriber, b: str) -> list[Ticket]:
    return [ticket for ticket in one.tickets if ticket.body["type"] in ENDS and ticket.body.get("b_number") == b]


def one_call_at_a_time(scene: Scene) -> Wrong:
    """Who is rung for another call has had the ticket of the one before."""
    for msisdn, rings in scene.journal.calls.rung.items():
        calls = list(dict.fromkeys(one.call for one in rings if one.call))
        closed = {ticket.body.get("call") for ticket in scene.books.of(msisdn).tickets if ticket.body["type"] in ENDS}
        for call in calls[:-1]:
            if call not in closed:
                yield Violation(f"he is rung for {calls[-1]} though {call} is not over", msisdn)


def a_request_has_one_end(scene: Scene) -> Wrong:
    """One ticket a request, never two; in the end each has it that was agreed to, or rang."""
    book = scene.journal.calls
    for one in scene.books.latest() if book else ():
        found = Counter(ticket.body["b_number"] for ticket in one.tickets if ticket.body["type"] in ENDS
                        and ticket.body.get("b_number") and ticket.body.get("channel") != RING)
        for request in book.by_subscriber.get(one.msisdn, ()):
            count = found[request.b]
            if count > _times(scene, request):
                yield Violation(f"the request for {request.b} has {count} ends", one.msisdn)
            rang = any(rung.b == request.b for rung in book.rung.get(one.msisdn, ()))
            if scene.over and not count and (rang or request.shown.startswith(AGREED)):
                yield Violation(f"the request for {request.b} has no end", one.msisdn)


def calls_end_in_time(scene: Scene) -> Wrong:
    """Nobody talks beyond the time that is reserved, but for what a switch needs to find out that nobody controls it."""
    book = scene.journal.calls
    for msisdn, a, b in pairs(book):
        if a is None or not b.until_at:
            continue
        from_s, until_s = talked(a, b)
        until_s = min(until_s, scene.at_s)
        may_s = scene.at_s - (scene.now - max(a.until_at, b.until_at)) / 1000
        late_s = until_s - max(may_s, from_s)
        if until_s > from_s and late_s > book.session_s + LOST_S + scene.clocks_apart_ms / 1000:
            yield Violation(f"the call to {b.b} goes on {late_s:.0f} s beyond its time", msisdn)


def pairs(book: Callbook) -> Iterator[tuple[str, Rung | None, Rung]]:
    """Each telephone that somebody asked for, with his own for the same call."""
    for msisdn, rings in book.rung.items():
        own = [one for one in rings if not one.b]
        for one in rings:
            if one.b:
                there = [a for a in own if a.phone.rung_at <= one.phone.rung_at]
                same = [a for a in there if a.call and a.call == one.call]  # he may have been rung by two trunks
                yield msisdn, max(same or there[-1:], key=partial(_picked_up, one), default=None), one


def _picked_up(b: Rung, a: Rung) -> tuple[float, float, float]:
    """What tells by which trunk he was reached: there he talked, or picked up at least."""
    return talked_s(a, b), a.phone.answered_at, a.phone.rung_at


def talked(a: Rung, b: Rung) -> tuple[float, float]:
    """From and until when both were on the line; the same moment where they never were."""
    (a_from, a_until), (b_from, b_until) = a.talk_s, b.talk_s
    if not a_from or not b_from:
        return 0.0, 0.0
    from_s = max(a_from, b_from)
    return from_s, max(from_s, min(a_until, b_until))


def talked_s(a: Rung | None, b: Rung) -> float:
    """For how long."""
    from_s, until_s = talked(a, b) if a is not None else (0.0, 0.0)
    return until_s - from_s


def a_call_has_its_command(scene: Scene) -> Wrong:
    """What a call waits for is in the outbox, and nothing else of it but hang-ups.

    A node whose call another one has ended finds that out when its talk time is over, and waits until then.  Where a settlement was
    given up, what may still be held is let go behind the end of its call (docs/call-back.md): once, and no call waits for that.
    """
    for one in scene.books.latest() if scene.journal.calls else ():
        call, asked = one.standing.get("call"), defaultdict(list)
        ended = {ticket.body.get("call") for ticket in one.tickets if ticket.body["type"] in ENDS}
        for command in one.commands:
            if _lets_go(command, one, scene):
                asked[f"{LETS_GO} {command.body['call']}"].append(command.op)
            elif command.kind in ("reserve", "settle", "ring", "connect") or command.kind == "talk" and command.body.get("call") not in ended:
                asked[command.kind].append(command.op)
        wanted = ASKED_OF[call["state"]] if call else ""
        if wanted and not asked[wanted]:
            yield Violation(f"the call {call['id']} is {call['state']}, and nobody does what it waits for", one.msisdn)
        if wanted in ("reserve", "settle") and call["op"] not in asked[wanted]:
            yield Violation(f"the call {call['id']} waits for {call['op']}, which is not in the outbox", one.msisdn)
        for kind, ops in asked.items():
            extends = kind == "reserve" and wanted == "talk"
            cut = kind in ON_LINE and one.generation > 1  # of a former holder's call: its answer is still to come
            if len(ops) > (kind == wanted or extends or kind.startswith(LETS_GO)) and not cut:
                yield Violation(f"{kind} {' '.join(ops)} in the outbox, and nothing waits for it", one.msisdn)


def _lets_go(command: Command, one: Subscriber, scene: Scene) -> bool:
    """Whether it takes nothing and was born with the end of its call, for which nothing was taken either, or began anew since."""
    born_by = rfc3339(command.created_at + scene.clocks_apart_ms)
    return command.kind == "settle" and command.body.get("amount_minor") == 0 and any(
        ticket.body.get("call") == command.body["call"] and ticket.body["time"] <= born_by and not ticket.minor("amount")
        for ticket in one.tickets if ticket.body["type"] in ENDS)


def everybody_has_hung_up(scene: Scene) -> Wrong:
    """In the end: no call is open, nothing is held, every telephone is on its hook."""
    if not scene.over:
        return
    for msisdn, one in sorted(scene.books.subscribers.items()):
        call = one.standing.get("call")
        if call:
            yield Violation(f"the call {call['id']} is still {call['state']}", msisdn)
    for (msisdn, session), (minor, until_at) in scene.books.holds.items():
        if until_at > scene.now and not has_refused(scene):
            yield Violation(f"{minor} are still held in {session}", msisdn)
    for msisdn, rings in scene.journal.calls.rung.items():
        for one in rings:
            if not one.is_over:
                yield Violation(f"the telephone {one.phone.number} is still {one.phone.state}", msisdn)


def has_refused(scene: Scene) -> bool:
    """Whether the billing system has ever refused what it should not: what it refuses to let go is let go by time."""
    return any(kind in REFUSING for _, kind, _ in scene.journal.faults)
