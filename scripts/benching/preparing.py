"""What a session writes, decided by the real workflows before any clock starts."""

from dataclasses import dataclass

from tectonics.config import Settings
from tectonics.daemon.clock import RisingIds
from tectonics.domain.commands import Credit, Notify
from tectonics.domain.events import BorrowConfirmed, CreditAnswered, Trigger
from tectonics.domain.outcome import Balance, Done
from tectonics.domain.subscriber import Account
from tectonics.engine.units import unit_of
from tectonics.ports import Unit
from tectonics.workflows.decide import decide
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import offer_of

POLICY_VERSION = 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that one session writes, and what it asks."""

    msisdn: str
    trigger: Trigger
    confirmed: Unit
    credit: Credit
    credited: Unit
    notices: tuple[Notify, ...]


class Preparation:
    """Decides what a session would decide, with the real workflows."""

    def __init__(self, settings: Settings, now: int) -> None:
        ids = RisingIds()
        self._policy = settings.seed_policy(POLICY_VERSION)
        self._context = Context(self._policy, settings.catalogue, now, lambda: ids.new(now))
        segment = self._policy.segments[0]
        tier = segment.tiers[0]
        self._offer = offer_of(tier, segment.name, self._policy, tier.amount.amount_minor)

    def prepared(self, account: Account) -> Prepared:
        """The session of one subscriber, whose account stands in the store at version 1."""
        msisdn, now = account.msisdn, self._context.now
        trigger = Trigger("ussd_http", f"S{msisdn}|1*1")
        event = BorrowConfirmed(msisdn, trigger, now, self._offer, Balance(0, now))
        first, confirmed = self._unit(account, event)
        credit = first.commands[0]
        event = CreditAnswered(msisdn, now, credit.advance, credit.op, Done("L1"))
        second, credited = self._unit(confirmed.account, event)
        return Prepared(msisdn, trigger, confirmed, credit, credited, second.commands)

    def _unit(self, account: Account, event):
        decision = decide(account, event, self._context)
        return decision, unit_of(account, event, decision, self._context)
