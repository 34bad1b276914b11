"""From a decision to the unit that is written: the changed rows are found by comparing accounts."""

from tectonics.domain.advance import WRITTEN_OFF, Advance
from tectonics.domain.events import (
    BorrowAsked,
    BorrowConfirmed,
    CallAsked,
    CodeAsked,
    Event,
    FeedEvent,
    ProfileChanged,
    Recharged,
    Replied,
    Reversed,
    Trigger,
    WrittenOff,
)
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.ports import Unit, Usage
from tectonics.workflows.decision import Context, Decision
from tectonics.workflows.recover import feed_channel, reversal_mark

SERVICE, GIVEN_UP = "advance", "written_off"  # of ports.Usage


def trigger_of(event: Event) -> Trigger | None:
    """The peer's own id of the request, where the event has one."""
    if isinstance(event, BorrowAsked | BorrowConfirmed | CallAsked | CodeAsked | Replied | ProfileChanged
                  | WrittenOff):
        return event.trigger
    if isinstance(event, FeedEvent):
        return Trigger(feed_channel(event.feed), event.id)
    return None


def asked_triggers(event: Event) -> tuple[Trigger, ...]:
    """The triggers that the decision must know about."""
    own = trigger_of(event)
    if isinstance(event, Recharged):
        return own, reversal_mark(event.feed, event.id)
    return () if own is None else (own,)


def asked_recharge(event: Event) -> tuple[str, str] | None:
    """The recharge whose recoveries must be loaded with the account."""
    return (event.feed, event.ref) if isinstance(event, Reversed) else None


def unit_of(before: Account, event: Event, decision: Decision, context: Context) -> Unit:
    """All that is written because of the decision."""
    after = decision.account
    trigger = trigger_of(event)
    answer = decision.answer.encode() if decision.answer else None
    lent = _changed(before.advances, after.advances)
    return Unit(
        id=context.new_id(), at=context.now, expected=before.version,
        account=replace(after, version=before.version + 1),
        advances=lent,
        recoveries=_changed(before.recoveries, after.recoveries),
        trigger=trigger, trigger_answer=None if decision.answer_to else answer,
        marks=decision.marks,
        answer=(decision.answer_to, answer) if decision.answer_to and answer else None,
        commands=decision.commands, finished=decision.finished, unresolved=decision.unresolved,
        tickets=decision.tickets, usage=_usage(before, lent, decision, context))


def _usage(before: Account, changed: tuple[Advance, ...], decision: Decision, context: Context) -> Usage | None:
    """What is added to the day: lent, or given up; no decision does both."""
    if decision.lent_count:
        return Usage(SERVICE, context.policy.day(context.now), decision.lent_count, decision.lent_minor)
    given_up = [one for one in changed if one.state == WRITTEN_OFF]
    if not given_up:
        return None
    known = {one.id for one in before.advances if one.state == WRITTEN_OFF}
    new = [one for one in given_up if one.id not in known]
    return Usage(GIVEN_UP, context.policy.day(context.now), len(new), sum(one.unpaid_minor for one in new))


def _changed(before: tuple, after: tuple) -> tuple:
    known = {item.id: item for item in before}
    return tuple(item for item in after if known.get(item.id) is not item and known.get(item.id) != item)
