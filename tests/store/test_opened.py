"""The whole store in real threads, on both engines; files and servers that it cannot use."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tectonics.database.executors import ThreadExecutor
from tectonics.database.postgres import Address
from tectonics.domain.errors import Busy, TheirFault
from tectonics.ports import Committed
from tests.store.building import NOW, ServerWorld, credit, ticket, trigger, unit


def _open(world, origin):
    from twisted.internet import reactor

    return world.open_on(reactor, lambda: ThreadExecutor(reactor), origin)


@pytest_twisted.ensureDeferred
async def test_many_subscribers_at_once_in_real_threads(world):
    opened = _open(world, "n1")
    live = []
    opened.tickets.subscribe(live.extend)
    numbers = [f"3360000{n:04d}" for n in range(600)]

    async def session(number, msisdn):
        loaded = await opened.store.load(msisdn, [trigger(number)])
        assert loaded.account is None and loaded.answers == {}
        first = await opened.store.commit(unit(number, 0, msisdn, trigger=trigger(number), commands=(
            credit(number, msisdn),), tickets=(ticket(number, msisdn),)))
        loaded = await opened.store.load(msisdn, [trigger(number)])
        assert loaded.account.version == 1 and loaded.answers == {trigger(number): None}
        await opened.outbox.finish(msisdn, f"TEC-{number}")
        return first.first_seq

    given = await gatherResults([Deferred.fromCoroutine(session(n, m)) for n, m in enumerate(numbers)])
    assert sorted(given) == list(range(1, 601))
    assert [line.seq for line in live] == list(range(1, 601))
    assert await opened.outbox.due(NOW, 10) == []
    assert [(name, depth) for name, depth, _ in opened.loads()] == [
        ("store writes", 0), ("store reads", 0), ("store people", 0)]
    await opened.close()
    with pytest.raises(Busy):
        await opened.store.commit(unit(1))
    reborn = _open(world, "n1")
    assert await reborn.tickets.span("n1") == (1, 600)
    assert (reborn.origin, reborn.epoch) == ("n1", opened.epoch + 1)
    await reborn.close()


@pytest_twisted.ensureDeferred
async def test_the_same_request_at_the_same_moment_from_two_stores_wins_once(world):
    stores = [_open(world, name) for name in ("n1", "n2")]
    for round_number in range(20):
        msisdn = f"3361000{round_number:04d}"
        answers = await gatherResults([store.store.commit(unit(
            round_number, 0, msisdn, trigger=trigger(1), tickets=(ticket(1),))) for store in stores])
        assert sum(isinstance(answer, Committed) for answer in answers) == 1
    spans = [(await stores[0].tickets.span(name))[1] for name in ("n1", "n2")]
    assert sum(spans) == 20
    for store in stores:
        await store.close()


def test_a_file_that_is_no_database_is_refused_in_one_sentence(file_world):
    file_world.path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(TheirFault, match="cannot be opened: file is not a database"):
        file_world.open()


def test_a_folder_that_does_not_exist_is_refused_in_one_sentence(file_world):
    file_world.path = file_world.path.parent / "none" / "store.db"
    with pytest.raises(TheirFault, match="cannot be opened"):
        file_world.open()


def test_a_server_that_is_not_there_is_refused_in_one_sentence(server_world, tmp_path):
    server_world.address = Address(f"postgresql:///x?host={tmp_path}")
    with pytest.raises(TheirFault, match="^the database cannot be used: connection to server on socket .* failed"):
        server_world.open()


def test_a_database_of_something_else_is_refused_in_one_sentence(postgres_server):
    name = postgres_server.new_database()
    postgres_server.execute("CREATE TABLE notes (n integer)", name)
    with pytest.raises(TheirFault, match="the database holds something else"):
        ServerWorld(Address(postgres_server.url(name))).open()
