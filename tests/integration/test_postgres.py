"""Two daemons over one PostgreSQL: the same subscribers, deaths of either side, and every book agrees."""

import shutil
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.integration.clients import until
from tests.integration.cluster import Cluster, People, borrow
from tests.postgres_server import Server, empty_store

HAMMER_S = 5.0


@pytest.fixture(scope="module")
def durable_server():
    """With fsync: what it has told must survive its own death."""
    server = Server(fsync=True)
    empty_store(server)
    yield server
    server.close()


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="tectonics-cluster-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def cluster(durable_server, make_daemon, folder):
    with closing(Cluster(durable_server, make_daemon, folder)) as made:
        yield made


def test_two_daemons_hammering_the_same_subscribers_never_lend_twice(cluster):
    for daemon in cluster.daemons:
        daemon.start()
    with People(cluster) as people:
        time.sleep(HAMMER_S)
    cluster.settle()
    assert people.counts["granted"] > 20 and people.counts["recharged"] > 20, people.counts
    assert cluster.complaints() == []
    origins = {origin for origin, in cluster.rows("SELECT DISTINCT origin FROM ticket")}
    assert origins == {"n1", "n2"}
    assert [daemon.stop() for daemon in cluster.daemons] == [0, 0]


def test_the_commands_of_a_killed_daemon_are_adopted_exactly_once(cluster):
    first, second = (daemon.start() for daemon in cluster.daemons)
    numbers = cluster.numbers[:8]
    second.ask("billing.faults", lose_answers=len(numbers))
    threads = [threading.Thread(target=_try_to_borrow, args=(first, number), daemon=True) for number in numbers]
    for thread in threads:
        thread.start()
    until(lambda: len(cluster.movements()) == len(numbers))
    first.kill()
    waiting = {op for op, in cluster.rows("SELECT op FROM outbox WHERE owner = 'n1' AND kind = 'credit'")}
    assert waiting == {op for _, op, _, _ in cluster.movements()}
    cluster.settle(second)
    first.start()
    assert cluster.complaints() == []
    granted = cluster.rows("SELECT origin FROM ticket WHERE type = 'advance.granted'")
    assert granted == [("n2",)] * len(numbers)
    for thread in threads:
        thread.join(20)


def test_a_server_that_dies_under_load_loses_nothing_that_was_told(cluster):
    for daemon in cluster.daemons:
        daemon.start()
    with People(cluster) as people:
        for _ in range(3):
            _some_more_are_served(people)
            cluster.server.stop("immediate")
            cluster.server.start()
        _some_more_are_served(people)
    cluster.settle()
    assert people.counts["granted"] > 20 and people.counts["recharged"] > 20, people.counts
    assert cluster.complaints() == []


def test_a_fail_over_to_the_synchronous_standby_loses_nothing_that_was_told(make_daemon, folder):
    with closing(Server(fsync=True)) as primary, closing(Server(fsync=True, primary=primary)) as standby:
        empty_store(primary)
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        with closing(Cluster(primary, make_daemon, folder, standbys=[standby])) as cluster:
            for daemon in cluster.daemons:
                daemon.start()
            with People(cluster) as people:
                _some_more_are_served(people)
                until(lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
                primary.stop("immediate")
                standby.promote()
                cluster.server = standby
                _some_more_are_served(people)
            cluster.settle()
            assert cluster.complaints() == []


def _some_more_are_served(people):
    before = dict(people.counts)
    until(lambda: all(people.counts[what] > before.get(what, 0) + 10 for what in ("granted", "recharged")))


def _try_to_borrow(daemon, number):
    with suppress(OSError):
        borrow(daemon, number)  # it is killed before it can answer
