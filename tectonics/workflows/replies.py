"""Answers to short messages: what a screen would say, as a message that is committed with what it tells of.

Events     Replied (correspondence)
Commands   Notify, of the highest priority

A message from a subscriber is a request with an id of its own, so it is answered once: its answer stands in
the same unit as its trigger, and the unit of a message that was answered before is a Duplicate.
"""

from tectonics.domain.commands import REPLY, Notify
from tectonics.domain.events import Replied
from tectonics.domain.keywords import WORDS, spellings
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account
from tectonics.workflows.decision import Context, Decision


def by_message(channel: str) -> bool:
    """Whether those who ask on this channel (`sms`, `sms_smpp`) read messages and no screens."""
    return channel.partition("_")[0] == "sms"


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
    """Commits an answer that changes nothing else."""
    told = reply(account, context, event.key, event.text, event.expires_at)
    return Decision(account, f"answered by SMS: {event.key}", commands=(told,))
