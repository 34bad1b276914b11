"""The end of a call: nobody talks any more, what it cost is taken, the rest given back, and one ticket tells of it.

A settlement is sent under one operation until that is known to be done, refused or not done; only what was certainly
not done is tried again under a new one, for as long as the money may be held.  That it is not done is known no sooner
than the outbox's lease is over, which paces these attempts.  A subscriber with a bill has no reservation: his call closes at once.
"""

from tectonics.domain import call as calls
from tectonics.domain.call import Call, Ended
from tectonics.domain.commands import HangUp
from tectonics.domain.events import ReserveAnswered, SettleAnswered
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.workflows import call_money, call_moves, call_words
from tectonics.workflows.decision import Context, Decision

DOUBTFUL = frozenset({calls.GONE, calls.LOST, calls.FAILED})  # after these a leg may be up all the same


def hang_up(account: Account, call: str, context: Context, *legs: tuple[str, str]) -> tuple[HangUp, ...]:
    """The command that ends these legs; none without legs."""
    return (HangUp(context.new_op(), account.msisdn, call, legs),) if legs else ()


def over(account: Account, call: Call, context: Context) -> Decision:
    """Nobody talks any more: settles what is held, or closes where nothing is."""
    if call.session:
        return settling(account, call, "over", context)
    return _closed(account, call_moves.moved(call, "over, nothing held"), context)


def settling(account: Account, call: Call, happening: str, context: Context) -> Decision:
    """Takes what the call owes and lets the rest go."""
    call = call_moves.moved(call, happening, op=context.new_op(), settles=call.settles + 1)
    return Decision(call_moves.with_call(account, call), f"takes {context.money(call.owes_minor)}",
                    commands=(call_money.settle(call, account),))


def _closed(account: Account, call: Call, context: Context, failure: str = "") -> Decision:
    failure = failure or call.failure
    written = call_words.closing(account, call, context, failure)
    account = account if failure else _priced(account, call)
    if not call.session:
        account = call_money.used(account, call_money.talked_s(call), call.owes_minor, context)
    return Decision(call_moves.with_call(account, None), written.fields["text"], (written,))


def _priced(account: Account, call: Call) -> Account:
    """What it cost stands with its mark."""
    marks = tuple(replace(mark, charged_minor=call.owes_minor) if (mark.at, mark.number) == (call.asked_at, call.b.number)
                  else mark for mark in account.standing.calls)
    return replace(account, standing=replace(account.standing, calls=marks))


def settled(account: Account, event: SettleAnswered, context: Context) -> Decision:
    """The billing system's word on the settlement."""
    call = call_moves.call_of(account, event)
    if call is None or call.state != calls.SETTLING or call.op != event.op:
        unknown = isinstance(event.outcome, Unknown)
        return Decision(account, "still unknown", unresolved=(event.op,)) if unknown else call_moves.known(account, event.op)
    match event.outcome:
        case Unknown():
            return _unsettled(account, call, event, context)
        case Done(ref=ref):
            decision = _closed(account, call_moves.moved(call, "settled", billing_ref=ref or call.op), context)
        case NotFound() if context.now < _held_until(call, context):
            again = settling(account, call, "not settled", context)
            return replace(again, finished=(event.op,))
        case Refused() if not call.owes_minor:  # nothing was to be taken, and nothing is held any more
            decision = _closed(account, call_moves.moved(call, "settled"), context)
        case _:
            failure = "not_charged" if call.owes_minor else ""  # nothing to take: it ends as it would have
            decision = replace(_closed(account, call_moves.moved(call, "given up"), context, failure),
                               commands=(call_money.release(call, account, context),))
    decision = replace(decision, finished=(*decision.finished, event.op))
    return resolved(decision, account, call, event, "settlement", context)


def _held_until(call: Call, context: Context) -> int:
    """When the newest reservation is over at the latest: it was made before the time that it bought had passed."""
    return max(call.asked_at, call.until_at) + context.policy.call_back.hold_s * 1000


def _unsettled(account: Account, call: Call, event: SettleAnswered, context: Context) -> Decision:
    if call.unsure:
        return Decision(account, "still unknown", unresolved=(event.op,))
    call = replace(call, unsure=True)
    written = call_words.ticket_of("callback.unknown", account, call, context, reason="billing_unavailable",
                                   amount=context.money(call.owes_minor),
                                   text=event.outcome.text[:200] or "the answer to the settlement is missing")
    return Decision(call_moves.with_call(account, call), "the settlement's outcome is unknown, to be looked up", (written,),
                    unresolved=(event.op,))


def resolved(decision: Decision, account: Account, call: Call, event: ReserveAnswered | SettleAnswered, what: str,
             context: Context) -> Decision:
    """The decision with the ticket that an unknown answer has been cleared up, where it was unknown."""
    if not call.unsure:
        return decision
    done = "done" if isinstance(event.outcome, Done) else "not done"
    by = event.resolved_by or ("another attempt" if call.settles > 1 else "a late answer")
    written = call_words.ticket_of("reconcile.resolved", account, call, context, text=f"the {what} was {done}, resolved by {by}")
    return replace(decision, tickets=(written, *decision.tickets))


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
                    commands=hang_up(account, call.id, context, *_legs(call)))
    return down.plus(over(account, call, context))


def _legs(call: Call) -> tuple[tuple[str, str], ...]:
    """The legs that there may be."""
    a, b = (call.a.id, call.a.handle), (call.b.id, call.b.handle)
    return {calls.RINGING: (a,), calls.CONNECTING: (a, b), calls.TALKING: (a, b)}.get(call.state, ())
