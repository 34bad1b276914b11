"""What a workflow is given besides the account, and what it gives back.

A `Decision` is the account afterwards and everything that must be written with it in the same
transaction.  The engine compares the accounts before and after to find the changed rows.
"""

from collections.abc import Callable

from tectonics.domain.commands import OP_MARK, Command, Notify
from tectonics.domain.events import Trigger
from tectonics.domain.messages import Catalogue
from tectonics.domain.money import format_minor
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket, rfc3339
from tectonics.domain.value import replace, value


@value
class Context:
    """The policy in force, the texts, the time, and where new ids come from."""

    policy: Policy
    catalogue: Catalogue
    now: int
    new_id: Callable[[], str]
    service_count: int = 0  # lent today by the whole service
    service_minor: int = 0

    def new_op(self) -> str:
        """The identity of a new operation; the feed recognises it as ours."""
        return OP_MARK + self.new_id()

    def money(self, amount_minor: int) -> str:
        """An amount as people read it."""
        return format_minor(amount_minor, self.policy.currency)

    def date(self, at: int) -> str:
        """A day as people read it, in the operator's time zone: 29/11."""
        text = rfc3339(at + self.policy.utc_offset_minutes * 60_000)
        return f"{text[8:10]}/{text[5:7]}"


@value
class Decision:
    """The account afterwards, the sentence that says why, and what is written with it."""

    account: Account
    text: str
    tickets: tuple[Ticket, ...] = ()
    commands: tuple[Command, ...] = ()
    finished: tuple[str, ...] = ()  # ops that leave the outbox
    unresolved: tuple[str, ...] = ()  # ops that are to be looked up
    answer: Screen | None = None
    answer_to: Trigger | None = None  # an earlier request; None: the one that this event carries
    marks: tuple[Trigger, ...] = ()
    lent_count: int = 0  # what this adds to (or takes from) today's use of the service
    lent_minor: int = 0

    def plus(self, other: "Decision") -> "Decision":
        """This decision followed by `other`, which was made on this one's account."""
        return replace(
            self, account=other.account, text=f"{self.text}; {other.text}" if other.text else self.text,
            tickets=self.tickets + other.tickets, commands=self.commands + other.commands,
            finished=self.finished + other.finished, unresolved=self.unresolved + other.unresolved)


def notice(account: Account, context: Context, key: str, **variables: str) -> tuple[Notify, ...]:
    """The short message `sms.<key>`, if the operator wants it to be sent."""
    if key not in context.policy.notices:
        return ()
    language = account.profile.language or context.catalogue.default
    text = context.catalogue.text(f"sms.{key}", language, **variables)
    return (Notify(context.new_op(), account.msisdn, f"sms.{key}", text, language),)


def ticket(kind: str, account: Account, context: Context, **fields) -> Ticket:
    """A ticket of this moment; the policy's version goes with it unless the caller says another."""
    fields.setdefault("policy", context.policy.version)
    return Ticket(context.new_id(), kind, context.now, account.msisdn, fields)
