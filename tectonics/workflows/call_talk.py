"""The conversation: more credit is held before the reserved time ends, and the end is what is charged to."""

from tectonics.domain import call as calls
from tectonics.domain.call import Call
from tectonics.domain.events import ReserveAnswered, TalkEnded, TalkExtended
from tectonics.domain.outcome import Done, Refused, Unknown
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.workflows import call_end, call_money, call_moves
from tectonics.workflows.decision import Context, Decision


def extended(account: Account, event: TalkExtended, context: Context) -> Decision | None:
    """Asks for more before the talk time that is held ends; None when nothing is to be asked."""
    call = call_moves.call_of(account, event)
    if call is None or call.state != calls.TALKING or call.op or not call.session or event.at >= call.until_at:
        return None
    held = call_money.more(call, context)
    return None if held is None else _ask_more(account, replace(call, seen_at=max(call.seen_at, event.at)), held,
                                               context)


def _ask_more(account: Account, call: Call, held: call_money.Held, context: Context) -> Decision:
    asking = call_money.asking(call, held, context)
    return Decision(call_moves.with_call(account, asking), f"holds {context.money(held.amount_minor)} more for {held.talk_s} s",
                    commands=(call_money.reserve(asking, account, context),))


def more_held(account: Account, call: Call, event: ReserveAnswered, context: Context) -> Decision:
    """The billing system's word on more of the reservation."""
    match event.outcome:
        case Unknown():
            return Decision(account, "whether more is held is unknown; the call ends when it would have",
                            unresolved=(event.op,))
        case Done():
            longer = call_moves.moved(call_money.granted(call), "extended")
            return Decision(call_moves.with_call(account, longer), f"held until {longer.until_at}", finished=(event.op,))
        case Refused(reason="insufficient") if call.asks_s > call.rate.then_s and context.now < call.until_at:
            less = call_money.more(call, context, call.asks_s // 2)
            return replace(_ask_more(account, call, less, context), finished=(event.op,))
    return Decision(call_moves.with_call(account, replace(call, op="", asks_s=0, asks_minor=0)),
                    "no more is held; the call ends when it would have", finished=(event.op,))


def ended(account: Account, event: TalkEnded, context: Context) -> Decision:
    """The conversation is over: what it cost is taken, the rest given back."""
    call = call_moves.call_of(account, event)
    if call is None or call.state != calls.TALKING:
        return call_moves.known(account, event.op)
    result = event.result
    legs = ((call.a.id, call.a.handle), (call.b.id, call.b.handle)) if result.cause in call_end.DOUBTFUL else ()
    finished = (event.op, call.op) if call.op else (event.op,)  # what an extension held goes with its session
    call = replace(call, ended=result, op="", asks_s=0, asks_minor=0)
    call = replace(call, owes_minor=call_money.owed_minor(call))
    over = Decision(account, f"talked {call_money.talked_s(call)} s",
                    commands=call_end.hang_up(account, call.id, context, *legs), finished=finished)
    return over.plus(call_end.over(account, call, context))
