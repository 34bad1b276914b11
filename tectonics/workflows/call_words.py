"""What is told of a call: its ticket, the screen that answers, and the short message when it came to nothing.

Who asked is told once: a refusal at once answers him where he asked; what fails later, when he waits for his
telephone to ring, comes by short message, unless he ended it himself.  Of a call that took place the telephone has told
him enough.
"""

from tectonics.domain import call as calls
from tectonics.domain.call import Call
from tectonics.domain.commands import Notify
from tectonics.domain.events import Trigger
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import REASONS, Ticket, rfc3339
from tectonics.workflows import call_money, replies
from tectonics.workflows.decision import Context, ticket

TOLD_WITHIN_MS = 3_600_000  # a message about a call is worth nothing later
_HIMSELF = frozenset({calls.DECLINED, calls.CANCELLED, calls.BY_A, calls.HUNG_UP})
_UNREACHED = frozenset({calls.NO_ANSWER, calls.BUSY, calls.UNREACHABLE})
_B_KEYS = {calls.BUSY: "b_busy", calls.NO_ANSWER: "b_no_answer", calls.UNREACHABLE: "b_unreached",
           calls.BAD_NUMBER: "b_unreached", calls.NOT_ALLOWED: "b_unreached", calls.DECLINED: "b_busy", calls.BY_B: "b_busy",
           calls.CANCELLED: "", calls.BY_A: ""}
_OTHERS = {"credit": "credit", "unknown_subscriber": "account", "billing_refused": "account"}


def screen(key: str, account: Account, context: Context, **variables: str) -> Screen:
    """A last screen in his language."""
    return Screen(replies.wording(account, context, f"callback.{key}", **variables), more=False)


def shown(number: str) -> str:
    """A number as people read it."""
    return f"+{number}"


def told(account: Account, reason: str, call: Call, context: Context) -> tuple[Notify, ...]:
    """The short message that says why the call does not come; none where he knows."""
    key = _key(reason)
    if not key:
        return ()
    text = replies.wording(account, context, f"sms.callback.{key}", number=shown(call.b.number))
    return (replies.reply(account, context, f"sms.callback.{key}", text, context.now + TOLD_WITHIN_MS),)


def _key(reason: str) -> str:
    leg, _, cause = reason.partition("_")
    if leg == "a":
        return "" if cause in _HIMSELF else "a_unreached" if cause in _UNREACHED else "failed"
    if leg == "b":
        return _B_KEYS.get(cause, "failed")
    return _OTHERS.get(reason, "failed")


def refused(account: Account, trigger: Trigger, context: Context, reason: str, **fields) -> Ticket:
    """The ticket of a call that was not begun."""
    return ticket("callback.refused", account, context, channel=trigger.channel, trigger=trigger.id,
                  service="callback", a_number=account.msisdn, node=account.profile.node, reason=reason, **fields)


def ticket_of(kind: str, account: Account, call: Call, context: Context, **fields) -> Ticket:
    """A ticket of a call with all that is known of it; the policy is the one that it was begun under."""
    described = {
        "channel": call.channel, "trigger": call.trigger, "service": "callback", "policy": call.policy,
        "node": account.profile.node, "currency": call.currency, "a_number": call.a.number, "b_number": call.b.number,
        "a_answered": _time(call.a.answered_at), "b_answered": _time(call.b.answered_at), "charged_party": "a",
        "billing_ref": call.billing_ref or call.op or call.session, "destination": call.rate.name, "call": call.id}
    return ticket(kind, account, context, **(described | fields))


def closing(account: Account, call: Call, context: Context, failure: str) -> Ticket:
    """The last ticket of a call; `failure` empty: the two talked, and what it cost is charged."""
    talked, charged = call_money.talked_s(call), 0 if failure else call.owes_minor
    ended, lost = call.ended, call.ended is not None and call.ended.cause == calls.LOST
    fields = {"amount": context.money(charged), "duration_s": talked,
              "ended": _time(ended and ended.at), "cause": ended.q850 if ended else call.q850}
    if failure:
        text = REASONS.get(failure, failure)
        if call.owes_minor:
            text = f"{text}: {context.money(call.owes_minor)} {call.currency} for {talked} s"
        return ticket_of("callback.failed", account, call, context, reason=failure, text=text, **fields)
    text = f"talked {talked} s, {_ENDS.get(ended.cause, 'ended')}; {context.money(charged)} {call.currency}"
    return ticket_of("callback.completed", account, call, context, reason="lost" if lost else "", text=text, **fields)


_ENDS = {calls.BY_A: "A hung up", calls.BY_B: "B hung up", calls.LIMIT: "the talk time was used up",
         calls.LOST: "nobody saw the end", calls.HUNG_UP: "we hung up", calls.FAILED: "the call server failed",
         calls.GONE: "the call was gone"}


def _time(at: int | None) -> str:
    return rfc3339(at) if at else ""
