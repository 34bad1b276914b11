"""Limits: what does not count against them, and a bound that is none."""

from tectonics.domain import advance as adv
from tectonics.domain.policy import segment_of
from tectonics.domain.subscriber import Account
from tectonics.engine.sessions import Sessions
from tectonics.store import unit
from tectonics.workflows import borrow, lending
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "an advance that is being granted does not count as open")
def granting_is_not_open(patch: Patch) -> None:
    def mine(plain, account, context):
        held = sum(advance.state in adv.OUTSTANDING for advance in account.mine)
        most = segment_of(account, context.policy, context.now).open_max
        return plain(account, context) if held >= most else None

    patch.around(lending, "_open", mine)


@mutation(MUTATIONS, "what is owed does not count under the ceiling")
def the_ceiling_does_not_count(patch: Patch) -> None:
    patch.put(Account, "exposed_minor", property(lambda account: 0))


@mutation(MUTATIONS, "a subscriber's day is not counted")
def the_own_day_is_not_counted(patch: Patch) -> None:
    patch.put(borrow, "_used", lambda account, context, count, amount_minor: account)


@mutation(MUTATIONS, "the service's day is not counted in the database")
def the_services_day_is_not_counted(patch: Patch) -> None:
    patch.put(unit, "add_usage", lambda ledger, usage: None)


@mutation(MUTATIONS, "menus are kept beyond their bound")
def menus_are_never_forgotten(patch: Patch) -> None:
    patch.put(Sessions, "_forget", lambda sessions, now: None)
