"""One-time codes: sent by short message to who wants to see his pages, and guessed at only so often.

Events     CodeAsked, CodeEntered (self-care)
Commands   Notify, of the highest priority, gone with its code

What if the process dies here?  The code stands in the account and its message in the outbox, in one unit, so either
both are there or neither.  A guess counts when its unit is committed, and nobody is told before: a right one that the
process did not live to answer has used the code up, and another one is asked for.

A number that nobody has gets no message, no row and no ticket.
"""

from tectonics.domain import login
from tectonics.domain.events import CodeAsked, CodeEntered
from tectonics.domain.login import LoginCode
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.workflows import replies
from tectonics.workflows.advertise import Silence
from tectonics.workflows.decision import Context, Decision

KEY = "sms.login_code"
STRANGER, LIMITED, NO_CODE = "stranger", "limited", "no_code"


def code_asked(account: Account, event: CodeAsked, context: Context) -> Decision | Silence:
    """Sends a code, in the place of any earlier one."""
    standing, now = account.standing, context.now
    if account.version == 0:
        return Silence(STRANGER)
    if not login.may_send(standing.codes, now):
        return Silence(LIMITED)
    until_at = now + login.VALID_S * 1000
    code = LoginCode(login.digest_of(event.code, event.salt), event.salt, until_at)
    text = replies.wording(account, context, KEY, login=event.code, minutes=str(login.VALID_S // 60))
    told = replies.reply(account, context, KEY, text, until_at)
    sent = (*login.last_day(standing.codes, now), now)
    return Decision(replace(account, standing=replace(standing, login=code, codes=sent)),
                    "a one-time code is sent", commands=(told,))


def code_entered(account: Account, event: CodeEntered, context: Context) -> Decision | Silence:
    """Uses the code up, or counts the guess."""
    known = account.standing.login
    if known is None or not known.is_open(context.now):
        return Silence(NO_CODE)
    left = known.guessed(event.code)
    text = "a one-time code is used" if is_used(left) else f"a wrong one-time code, guess {left.wrong}"
    return Decision(replace(account, standing=replace(account.standing, login=left)), text)


def is_used(code: LoginCode | None) -> bool:
    """Whether the guess that led to this was right."""
    return code is not None and not code.digest
