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
from tectonics.domain.call import Answered, Call, CallMark, Ended, Leg, NotAnswered
from tectonics.domain.commands import Command, Connect, HangUp, Ring, Talk
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
from tectonics.workflows import call_checks, call_money, call_words, replies
from tectonics.workflows.call_checks import Plan
from tectonics.workflows.decision import Context, Decision
from tectonics.workflows.lending import Refusal
from tectonics.workflows.table import Machine

MARKS_KEPT_MS = 30 * DAY_MS
SETTLES_MAX = 8  # settlements that were certainly not done before the money is given up
NOT_ASKED = frozenset({"busy", "unreachable", "late"})  # reasons of a connector that did not reach its peer
_DOUBTFUL = frozenset({calls.GONE, calls.LOST, calls.FAILED})  # after these a leg may be up all the same

MACHINE = Machine("call-back", calls.RESERVING, {
    (calls.RESERVING, "reserved"): calls.RINGING,
    (calls.RESERVING, "nothing to reserve"): calls.RINGING,
    (calls.RESERVING, "not reserved"): calls.CLOSED,
    (calls.RESERVING, "unsure"): calls.UNRESERVED,
    (calls.RESERVING, "over"): calls.SETTLING,
    (calls.UNRESERVED, "not reserved"): calls.CLOSED,
    (calls.UNRESERVED, "reserved"): calls.SETTLING,
    (calls.UNRESERVED, "over"): calls.SETTLING,
    (calls.RINGING, "A answered"): calls.CONNECTING,
    (calls.RINGING, "over"): calls.SETTLING,
    (calls.RINGING, "over, nothing held"): calls.CLOSED,
    (calls.CONNECTING, "B answered"): calls.TALKING,
    (calls.CONNECTING, "over"): calls.SETTLING,
    (calls.CONNECTING, "over, nothing held"): calls.CLOSED,
    (calls.TALKING, "extended"): calls.TALKING,
    (calls.TALKING, "over"): calls.SETTLING,
    (calls.TALKING, "over, nothing held"): calls.CLOSED,
    (calls.SETTLING, "not settled"): calls.SETTLING,
    (calls.SETTLING, "settled"): calls.CLOSED,
    (calls.SETTLING, "given up"): calls.CLOSED,
})


def _moved(call: Call, happening: str, **changes) -> Call:
    return replace(call, state=MACHINE.move(call.state, happening), **changes)


def _with(account: Account, call: Call | None) -> Account:
    return replace(account, standing=replace(account.standing, call=call))


def _call_of(account: Account, event) -> Call | None:
    call = account.standing.call
    return call if call is not None and call.id == event.call else None


def _known(account: Account, op: str) -> Decision:
    return Decision(account, "an answer that was known already", finished=(op,))


def happened(account: Account, event: CallEvent, context: Context) -> Decision | None:
    """What to write because of something that happens to a call."""
    match event:
        case CallAsked():
            return asked(account, event, context)
        case ReserveAnswered():
            return reserved(account, event, context)
        case LegAnswered():
            return leg_answered(account, event, context)
        case TalkExtended():
            return extended(account, event, context)
        case TalkEnded():
            return talk_ended(account, event, context)
        case SettleAnswered():
            return settled(account, event, context)


# --- the request

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
        call = _moved(call, "nothing to reserve", talk_s=found.first_s)
        command, text = _ring(call, account, context), "rings A"
    return Decision(_with(account, call), text, commands=(command,), answer=answer)


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
    call = _call_of(account, event)
    if call is None or call.op != event.op or call.state == calls.SETTLING:
        return _known(account, event.op)
    if call.state == calls.TALKING:
        return _extension(account, call, event, context)
    match event.outcome:
        case Unknown():
            return _unreserved(account, call, event, context)
        case Done() if call.state == calls.RESERVING:
            ringing = _moved(call_money.granted(call), "reserved")
            return Decision(_with(account, ringing), "held; rings A",
                            commands=(_ring(ringing, account, context),), finished=(event.op,))
        case Done():
            held = replace(call_money.granted(call), failure="billing_unavailable", unsure=False)
            decision = _settling(account, held, "reserved", context)
        case _:
            decision = _not_reserved(account, call, event.outcome, context)
    decision = replace(decision, finished=(*decision.finished, event.op))
    return _resolved(decision, account, call, event, "reservation", context)


def _unreserved(account: Account, call: Call, event: ReserveAnswered, context: Context) -> Decision:
    if call.state == calls.UNRESERVED:
        return Decision(account, "still unknown", unresolved=(event.op,))
    call = _moved(call, "unsure", unsure=True)
    written = call_words.ticket_of("callback.unknown", account, call, context, reason="billing_unavailable",
                                   text=event.outcome.text[:200] or "the answer to the reservation is missing")
    return Decision(_with(account, call), "the reservation's outcome is unknown; nobody is rung", (written,),
                    call_words.told(account, "billing_unavailable", call, context), unresolved=(event.op,))


def _not_reserved(account: Account, call: Call, outcome: Outcome | NotFound, context: Context) -> Decision:
    reason, told = _why_not_held(outcome), ()
    if call.state == calls.RESERVING:
        told = call_words.told(account, reason, call, context)
    closed = _moved(call, "not reserved")
    if isinstance(outcome, Refused) and outcome.reason not in NOT_ASKED:
        text = REASONS[reason] if reason != "billing_refused" else f"the billing system refused: {outcome.text or outcome.reason}"
        written = call_words.ticket_of("callback.refused", account, closed, context, reason=reason, text=text[:200])
    else:
        written = call_words.closing(account, closed, context, reason)
    return Decision(_with(account, None), f"nothing is held: {reason}", (written,), told)


def _why_not_held(outcome: Outcome | NotFound) -> str:
    if not isinstance(outcome, Refused) or outcome.reason in NOT_ASKED:
        return "billing_unavailable"
    return {"insufficient": "credit", "unknown_subscriber": "unknown_subscriber"}.get(outcome.reason, "billing_refused")


def _resolved(decision: Decision, account: Account, call: Call, event: ReserveAnswered | SettleAnswered, what: str,
              context: Context) -> Decision:
    """The decision with the ticket that an unknown answer has been cleared up, where it was unknown."""
    if not call.unsure:
        return decision
    done = "done" if isinstance(event.outcome, Done) else "not done"
    written = call_words.ticket_of("reconcile.resolved", account, call, context,
                                   text=f"the {what} was {done}, resolved by {event.resolved_by or 'a late answer'}")
    return replace(decision, tickets=(written, *decision.tickets))


# --- the legs

def _ring(call: Call, account: Account, context: Context) -> Ring:
    rules = context.policy.call_back
    shown = {"service": rules.service_number, "b": call.b.number}.get(rules.a_sees, "")
    return Ring(call.a.id, account.msisdn, call.id, call.a.number, shown, rules.ring_a_s,
                replies.language_of(account, context))


def _connect(call: Call, account: Account, context: Context) -> Connect:
    rules = context.policy.call_back
    shown = {"service": rules.service_number, "a": call.a.number}.get(rules.b_sees, "")
    return Connect(call.b.id, account.msisdn, call.id, call.b.number, shown, rules.ring_b_s, call.a.id, call.a.handle)


def _hang_up(account: Account, call: str, context: Context, *legs: tuple[str, str]) -> tuple[HangUp, ...]:
    return (HangUp(context.new_op(), account.msisdn, call, legs),) if legs else ()


def leg_answered(account: Account, event: LegAnswered, context: Context) -> Decision:
    """What became of ringing A or B."""
    call = _call_of(account, event)
    if call is not None and call.state == calls.RINGING and event.op == call.a.id:
        decision = _a_rung(account, call, event.result, context)
    elif call is not None and call.state == calls.CONNECTING and event.op == call.b.id:
        decision = _b_rung(account, call, event.result, context)
    else:
        return _late(account, call, event, context)
    return replace(decision, finished=(*decision.finished, event.op))


def _late(account: Account, call: Call | None, event: LegAnswered, context: Context) -> Decision:
    """An answer that nobody waits for: a leg that is up and should not be is hung up, one that is in use stays."""
    in_use = call is not None and call.state in (calls.CONNECTING, calls.TALKING) and any(
        leg.id == event.op and leg.answered_at is not None for leg in (call.a, call.b))
    if in_use or isinstance(event.result, NotAnswered):
        return _known(account, event.op)
    return Decision(account, "a leg that nobody waits for any more is hung up", finished=(event.op,),
                    commands=_hang_up(account, event.call, context, (event.op, event.result.handle)))


def _a_rung(account: Account, call: Call, result: Answered | NotAnswered, context: Context) -> Decision:
    if isinstance(result, NotAnswered):
        legs = ((call.a.id, ""),) if result.cause in _DOUBTFUL else ()
        return _not_connected(account, call, "a", result, legs, context)
    up = _moved(call, "A answered", a=replace(call.a, handle=result.handle, answered_at=result.at))
    return Decision(_with(account, up), "A answered; rings B", commands=(_connect(up, account, context),))


def _b_rung(account: Account, call: Call, result: Answered | NotAnswered, context: Context) -> Decision:
    if isinstance(result, NotAnswered):
        legs = ((call.b.id, ""),) if result.cause in _DOUBTFUL else ()
        return _not_connected(account, call, "b", result, ((call.a.id, call.a.handle), *legs), context)
    talking = _moved(call, "B answered", b=replace(call.b, handle=result.handle, answered_at=result.at),
                     until_at=result.at + call.talk_s * 1000, seen_at=result.at)
    talk = Talk(context.new_op(), account.msisdn, call.id, call.a.id, call.a.handle, call.b.id, result.handle,
                talking.until_at)
    return Decision(_with(account, talking), "B answered; the two talk", commands=(talk,))


def _not_connected(account: Account, call: Call, which: str, result: NotAnswered, legs: tuple,
                   context: Context) -> Decision:
    reason = f"{which}_{result.cause}"
    call = replace(call, failure=reason, q850=result.q850)
    down = Decision(account, REASONS.get(reason, reason), commands=(
        *_hang_up(account, call.id, context, *legs), *call_words.told(account, reason, call, context)))
    return down.plus(_over(account, call, context))


# --- the conversation

def extended(account: Account, event: TalkExtended, context: Context) -> Decision | None:
    """Asks for more before the talk time that is held ends; None when nothing is to be asked."""
    call = _call_of(account, event)
    if call is None or call.state != calls.TALKING or call.op or not call.session or event.at >= call.until_at:
        return None
    held = call_money.more(call, context)
    return None if held is None else _ask_more(account, replace(call, seen_at=max(call.seen_at, event.at)), held,
                                               context)


def _ask_more(account: Account, call: Call, held: call_money.Held, context: Context) -> Decision:
    asking = call_money.asking(call, held, context)
    return Decision(_with(account, asking), f"holds {context.money(held.amount_minor)} more for {held.talk_s} s",
                    commands=(call_money.reserve(asking, account, context),))


def _extension(account: Account, call: Call, event: ReserveAnswered, context: Context) -> Decision:
    match event.outcome:
        case Unknown():
            return Decision(account, "whether more is held is unknown; the call ends when it would have",
                            unresolved=(event.op,))
        case Done():
            longer = _moved(call_money.granted(call), "extended")
            return Decision(_with(account, longer), f"held until {longer.until_at}", finished=(event.op,))
        case Refused(reason="insufficient") if call.asks_s > call.rate.then_s and context.now < call.until_at:
            less = call_money.more(call, context, call.asks_s // 2)
            return replace(_ask_more(account, call, less, context), finished=(event.op,))
    return Decision(_with(account, replace(call, op="", asks_s=0, asks_minor=0)),
                    "no more is held; the call ends when it would have", finished=(event.op,))


def talk_ended(account: Account, event: TalkEnded, context: Context) -> Decision:
    """The conversation is over: what it cost is taken, the rest given back."""
    call = _call_of(account, event)
    if call is None or call.state != calls.TALKING:
        return _known(account, event.op)
    ended = event.result
    legs = ((call.a.id, call.a.handle), (call.b.id, call.b.handle)) if ended.cause in _DOUBTFUL else ()
    finished = (event.op, call.op) if call.op else (event.op,)  # what an extension held goes with its session
    call = replace(call, ended=ended, op="", asks_s=0, asks_minor=0)
    call = replace(call, owes_minor=call_money.owed_minor(call))
    over = Decision(account, f"talked {call_money.talked_s(call)} s",
                    commands=_hang_up(account, call.id, context, *legs), finished=finished)
    return over.plus(_over(account, call, context))


# --- the end

def cut(account: Account, context: Context) -> Decision:
    """Ends a call at once, wherever it stands, because the number is somebody else's now."""
    call = account.standing.call
    if call is None or call.state == calls.SETTLING:
        return Decision(account, "")
    finished = (call.op,) if call.op else ()
    call = replace(call, op="", asks_s=0, asks_minor=0, unsure=False)
    if call.state == calls.TALKING:
        call = replace(call, ended=Ended(context.now, calls.HUNG_UP))
        call = replace(call, owes_minor=call_money.owed_minor(call))
    else:
        call = replace(call, failure="recycled")
    down = Decision(account, "the call is cut", finished=finished,
                    commands=_hang_up(account, call.id, context, *_legs(call)))
    return down.plus(_over(account, call, context))


def _legs(call: Call) -> tuple[tuple[str, str], ...]:
    """The legs that there may be."""
    a, b = (call.a.id, call.a.handle), (call.b.id, call.b.handle)
    return {calls.RINGING: (a,), calls.CONNECTING: (a, b), calls.TALKING: (a, b)}.get(call.state, ())


def _over(account: Account, call: Call, context: Context) -> Decision:
    """Nobody talks any more: settles what is held, or closes where nothing is."""
    if call.session:
        return _settling(account, call, "over", context)
    return _closed(account, _moved(call, "over, nothing held"), context)


def _settling(account: Account, call: Call, happening: str, context: Context) -> Decision:
    call = _moved(call, happening, op=context.new_op(), settles=call.settles + 1)
    return Decision(_with(account, call), f"takes {context.money(call.owes_minor)}",
                    commands=(call_money.settle(call, account),))


def _closed(account: Account, call: Call, context: Context, failure: str = "") -> Decision:
    written = call_words.closing(account, call, context, failure or call.failure)
    if not call.session:
        account = call_money.used(account, call_money.talked_s(call), call.owes_minor, context)
    return Decision(_with(account, None), written.fields["text"], (written,))


def settled(account: Account, event: SettleAnswered, context: Context) -> Decision:
    """The billing system's word on the settlement."""
    call = _call_of(account, event)
    if call is None or call.state != calls.SETTLING or call.op != event.op:
        unknown = isinstance(event.outcome, Unknown)
        return Decision(account, "still unknown", unresolved=(event.op,)) if unknown else _known(account, event.op)
    match event.outcome:
        case Unknown():
            return _unsettled(account, call, event, context)
        case Done(ref=ref):
            decision = _closed(account, _moved(call, "settled", billing_ref=ref or call.op), context)
        case NotFound() if call.settles < SETTLES_MAX:
            decision = _settling(account, replace(call, unsure=False), "not settled", context)
        case Refused() if not call.owes_minor:  # nothing was to be taken, and nothing is held any more
            decision = _closed(account, _moved(call, "settled"), context)
        case _:
            decision = _closed(account, _moved(call, "given up"), context, "not_charged")
    decision = replace(decision, finished=(*decision.finished, event.op))
    return _resolved(decision, account, call, event, "settlement", context)


def _unsettled(account: Account, call: Call, event: SettleAnswered, context: Context) -> Decision:
    if call.unsure:
        return Decision(account, "still unknown", unresolved=(event.op,))
    call = replace(call, unsure=True)
    written = call_words.ticket_of("callback.unknown", account, call, context, reason="billing_unavailable",
                                   amount=context.money(call.owes_minor),
                                   text=event.outcome.text[:200] or "the answer to the settlement is missing")
    return Decision(_with(account, call), "the settlement's outcome is unknown, to be looked up", (written,),
                    unresolved=(event.op,))
