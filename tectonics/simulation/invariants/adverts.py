"""Advertising keeps to its caps and quiet hours, to every STOP, and to those who could really borrow.

Each `advert.sent` is held against the policy version that its ticket names, the record or movement that told the
balance, what the subscriber's earlier tickets say of him, and what he wrote.  Times of tickets are those of the node
that decided; where clocks jumped, as far as they were ever apart is allowed for.
"""

from collections import Counter
from collections.abc import Iterator

from tectonics.domain.policy import Policy
from tectonics.domain.ticket import parse_rfc3339
from tectonics.simulation.books import Subscriber, Ticket
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.population import letters
from tectonics.simulation.postbook import Written

SENT = "advert.sent"
DAY_MS, WEEK_MS, MINUTE_MS = 86_400_000, 7 * 86_400_000, 60_000
GONE = ("advance.written_off", "recovery.full")
NETWORK = ("partition", "slow network", "connections given up", "slow disk")  # under which what is said arrives late
LATE_S, NETWORK_S, SOON_S = 30.0, 7200.0, 120.0


def advertising_keeps_its_caps(scene: Scene) -> Wrong:
    """On one of his days, and in seven days together; each holder of a number by himself."""
    for one, told in _advertised(scene):
        days, moments = Counter(), []
        for ticket in told:
            rules = _policy(scene, ticket).advertising
            at = parse_rfc3339(ticket.body["time"])
            days[_local_ms(at, one.msisdn, scene, ticket) // DAY_MS] += 1
            moments.append(at)
            week = sum(at - WEEK_MS < other <= at for other in moments)
            if max(days.values()) > rules.day_max * one.generation or week > rules.week_max * one.generation:
                yield Violation(f"{max(days.values())} advertisements in a day and {week} in a week, allowed are"
                                f" {rules.day_max} and {rules.week_max}", one.msisdn)


def nobody_is_disturbed(scene: Scene) -> Wrong:
    """None is decided in the quiet hours, and none arrives in them or after its time."""
    for one, told in _advertised(scene):
        ends = []
        for ticket in told:
            quiet, valid_s = _policy(scene, ticket).advertising.quiet, _policy(scene, ticket).advertising.valid_s
            local_ms = _local_ms(parse_rfc3339(ticket.body["time"]), one.msisdn, scene, ticket)
            if _is_quiet(quiet, local_ms):
                yield Violation(f"{ticket.body['id']} was decided at {local_ms // MINUTE_MS % 1440} minutes of his day",
                                one.msisdn)
            ends.append(_end_ms(quiet, valid_s, local_ms) + parse_rfc3339(ticket.body["time"]) - local_ms)
        yield from _late(scene, one.msisdn, ends)


def _late(scene: Scene, msisdn: str, ends: list[int]) -> Wrong:
    """A message that arrived after the end of every advertisement that was decided before it."""
    start_ms = scene.now - round(scene.at_s * 1000)
    struck = [at_s for at_s, kind, _ in scene.journal.faults if kind in NETWORK]
    for part in scene.journal.post.submitted.get(msisdn, ()):
        if not letters.advert(part.text) or any(0 <= part.at_s - at_s < NETWORK_S for at_s in struck):
            continue
        at_ms = start_ms + part.at_s * 1000 - LATE_S * 1000 - scene.clocks_apart_ms
        if at_ms > max(ends):
            yield Violation(f"an advertisement arrived {(at_ms - max(ends)) / 1000:.0f} s after its time", msisdn)


def a_stop_is_kept(scene: Scene) -> Wrong:
    """Who wrote STOP, and was acknowledged, gets no offer until he writes START, or the number is another's.

    And nobody has stopped who has not written it himself.
    """
    for one in scene.books.latest() if scene.journal.post else ():
        written = scene.journal.post.written.get(one.msisdn, ())
        since_s = _stopped_s(written, one.generation, scene.clocks_apart_ms / 1000)
        stopped = one.profile.get("adverts_stopped_at") is not None
        wishes = scene.journal.web.wishes[one.msisdn]
        if since_s is not None and wishes:
            continue  # on his page he may have said otherwise
        if since_s is not None and not stopped:
            yield Violation(f"his STOP was acknowledged at {since_s:.0f} s, and is not known", one.msisdn)
        if stopped and "advert_stop" not in wishes and not any(_meant(each, one.generation) for each in written if _word(each, letters.STOPS)):
            yield Violation("he is said to have written STOP, and has not", one.msisdn)
        if since_s is None:
            continue
        start_ms = scene.now - round(scene.at_s * 1000)
        for ticket in (each for each in one.tickets if each.body["type"] == SENT):
            if parse_rfc3339(ticket.body["time"]) > start_ms + since_s * 1000 + scene.clocks_apart_ms:
                yield Violation(f"{ticket.body['id']} was sent after his STOP", one.msisdn)


def only_who_could_borrow_is_advertised_to(scene: Scene) -> Wrong:
    """By the balance that was told, and by what his earlier tickets say of him."""
    for one, _ in _advertised(scene):
        opened, given_up, barred = set(), set(), False
        for ticket in one.tickets:
            kind, advance = ticket.body["type"], ticket.body.get("advance", "")
            if kind == "advance.granted" or kind == "recovery.reversed" and advance not in given_up:
                opened.add(advance)
            elif kind in GONE:
                opened.discard(advance)
                given_up |= {advance} if kind == "advance.written_off" else set()
            elif kind in ("subscriber.barred", "subscriber.unbarred"):
                barred = kind == "subscriber.barred"
            elif kind == SENT:
                yield from _could_borrow(scene, one, ticket, opened, barred)


def _could_borrow(scene: Scene, one: Subscriber, ticket: Ticket, opened: set[str], barred: bool) -> Wrong:
    policy, id = _policy(scene, ticket), ticket.body["id"]
    balance_minor = _balance_minor(scene, ticket.body["trigger"])
    campaign = next((each for each in policy.advertising.campaigns if each.name == ticket.body["campaign"]), None)
    segment = next((each for each in policy.segments if each.name == ticket.body["segment"]), None)
    if not policy.advertising.sending or campaign is None or segment is None:
        yield Violation(f"{id} is of campaign {ticket.body['campaign']} for {ticket.body['segment']}", one.msisdn)
        return
    limits = [campaign.balance_minor_max, policy.lending.balance_minor_max]
    if balance_minor is None or balance_minor > min(limit for limit in limits if limit is not None):
        yield Violation(f"{id} was sent at a balance of {balance_minor}, the limits are {limits}", one.msisdn)
    if one.generation == 1 and len(opened) >= segment.open_max:
        yield Violation(f"{id} was sent to somebody with {len(opened)} advances open", one.msisdn)
    if one.generation == 1 and barred:
        yield Violation(f"{id} was sent to somebody who is barred", one.msisdn)


def each_advertisement_has_its_ticket(scene: Scene) -> Wrong:
    """As many messages as tickets: never more, and until something goes wrong, as far as clocks tell when that is, not fewer."""
    calm_s = min([at_s for at_s, *_ in scene.journal.faults] + [scene.at_s]) - SOON_S
    calm_ms = scene.now - round((scene.at_s - calm_s) * 1000)
    for one in scene.books.latest() if _sending(scene) else ():
        tickets = sum(ticket.body["type"] == SENT for ticket in one.tickets)
        waiting = len(scene.books.mail.adverts.get(one.msisdn, ()))
        submitted = scene.journal.post.submitted.get(one.msisdn, ())
        there = sum(letters.advert(part.text) for part in submitted)
        repeated = any(row.repeated for row in scene.books.mail.of(one.msisdn))
        if waiting > tickets or there > tickets and not repeated:
            yield Violation(f"{waiting} advertisements were to be sent and {there} were, {tickets} have a ticket", one.msisdn)
        early = sum(ticket.body["type"] == SENT and parse_rfc3339(ticket.body["time"]) < calm_ms for ticket in one.tickets)
        if early > there and not scene.clocks_apart_ms:
            yield Violation(f"{early} advertisements have a ticket, {there} were sent", one.msisdn)


def _advertised(scene: Scene) -> Iterator[tuple[Subscriber, list[Ticket]]]:
    for one in scene.books.latest() if _sending(scene) else ():
        told = [ticket for ticket in one.tickets if ticket.body["type"] == SENT]
        if told:
            yield one, told


def _sending(scene: Scene) -> bool:
    return any(policy.advertising.sending for policy in scene.policies.values())


def _policy(scene: Scene, ticket: Ticket) -> Policy:
    return scene.policies[ticket.body["policy"]]


def _local_ms(at_ms: int, msisdn: str, scene: Scene, ticket: Ticket) -> int:
    policy = _policy(scene, ticket)
    zone = next((zone for zone in policy.advertising.zones
                 if any(low <= msisdn <= high for low, high in zone.ranges)), None)
    return at_ms + (zone or policy).utc_offset_minutes * MINUTE_MS


def _is_quiet(quiet: tuple[int, int], local_ms: int) -> bool:
    minute, (begin, end) = local_ms // MINUTE_MS % 1440, quiet
    return begin <= minute < end if begin <= end else not end <= minute < begin


def _end_ms(quiet: tuple[int, int], valid_s: int, local_ms: int) -> int:
    """Until when it may arrive, on his clock."""
    begin, end = quiet
    evening_ms = local_ms // DAY_MS * DAY_MS + begin * MINUTE_MS
    evening_ms += DAY_MS * (evening_ms < local_ms)
    return min(local_ms + valid_s * 1000, evening_ms) if begin != end else local_ms + valid_s * 1000


def _balance_minor(scene: Scene, trigger: str) -> int | None:
    """What a record of the feed, or a movement of the ledger, said."""
    name, _, position = trigger.partition(":")
    if name == "spend":
        movement = scene.books.movements.get(f"L{position}")
        return movement and movement.balance_minor
    record = scene.journal.records.get(trigger)
    return record and record.amount_minor


# --- what he wrote


def _word(written: Written, words: tuple[str, ...]) -> bool:
    return written.word in words


def _meant(written: Written, generation: int) -> bool:
    """Whether a message may have been decided while the number was this holder's."""
    first = written.tries[0][2] if written.tries else generation
    return first <= generation and (written.done_s is None or max(each[2] for each in written.tries) >= generation
                                    or written.generation_after >= generation)


def _heard_once(written: Written, others: list[Written], apart_s: float) -> bool:
    """Whether the same words came from the same number within a minute before: nobody can tell them from a copy."""
    before = [other for other in others if other.at_s < written.at_s and other.text == written.text and not other.numbered]
    return not written.numbered and any(0 <= mine[0] - its[0] < MINUTE_MS / 1000 + apart_s
                                        for other in before for its in other.tries for mine in written.tries)


def _stopped_s(written: list[Written], generation: int, apart_s: float) -> float | None:
    """Since when he is certainly to be left in peace; None: he is not."""
    stops = [each for each in written if _word(each, letters.STOPS) and each.taken_s is not None and each.tries
             and each.tries[0][2] == each.generation_after == generation and not _heard_once(each, written, apart_s)]
    if not stops:
        return None
    last = max(stops, key=lambda each: each.taken_s)
    lifted = any(each.done_s is None or each.done_s >= last.tries[0][0] for each in written
                 if _word(each, (*letters.STARTS, *letters.AGREES)) and each.tries)
    return None if lifted else last.taken_s
