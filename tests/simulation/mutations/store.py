"""The disk: what was committed is not waited for."""

from tectonics.simulation.machine import disk
from tectonics.tickets import file_format
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "the databases do not wait for the disk (synchronous=NORMAL)")
def a_commit_does_not_wait_for_the_disk(patch: Patch) -> None:
    def opened(plain, *where):
        connection = plain(*where)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    patch.around(disk, "open_connection", opened)


@mutation(MUTATIONS, "a ticket file gets its final name before its bytes are on the disk")
def a_file_is_closed_without_a_sync(patch: Patch) -> None:
    def seal(plain, used, file, part, path) -> None:
        file.close()
        used.rename(part, path)
        used.sync_directory(path.parent)

    patch.around(file_format, "seal", seal)
