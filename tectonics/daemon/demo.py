"""The ten demo subscribers, in a store and a ledger that have none."""

from twisted.logger import Logger

from tectonics.billing.entries import Opening
from tectonics.config.demo import DemoSubscriber, demo_accounts
from tectonics.domain.policy import Policy
from tectonics.store.opened import OpenedStore

log = Logger()


async def seed_store(files: OpenedStore, policy: Policy, now: int) -> list[DemoSubscriber]:
    """Inserts those that are missing; a second start changes nothing."""
    people = demo_accounts(policy, now)
    inserted = await files.insert([one.account for one in people])
    if inserted:
        log.info("{count} demo subscribers were put into the store", count=inserted)
    return people


async def seed_ledger(till, people: list[DemoSubscriber], policy: Policy, now: int) -> None:
    """Opens their prepaid accounts where there are none."""
    for one in people:
        profile = one.account.profile
        await till.open_account(Opening(one.account.msisdn, policy.currency, now, profile.kind,
                                        one.balance_minor, profile.activated_at or now))
