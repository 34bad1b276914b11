"""A batch of the writer holds subscribers of one shard, on a stand-in for a Citus cluster; elsewhere nothing changes."""

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.database.postgres import LISTING, Address, connect
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.ports import Committed, Conflict, Unit
from tectonics.store.outbox import Finish, Reschedule
from tectonics.store.postgres.shards import Shards, hash_of, is_distributed
from tectonics.store.postgres.writer import Writer
from tests.store.building import NOW, credit, ticket, trigger, unit
from tests.store.postgres.cluster import SHARDS, change, distribute, split

PEOPLE = [f"3360000{number:04d}" for number in range(200)]


@pytest.fixture
def cluster(server_world):
    distribute(server_world.address)
    return server_world


@pytest.fixture
def batches(monkeypatch):
    """The batches that any writer has run."""
    seen, run = [], Writer.run

    def noting(writer, items):
        seen.append(list(items))
        return run(writer, items)

    monkeypatch.setattr(Writer, "run", noting)
    return seen


@pytest.fixture(scope="module")
def session(postgres_server):
    with closing(connect(Address(postgres_server.url()), LISTING)) as opened:
        yield opened


def _shards(world):
    shards = Shards()
    with closing(connect(world.address, LISTING)) as opened:
        shards.refresh(opened)
    return shards


def _unit(number, expected=0):
    msisdn, name = PEOPLE[number], f"{number}-{expected}"
    return unit(name, expected, msisdn, trigger=trigger(name), commands=(credit(name, msisdn),),
                tickets=(ticket(number, msisdn),))


def _settings(world, opened):
    names = "SELECT current_setting('plan_cache_mode'), current_setting('citus.max_adaptive_executor_pool_size', true)"
    return [world.wait(queue.submit(lambda session: session.execute(names).fetchone()))
            for queue in list(opened._queues.values())]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 10**15), min_size=1, max_size=200))
def test_a_number_is_hashed_as_the_server_does(session, numbers):
    theirs = session.send("SELECT hashint8(number) FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (number, place)"
                          " ORDER BY place", (numbers,)).fetchall()
    assert [(hash_of(number),) for number in numbers] == theirs


def test_every_hash_has_its_shard(cluster):
    shards = _shards(cluster)
    asked = "SELECT shardid FROM pg_dist_shard WHERE logicalrelid = 'account'::regclass" \
            " AND worker_hash(?) BETWEEN shardminvalue::integer AND shardmaxvalue::integer"
    found = [shards.shard_of(int(msisdn)) for msisdn in PEOPLE]
    assert [(shard,) for shard in found] == [cluster.query(asked, (int(msisdn),))[0] for msisdn in PEOPLE]
    assert len(set(found)) > SHARDS // 2


def test_each_batch_holds_one_shard_and_the_numbers_have_no_hole(cluster, batches):
    opened, shards = cluster.open(), _shards(cluster)
    order = [*range(200), *range(199, -1, -1)]
    answers = cluster.wait_all([opened.store.commit(_unit(number, place // 200)) for place, number in enumerate(order)])
    assert {type(answer) for answer in answers} == {Committed}  # the second of each expected what the first wrote
    assert len(batches) > SHARDS // 2
    for batch in batches:
        assert len({shards.group(item) for item in batch}) == 1
    assert sum(map(len, batches)) == 400
    assert cluster.query("SELECT seq FROM ticket ORDER BY seq") == [(seq,) for seq in range(1, 401)]
    assert sorted(answer.first_seq for answer in answers) == list(range(1, 401))


def test_what_is_about_a_subscriber_joins_his_shard_and_the_rest_is_a_group_of_its_own(cluster, batches):
    opened, shards = cluster.open(), _shards(cluster)
    cluster.wait_all([opened.store.commit(_unit(number)) for number in range(20)])
    batches.clear()
    asked = [opened.tickets.acknowledge("bank", "n1", 1), opened.outbox.adopt(NOW, 5)]
    for number in range(20):
        asked += [opened.outbox.finish(PEOPLE[number], f"TEC-{number}-0") if number % 2 else
                  opened.outbox.reschedule(PEOPLE[number], f"TEC-{number}-0", NOW + 1, 1, NOW),
                  opened.store.commit(_unit(number, 1))]
    asked.append(opened.tickets.acknowledge("bank", "n1", 2))
    answers = cluster.wait_all(asked)
    assert answers[0] is None and answers[1] == [] and answers[2] is True and answers[-1] is None
    for batch in batches:
        assert len({shards.group(item) for item in batch}) == 1
        kinds = {type(item) for item in batch}
        assert kinds <= {Unit, Finish, Reschedule} or not kinds & {Unit, Finish, Reschedule}
    assert sum(map(len, batches)) == len(asked)


def test_a_plain_server_has_one_group_and_its_own_plans(server_world, batches):
    opened = server_world.open()
    server_world.wait_all([opened.store.commit(_unit(number)) for number in range(200)])
    assert [len(batch) for batch in batches] == [1, 199]
    assert _settings(server_world, opened) == [("force_generic_plan", None)] * 3


def test_a_cluster_is_asked_for_plans_that_it_can_make_also_after_its_restart(cluster):
    opened = cluster.open()
    custom = ("force_custom_plan", "1")
    assert _settings(cluster, opened)[:2] == [custom, custom]
    cluster.cut()
    cluster.wait(opened.store.commit(_unit(1)))
    assert _settings(cluster, opened)[:2] == [custom, custom]


def test_tables_that_could_be_torn_apart_in_a_commit_are_refused(cluster):
    change(cluster.address, "DELETE FROM pg_dist_partition WHERE logicalrelid = 'origin'::regclass")
    with pytest.raises(TheirFault, match=r"run SELECT citus_add_local_table_to_metadata\('origin'\)"):
        cluster.open()


def test_citus_without_distributed_tables_is_a_plain_server(cluster):
    change(cluster.address, "DELETE FROM pg_dist_partition")
    with closing(connect(cluster.address, LISTING)) as opened:
        assert not is_distributed(opened)


def test_a_shard_that_was_split_is_noticed(cluster):
    opened, shards = cluster.open(), _shards(cluster)
    old = shards.shard_of(int(PEOPLE[0]))
    split(cluster.address, old, 900_001)
    theirs = {msisdn for msisdn in PEOPLE if _shards(cluster).shard_of(int(msisdn)) == 900_001}
    assert theirs and all(shards.shard_of(int(msisdn)) == old for msisdn in theirs)
    asked = opened._workers[0]._shards
    for turn in range(3):  # plans are made anew after 1, 2, 4... batches
        cluster.wait(opened.store.commit(_unit(1, turn)))
    assert {msisdn for msisdn in PEOPLE if asked.shard_of(int(msisdn)) == 900_001} == theirs


def test_ranges_are_read_again_on_a_new_connection(cluster):
    opened = cluster.open()
    for turn in range(4):
        cluster.wait(opened.store.commit(_unit(1, turn)))
    asked = opened._workers[0]._shards
    split(cluster.address, asked.shard_of(int(PEOPLE[0])), 900_001)
    cluster.wait(opened.store.commit(_unit(1, 4)))
    assert all(asked.shard_of(int(msisdn)) != 900_001 for msisdn in PEOPLE)
    cluster.cut()
    cluster.wait(opened.store.commit(_unit(1, 5)))
    assert any(asked.shard_of(int(msisdn)) == 900_001 for msisdn in PEOPLE)


@pytest.mark.parametrize("otherwise", [
    "CREATE OR REPLACE FUNCTION worker_hash(value bigint) RETURNS integer LANGUAGE sql AS 'SELECT (value % 7)::integer'",
    "UPDATE pg_dist_partition SET partmethod = 'r'",
    "DELETE FROM pg_dist_shard"], ids=["hash", "method", "none"])
def test_ranges_that_cannot_be_used_leave_one_group_and_the_writes_right(cluster, batches, otherwise):
    change(cluster.address, otherwise)
    opened = cluster.open()
    answers = cluster.wait_all([opened.store.commit(_unit(number)) for number in range(50)])
    assert [len(batch) for batch in batches] == [1, 49]
    assert {type(answer) for answer in answers} == {Committed}


def test_who_is_no_number_fails_alone(cluster):
    opened = cluster.open()
    answers = cluster.wait_all([opened.store.commit(one) for one in (
        _unit(1), unit(2, msisdn="nobody"), _unit(3), _unit(4, 7))])
    assert [type(answer) for answer in answers] == [Committed, OurFault, Committed, Conflict]
