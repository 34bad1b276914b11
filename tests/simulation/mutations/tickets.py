"""Tickets: numbers with gaps or given twice, consumers who are told too much or too little, files with holes."""

import hashlib

from tectonics.store import origin, unit
from tectonics.tickets import delivery
from tectonics.tickets.consumers import Consumers
from tectonics.tickets.file_format import PartFile
from tectonics.tickets.files import TicketFiles
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []
SKIPPED_EACH = 50


@mutation(MUTATIONS, "a ticket number is left out now and then")
def a_number_is_skipped(patch: Patch) -> None:
    written = 0

    def write(plain, execute, tickets, ledger):
        nonlocal written
        written += 1
        ledger.next += written % SKIPPED_EACH == 0
        return plain(execute, tickets, ledger)

    patch.around(unit, "_write_tickets", write)


@mutation(MUTATIONS, "numbers are taken outside the transaction, and stay taken when it fails")
def numbers_outside_the_transaction(patch: Patch) -> None:
    taken: dict[str, int] = {}

    def write(plain, execute, tickets, ledger):
        ledger.next = max(ledger.next, taken.get(ledger.origin, 0))
        committed = plain(execute, tickets, ledger)
        taken[ledger.origin] = ledger.next
        return committed

    patch.around(unit, "_write_tickets", write)


@mutation(MUTATIONS, "after a restart the last number is given once more")
def a_number_is_given_again(patch: Patch) -> None:
    def claim(plain, connection, name):
        life = plain(connection, name)
        life.next = max(1, life.next - 1)
        return life

    patch.around(origin, "claim", claim)


@mutation(MUTATIONS, "a consumer's cursor stands at what was sent, not at what was acknowledged")
def the_cursor_runs_ahead(patch: Patch) -> None:
    async def save(plain, consumers, consumer) -> None:
        consumer.acknowledged = max(consumer.acknowledged, consumer.sent or 0)
        await plain(consumers, consumer)

    patch.around(Consumers, "save", save)


@mutation(MUTATIONS, "a ticket that is sent again is not flagged")
def a_repetition_has_no_flag(patch: Patch) -> None:
    patch.put(delivery, "flag_repetition", lambda line: line)


@mutation(MUTATIONS, "what stood in an unfinished ticket file is lost with a restart")
def the_unfinished_file_is_lost(patch: Patch) -> None:
    async def recover(plain, files) -> None:
        await plain(files)
        _, newest = await files._tickets.span(files._origin)
        files._file.first_seq = max(files._file.first_seq, newest + 1)

    patch.around(TicketFiles, "_recover", recover)


@mutation(MUTATIONS, "the trailer's SHA-256 is that of the last page that was written")
def the_trailer_is_of_the_last_page(patch: Patch) -> None:
    def append(plain, file, lines) -> None:
        file._hash = hashlib.sha256()
        plain(file, lines)

    patch.around(PartFile, "append", append)
