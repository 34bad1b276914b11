"""Answers to short messages: what a screen would say, as a message that is committed with what it tells of.

Events     Replied (correspondence)
Commands   Notify, of the highest priority

A message from a subscriber is a request with an id of its own, so it is answered once: its answer stands in
the same unit as its trigger, and the unit of a message that was answered before is a Duplicate.

An offer that is shown stands in the account: whichever node gets the YES, in whatever life, it agrees to what was
shown last and to nothing else, and only once.
"""

from tectonics.domain.advance import Offer
from tectonics.domain.commands import REPLY, Notify
from tectonics.domain.events import Replied
from tectonics.domain.keywords import WORDS, spellings
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account, Shown
from tectonics.domain.value import replace
from tectonics.workflows.decision import Context, Decision


def by_message(channel: str) -> bool:
    """Whether those who ask on this channel (`sms`, `sms_smpp`, `did_sip`) read messages and no screens."""
    return channel.partition("_")[0] in ("sms", "did")


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


def replied(account: Account, event: Replied, context: Context) -> Decision:
    """Commits an answer, and what it shows."""
    told = reply(account, context, event.key, event.text, event.expires_at)
    if event.offer is not None:
        account = _showing(account, Shown(event.offer, context.now, event.expires_at, told.op))
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
    return replace(account, standing=replace(account.standing, shown=shown))
