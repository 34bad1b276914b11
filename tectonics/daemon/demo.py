"""The ten demo subscribers, in a store and a ledger that have none."""

from twisted.logger import Logger

from tectonics.billing.entries import Opening
from tectonics.config.demo import DemoSubscriber, demo_accounts
from tectonics.database.sqlite import open_connection
from tectonics.domain.policy import Policy
from tectonics.store.bulk import insert_accounts

log = Logger()


def seed_store(path, policy: Policy, now: int) -> list[DemoSubscriber]:
    """Inserts those that are missing; a second start changes nothing."""
    people = demo_accounts(policy, now)
    connection = open_connection(path)
    try:
        inserted = insert_accounts(connection, [one.account for one in people])
    finally:
        connection.close()
    if inserted:
        log.info("{count} demo subscribers were put into the store", count=inserted)
    return people


async def seed_ledger(till, people: list[DemoSubscriber], policy: Policy, now: int) -> None:
    """Opens their prepaid accounts where there are none."""
    for one in people:
        profile = one.account.profile
        await till.open_account(Opening(one.account.msisdn, policy.currency, now, profile.kind,
                                        one.balance_minor, profile.activated_at or now))
