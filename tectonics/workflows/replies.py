"""Answers to short messages: what a screen would say, as a message that is committed with what it tells of.

Events     Replied (correspondence)
Commands   Notify, of the highest priority

A message from a subscriber is a request with an id of its own, so it is answered once: its answer stands in
the same unit as its trigger, and the unit of a message that was answered before is a Duplicate.

An offer that is shown stands in the account: whichever node gets the YES, in whatever life, it agrees to what was
shown last and to nothing else, and only once.  It must name the offer's code, which nobody knows who has not read
the offer: a message centre may hold a YES back, or deliver it again, for days, and does not say when it was written.
"""

from tectonics.domain.advance import Offer
from tectonics.domain.commands import REPLY, Notify
from tectonics.domain.events import Replied
from tectonics.domain.keywords import WORDS, spellings
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account, Shown
from tectonics.domain.value import replace
from tectonics.workflows.decision import Context, Decision

CODES, CODE_STEP, GENERATION_STEP = 90, 37, 53  # 10 to 99; steps that share no factor with their number


def by_message(channel: str) -> bool:
    """Whether those who ask on this channel (`sms`, `sms_smpp`, `did_sip`, `email`) read messages and no screens."""
    return channel.partition("_")[0] in ("sms", "did", "email")


def language_of(account: Account, context: Context) -> str:
    """The language that he is addressed in."""
    return account.profile.language or context.catalogue.default


def word(context: Context, language: str, name: str) -> str:
    """The keyword as we write it in that language."""
    return spellings(context.catalogue.text(f"word.{name}", language))[0]


def wording(account: Account, context: Context, key: str, **variables: str) -> str:
    """A text in his language; it may name any keyword."""
    language = language_of(account, context)
    named = {name: word(context, language, name) for name in WORDS}
    return context.catalogue.text(key, language, **(named | variables))


def reply(account: Account, context: Context, key: str, text: str, expires_at: int = 0) -> Notify:
    """The message that answers."""
    return Notify(context.new_op(), account.msisdn, key, text, language_of(account, context), REPLY, expires_at)


def spoken(account: Account, channel: str, context: Context, key: str, screen: Screen) -> tuple[Notify, ...]:
    """The answer as a message, where he who asked sees no screen."""
    return (reply(account, context, key, screen.text),) if by_message(channel) else ()


def code_of(account: Account, offer: Offer) -> str:
    """The code that agrees to this offer: two digits, others for each of the next 90 offers that are not the same."""
    standing = account.standing
    if standing.shown is not None and standing.shown.offer == offer:
        return standing.shown.code
    return str(10 + (CODE_STEP * standing.shown_count + GENERATION_STEP * account.generation) % CODES)


def replied(account: Account, event: Replied, context: Context) -> Decision | None:
    """Commits an answer, and what it shows; nothing where its code has been given to another offer meanwhile."""
    told = reply(account, context, event.key, event.text, event.expires_at)
    if event.offer is not None:
        if event.code != code_of(account, event.offer):
            return None
        account = _showing(account, Shown(event.offer, event.expires_at, event.code))
    elif event.closes:
        account = closed(account)
    return Decision(account, f"answered by SMS: {event.key}", commands=(told,))


def closed(account: Account) -> Account:
    """The account when no offer waits for a YES any more."""
    return account if account.standing.shown is None else _showing(account, None)


def agreed(account: Account, channel: str, offer: Offer) -> bool:
    """Whether the offer is one that he could agree to: where no screen shows it, the one that was shown last."""
    shown = account.standing.shown
    return not by_message(channel) or shown is not None and shown.offer == offer


def _showing(account: Account, shown: Shown | None) -> Account:
    standing = account.standing
    new = shown is not None and (standing.shown is None or standing.shown.code != shown.code)
    return replace(account, standing=replace(standing, shown=shown, shown_count=standing.shown_count + new))
