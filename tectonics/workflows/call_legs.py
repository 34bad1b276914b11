"""The legs of a call: A is rung, then B, then the two talk.

Each leg is dialled by one command with an id of its own.  An answer that comes when nobody waits for it any more is a
leg that must not stay up: it is hung up again.
"""

from tectonics.domain import call as calls
from tectonics.domain.call import Answered, Call, NotAnswered
from tectonics.domain.commands import Connect, Ring, Talk
from tectonics.domain.events import LegAnswered
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import REASONS
from tectonics.domain.value import replace
from tectonics.workflows import call_end, call_moves, call_words, replies
from tectonics.workflows.decision import Context, Decision


def ring(call: Call, account: Account, context: Context) -> Ring:
    """The command that rings A."""
    rules = context.policy.call_back
    shown = {"service": rules.service_number, "b": call.b.number}.get(rules.a_sees, "")
    return Ring(call.a.id, account.msisdn, call.id, call.a.number, shown, rules.ring_a_s,
                replies.language_of(account, context))


def _connect(call: Call, account: Account, context: Context) -> Connect:
    rules = context.policy.call_back
    shown = {"service": rules.service_number, "a": call.a.number}.get(rules.b_sees, "")
    return Connect(call.b.id, account.msisdn, call.id, call.b.number, shown, rules.ring_b_s, call.a.id, call.a.handle)


def answered(account: Account, event: LegAnswered, context: Context) -> Decision:
    """What became of ringing A or B."""
    call = call_moves.call_of(account, event)
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
        return call_moves.known(account, event.op)
    return Decision(account, "a leg that nobody waits for any more is hung up", finished=(event.op,),
                    commands=call_end.hang_up(account, event.call, context, (event.op, event.result.handle)))


def _a_rung(account: Account, call: Call, result: Answered | NotAnswered, context: Context) -> Decision:
    if isinstance(result, NotAnswered):
        legs = ((call.a.id, ""),) if result.cause in call_end.DOUBTFUL else ()
        return _not_connected(account, call, "a", result, legs, context)
    up = call_moves.moved(call, "A answered", a=replace(call.a, handle=result.handle, answered_at=result.at))
    return Decision(call_moves.with_call(account, up), "A answered; rings B", commands=(_connect(up, account, context),))


def _b_rung(account: Account, call: Call, result: Answered | NotAnswered, context: Context) -> Decision:
    if isinstance(result, NotAnswered):
        legs = ((call.b.id, ""),) if result.cause in call_end.DOUBTFUL else ()
        return _not_connected(account, call, "b", result, ((call.a.id, call.a.handle), *legs), context)
    talking = call_moves.moved(call, "B answered", b=replace(call.b, handle=result.handle, answered_at=result.at),
                     until_at=result.at + call.talk_s * 1000, seen_at=result.at)
    talk = Talk(context.new_op(), account.msisdn, call.id, call.a.id, call.a.handle, call.b.id, result.handle,
                talking.until_at)
    return Decision(call_moves.with_call(account, talking), "B answered; the two talk", commands=(talk,))


def _not_connected(account: Account, call: Call, which: str, result: NotAnswered, legs: tuple,
                   context: Context) -> Decision:
    reason = f"{which}_{result.cause}"
    call = replace(call, failure=reason, q850=result.q850)
    down = Decision(account, REASONS.get(reason, reason), commands=(
        *call_end.hang_up(account, call.id, context, *legs), *call_words.told(account, reason, call, context)))
    return down.plus(call_end.over(account, call, context))
