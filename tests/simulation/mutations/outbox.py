"""The outbox: commands that are sent twice, lost, settled too soon, or carried out by two."""

import zlib

from tectonics.domain.commands import Debit
from tectonics.domain.value import replace
from tectonics.engine import outbox
from tectonics.engine.outbox import OutboxRunner
from tectonics.store import outbox as rows
from tectonics.store import unit
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "an unknown write is sent again to a billing system that does not deduplicate")
def what_is_unknown_is_sent_again(patch: Patch) -> None:
    patch.put(OutboxRunner, "_may_repeat", lambda runner, row: True)


@mutation(MUTATIONS, '"not found" counts at once, though the write may still be on its way')
def not_found_counts_at_once(patch: Patch) -> None:
    patch.put(OutboxRunner, "_certain", lambda runner, row: True)


@mutation(MUTATIONS, '"not found" counts by the time of day, though clocks are set')
def not_found_counts_by_the_time_of_day(patch: Patch) -> None:
    def certain(runner, row) -> bool:
        return runner._engine.now() >= row.created_at + (runner._pace.lease_s + runner._pace.send_deadline_s) * 1000

    patch.put(OutboxRunner, "_certain", certain)


@mutation(MUTATIONS, "what a connector did not send again counts as refused by the billing system")
def not_sent_counts_as_refused(patch: Patch) -> None:
    patch.put(outbox, "NOT_ASKED", frozenset())


@mutation(MUTATIONS, "the outbox row of each third debit is forgotten")
def a_command_is_forgotten(patch: Patch) -> None:
    def write(plain, execute, msisdn, written, ledger) -> None:
        kept = tuple(command for command in written.commands
                     if not isinstance(command, Debit) or zlib.crc32(command.op.encode()) % 3)
        plain(execute, msisdn, replace(written, commands=kept), ledger)

    patch.around(unit, "_write_outbox", write)


@mutation(MUTATIONS, "another node's commands are taken over before their lease has ended")
def the_lease_does_not_count(patch: Patch) -> None:
    patch.text(rows, "_ADOPT", " AND lease_until < :now", "")


@mutation(MUTATIONS, "a sender does not look whether the command is still its own, neither by its lease nor by its row")
def a_sender_without_a_lease(patch: Patch) -> None:
    async def always(plain, runner, row_or_command) -> bool:
        await plain(runner, row_or_command)
        return True

    patch.around(OutboxRunner, "_renew", always)
    patch.around(OutboxRunner, "_still_ours", always)
    patch.put(OutboxRunner, "_leased", lambda runner, command, until: True)


@mutation(MUTATIONS, "a command leaves the outbox before its outcome is committed")
def finished_before_the_commit(patch: Patch) -> None:
    async def settle(plain, runner, command, *told, **more) -> None:
        await runner._outbox.finish(command.msisdn, command.op)
        await plain(runner, command, *told, **more)

    patch.around(OutboxRunner, "_settle", settle)
