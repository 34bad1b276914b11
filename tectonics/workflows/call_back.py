"""Call-back: A is rung, and when A answers B is, and the two are connected until one hangs up or the credit ends.

States     reserving, unreserved, ringing, connecting, talking, settling, closed
Events     CallAsked (channels), ReserveAnswered and SettleAnswered (outbox, look-up or a person), LegAnswered and
           TalkEnded (call server), TalkExtended (a timer, before the reserved talk time ends)
Commands   Reserve, Settle; Ring, Connect, Talk, HangUp; a short message when it came to nothing

Nobody is rung before the reservation is certain: a missing answer rings nobody, and what turns out to be held is given
back.  Each leg is dialled by one command with an id of its own; an answer to it that comes when nobody waits for it any more is
a leg that must not stay up, so it is hung up again.  The reservation is settled once under one operation until that is
known to be done, refused or not done; only what was certainly not done is tried again under a new one.
A subscriber with a bill has no reservation: what would settle closes at once, and the ticket is what is charged.
"""

from tectonics.domain import call as calls
from tectonics.domain.call import Call, CallMark, Leg
from tectonics.domain.commands import Command
from tectonics.domain.events import (
    CallAsked,
    CallEvent,
    LegAnswered,
    ReserveAnswered,
    SettleAnswered,
    TalkEnded,
    TalkExtended,
)
from tectonics.domain.outcome import Done, NotFound, Outcome, Refused, Unknown
from tectonics.domain.policy import DAY_MS
from tectonics.domain.subscriber import CALL_MARKS_MAX, Account
from tectonics.domain.ticket import REASONS
from tectonics.domain.value import replace
from tectonics.workflows import (
    call_checks,
    call_end,
    call_legs,
    call_money,
    call_moves,
    call_talk,
    call_words,
    replies,
)
from tectonics.workflows.call_checks import Plan
from tectonics.workflows.decision import Context, Decision
from tectonics.workflows.lending import Refusal

MARKS_KEPT_MS = 30 * DAY_MS
NOT_ASKED = frozenset({"busy", "unreachable", "late"})  # reasons of a connector that did not reach its peer


def happened(account: Account, event: CallEvent, context: Context) -> Decision | None:
    """What to write because of something that happens to a call."""
    match event:
        case CallAsked():
            return asked(account, event, context)
        case ReserveAnswered():
            return reserved(account, event, context)
        case LegAnswered():
            return call_legs.answered(account, event, context)
        case TalkExtended():
            return call_talk.extended(account, event, context)
        case TalkEnded():
            return call_talk.ended(account, event, context)
        case SettleAnswered():
            return call_end.settled(account, event, context)


def asked(account: Account, event: CallAsked, context: Context) -> Decision:
    """Begins a call, or says why not."""
    found = call_checks.examine(account, event, context)
    if isinstance(found, Refusal):
        return _refused_at_once(account, event, found, context)
    call = _new_call(account, event, found, context)
    account = _marked(account, CallMark(context.now, call.b.number, call.high_cost), context)
    answer = call_words.screen("coming", account, context, number=call_words.shown(call.b.number))
    if found.first_minor:
        held = call_money.Held(found.first_s, found.first_minor, found.most_s)
        call = call_money.asking(replace(call, session=context.new_op()), held, context)
        command: Command = call_money.reserve(call, account, context)
        text = f"holds {context.money(found.first_minor)} for {found.first_s} s of talk"
    else:
        call = call_moves.moved(call, "nothing to reserve", talk_s=found.first_s)
        command, text = call_legs.ring(call, account, context), "rings A"
    return Decision(call_moves.with_call(account, call), text, commands=(command,), answer=answer)


def _refused_at_once(account: Account, event: CallAsked, refused: Refusal, context: Context) -> Decision:
    reason = refused.reason
    written = call_words.refused(account, event.trigger, context, reason,
                                 b_number=event.b.digits if event.b else event.number[:32])
    answer = call_words.screen(f"refused.{reason}", account, context, **dict(refused.variables))
    spoken = replies.spoken(account, event.trigger.channel, context, f"callback.refused.{reason}", answer)
    return Decision(account, f"refused: {REASONS[reason]}", (written,), spoken, answer=answer)


def _new_call(account: Account, event: CallAsked, plan: Plan, context: Context) -> Call:
    destination = plan.destination
    return Call(context.new_id(), calls.RESERVING, event.trigger.channel, event.trigger.id,
                Leg(context.new_op(), account.msisdn), Leg(context.new_op(), event.b.digits), context.now,
                destination.rate, context.policy.currency, policy=context.policy.version, most_s=plan.most_s,
                high_cost=destination.high_cost)


def _marked(account: Account, mark: CallMark, context: Context) -> Account:
    kept = tuple(m for m in account.standing.calls if m.at > context.now - MARKS_KEPT_MS)
    return replace(account, standing=replace(account.standing, calls=(*kept, mark)[-CALL_MARKS_MAX:]))


# --- the reservation

def reserved(account: Account, event: ReserveAnswered, context: Context) -> Decision:
    """The billing system's word on the first reservation, or on more of it."""
    call = call_moves.call_of(account, event)
    if call is None or call.op != event.op or call.state == calls.SETTLING:
        return call_moves.known(account, event.op)
    if call.state == calls.TALKING:
        return call_talk.more_held(account, call, event, context)
    match event.outcome:
        case Unknown():
            return _unreserved(account, call, event, context)
        case Done() if call.state == calls.RESERVING:
            ringing = call_moves.moved(call_money.granted(call), "reserved")
            return Decision(call_moves.with_call(account, ringing), "held; rings A",
                            commands=(call_legs.ring(ringing, account, context),), finished=(event.op,))
        case Done():
            held = replace(call_money.granted(call), failure="billing_unavailable", unsure=False)
            decision = call_end.settling(account, held, "reserved", context)
        case _:
            decision = _not_reserved(account, call, event.outcome, context)
    decision = replace(decision, finished=(*decision.finished, event.op))
    return call_end.resolved(decision, account, call, event, "reservation", context)


def _unreserved(account: Account, call: Call, event: ReserveAnswered, context: Context) -> Decision:
    if call.state == calls.UNRESERVED:
        return Decision(account, "still unknown", unresolved=(event.op,))
    call = call_moves.moved(call, "unsure", unsure=True)
    written = call_words.ticket_of("callback.unknown", account, call, context, reason="billing_unavailable",
                                   text=event.outcome.text[:200] or "the answer to the reservation is missing")
    return Decision(call_moves.with_call(account, call), "the reservation's outcome is unknown; nobody is rung", (written,),
                    call_words.told(account, "billing_unavailable", call, context), unresolved=(event.op,))


def _not_reserved(account: Account, call: Call, outcome: Outcome | NotFound, context: Context) -> Decision:
    reason, told = _why_not_held(outcome), ()
    if call.state == calls.RESERVING:
        told = call_words.told(account, reason, call, context)
    closed = call_moves.moved(call, "not reserved")
    if isinstance(outcome, Refused) and outcome.reason not in NOT_ASKED:
        text = REASONS[reason] if reason != "billing_refused" else f"the billing system refused: {outcome.text or outcome.reason}"
        written = call_words.ticket_of("callback.refused", account, closed, context, reason=reason, text=text[:200])
    else:
        written = call_words.closing(account, closed, context, reason)
    return Decision(call_moves.with_call(account, None), f"nothing is held: {reason}", (written,), told)


def _why_not_held(outcome: Outcome | NotFound) -> str:
    if not isinstance(outcome, Refused) or outcome.reason in NOT_ASKED:
        return "billing_unavailable"
    return {"insufficient": "credit", "unknown_subscriber": "unknown_subscriber"}.get(outcome.reason, "billing_refused")
