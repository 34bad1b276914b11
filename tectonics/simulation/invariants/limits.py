"""Never above a ceiling: what an advance may have found open when it was asked for.

An advance that is unfinished now was unfinished when a later one was asked for, and owed at least as much;
so those that are open together now prove what the later one had found.  Advances that a returned payment
opened again are left out: the operator's rule says nothing of them.  Each advance is held against the policy
version that made its offer.
"""

from collections import Counter

from tectonics.domain.policy import Policy, Segment
from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

UNFINISHED = ("granting", "unknown", "open", "overdue")


def nobody_is_above_his_limit(scene: Scene) -> Wrong:
    """Open advances, their sum, and what was lent to one in a day."""
    for one in scene.books.latest():
        reopened = {ticket.body.get("advance") for ticket in one.tickets if ticket.body["type"] == "recovery.reversed"}
        asked = sorted(one.advances.values(), key=lambda advance: (advance["requested_at"], advance["id"]))
        found_count, found_minor = Counter(), Counter()
        for advance in (a for a in asked if a["state"] in UNFINISHED and a["id"] not in reopened):
            segment = _segment(scene, advance)
            generation = advance["generation"]
            found_count[generation] += 1
            found_minor[generation] += _owed(advance)
            if found_count[generation] > segment.open_max:
                yield Violation(f"{found_count[generation]} advances are open, {segment.open_max} may be", one.msisdn)
            if segment.ceiling_minor is not None and found_minor[generation] > segment.ceiling_minor:
                yield Violation(f"{found_minor[generation]} are owed, {segment.ceiling_minor} may be", one.msisdn)
        yield from _of_a_day(one, asked, scene)


def _of_a_day(one: Subscriber, asked: list[dict], scene: Scene) -> Wrong:
    count, minor = Counter(), Counter()
    for advance in asked:
        if advance["state"] == "failed":
            continue
        policy = _policy(scene, advance)
        key = advance["generation"], policy.day(advance["requested_at"])
        count[key] += 1
        minor[key] += advance["offer"]["amount_minor"]
        if policy.lending.day_count_max is not None and count[key] > policy.lending.day_count_max:
            yield Violation(f"{count[key]} advances in a day, {policy.lending.day_count_max} may be", one.msisdn)
        if policy.lending.day_minor_max is not None and minor[key] > policy.lending.day_minor_max:
            yield Violation(f"{minor[key]} lent in a day, {policy.lending.day_minor_max} may be", one.msisdn)


def the_service_keeps_its_day(scene: Scene) -> Wrong:
    """With one node the service's own caps are exact (several may exceed them by what one refresh takes)."""
    most = scene.policies[max(scene.policies)].lending
    if scene.nodes > 1 or most.service_day_count_max is None and most.service_day_minor_max is None:
        return
    count, minor = Counter(), Counter()
    for one in scene.books.subscribers.values():
        for advance in one.advances.values():
            if advance["state"] != "failed":
                day = _policy(scene, advance).day(advance["requested_at"])
                count[day] += 1
                minor[day] += advance["offer"]["amount_minor"]
    for day in count:
        if most.service_day_count_max is not None and count[day] > most.service_day_count_max:
            yield Violation(f"{count[day]} advances on day {day}, {most.service_day_count_max} may be")
        if most.service_day_minor_max is not None and minor[day] > most.service_day_minor_max:
            yield Violation(f"{minor[day]} lent on day {day}, {most.service_day_minor_max} may be")


def _policy(scene: Scene, advance: dict) -> Policy:
    return scene.policies[advance["offer"]["policy"]]


def _segment(scene: Scene, advance: dict) -> Segment:
    name = advance["offer"]["segment"]
    return next(segment for segment in _policy(scene, advance).segments if segment.name == name)


def _owed(advance: dict) -> int:
    offer = advance["offer"]
    return (offer["amount_minor"] + offer["fee_minor"]
            - advance["principal_paid_minor"] - advance["fee_paid_minor"])
