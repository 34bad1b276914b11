"""The unit in its transaction: a compare-and-set that does not compare, a trigger that is missing, a half."""

from twisted.internet.defer import succeed

from tectonics.domain.value import replace
from tectonics.ports import Committed
from tectonics.store import accounts, origin, unit, writer
from tectonics.store.accounts import SqlStore
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "the account is written without comparing its version")
def no_compare_and_set(patch: Patch) -> None:
    patch.text(unit, "_ACCOUNT", "AND version = ?", "AND 0 < ?")


@mutation(MUTATIONS, "a unit counts as committed before it is")
def acknowledged_before_the_commit(patch: Patch) -> None:
    def commit(plain, store, written):
        plain(store, written).addErrback(lambda failure: None)
        return succeed(Committed())

    patch.around(SqlStore, "commit", commit)


@mutation(MUTATIONS, "no trigger is written for dialogues")
def no_triggers_of_dialogues(patch: Patch) -> None:
    def apply(plain, connection, ledger, written):
        spoilt = written.trigger is not None and written.trigger.channel.startswith("ussd")
        return plain(connection, ledger, replace(written, trigger=None) if spoilt else written)

    patch.around(writer, "apply_unit", apply)


@mutation(MUTATIONS, "a unit that lost its compare-and-set leaves its trigger behind")
def the_loser_leaves_its_trigger(patch: Patch) -> None:
    patch.put(unit, "_TRIGGER_BACK", "SELECT ?, ?, ?")


@mutation(MUTATIONS, "the account is committed before the advances, commands and tickets that go with it")
def half_a_unit(patch: Patch) -> None:
    def write(plain, execute, msisdn, written):
        execute("COMMIT")
        execute("BEGIN IMMEDIATE")
        return plain(execute, msisdn, written)

    patch.around(unit, "_write_loans", write)


@mutation(MUTATIONS, "an interrupted COMMIT counts as done")
def an_interrupted_commit_counts_as_done(patch: Patch) -> None:
    def settle(plain, connection, life) -> bool:
        plain(connection, life)
        return True

    patch.around(origin, "settle", settle)


@mutation(MUTATIONS, "a process goes on writing when another has taken its origin over")
def a_process_is_not_fenced(patch: Patch) -> None:
    patch.text(origin, "_ADVANCE", "epoch = ? AND batch = ?", "0 < ? AND 0 <= ?")


@mutation(MUTATIONS, "an account is loaded without the recoveries that are under way")
def recoveries_are_not_loaded(patch: Patch) -> None:
    patch.text(accounts, "_RECOVERIES", "unfinished = 1", "unfinished = 2")
