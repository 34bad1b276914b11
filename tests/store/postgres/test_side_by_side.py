"""Several processes over one database, in real threads: each row goes to exactly one, and no one waits for ever."""

import threading
from contextlib import closing
from functools import partial

from tectonics.database.postgres import WRITING, connect
from tectonics.ports import Committed, Conflict, Duplicate, PolicyVersion
from tectonics.store.outbox import _adopt
from tectonics.store.policy_log import _append
from tectonics.store.postgres import life as lives
from tectonics.store.postgres import statements
from tectonics.store.postgres.writer import Writer
from tests.store.building import NOW, credit, ticket, trigger, unit

ROWS, THREADS = 300, 3


def at_once(work, count=THREADS):
    """What `work(number)` gave in each of so many threads, all begun together."""
    barrier, results, faults = threading.Barrier(count), [None] * count, []

    def run(number):
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as fault:  # noqa: BLE001 told below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    return results


def test_heirs_that_adopt_at_the_same_moment_never_get_the_same_row(server_world):
    dead = server_world.open("dead")
    server_world.wait_all([dead.store.commit(unit(n, msisdn=f"3360000{n:04d}", commands=(
        credit(n, f"3360000{n:04d}"),))) for n in range(ROWS)])

    def heir(number):
        taken = []
        with closing(connect(server_world.address, WRITING)) as session:
            values = {"me": f"n{number}", "epoch": 1, "now": NOW + 60_000, "lease_until": NOW + 90_000, "limit": 7}
            while rows := _adopt(session, values):
                taken += [row.command.op for row in rows]
        return taken

    taken = [op for ops in at_once(heir) for op in ops]
    assert sorted(taken) == sorted(f"TEC-{n}" for n in range(ROWS))


def test_writers_that_want_the_same_subscribers_at_the_same_moment(server_world):
    """Every version of every account is written once; every trigger is served once; numbers have no hole."""
    def write(number):
        open_session = partial(connect, server_world.address, WRITING, statements.ALL)
        with closing(open_session()) as session:
            life = lives.claim(session, f"n{number}")
        writer = Writer(open_session, life, 30_000)
        answers = []
        for turn in range(25):
            order = range(12) if number % 2 else reversed(range(12))
            answers += [(turn, n, answer) for n, answer in zip(order, writer.run([unit(
                f"{number}-{turn}-{n}", turn, f"336000000{n:02d}", trigger=trigger(f"{turn // 2}-{number % 2}"),
                tickets=(ticket(n),)) for n in (range(12) if number % 2 else reversed(range(12)))]).answers,
                strict=True)]
        writer.close()
        return answers

    answers = [one for results in at_once(write) for one in results]
    won = [(turn, n) for turn, n, answer in answers if isinstance(answer, Committed)]
    assert len(set(won)) == len(won) > 0
    assert {type(answer) for _, _, answer in answers} <= {Committed, Conflict, Duplicate}
    for number in range(THREADS):
        numbers = [seq for seq, in server_world.query(
            f"SELECT seq FROM ticket WHERE origin = 'n{number}' ORDER BY seq")]
        assert numbers == list(range(1, len(numbers) + 1))
    assert server_world.query("SELECT count(*) FROM ticket") == [(len(won),)]


def test_one_policy_of_those_that_are_added_at_the_same_moment(server_world):
    def add(number):
        with closing(connect(server_world.address, WRITING)) as session:
            answers = []
            for version in range(10):
                writer = Writer(lambda: connect(server_world.address, WRITING, statements.ALL),
                                lives.claim(session, f"n{number}"), 30_000)
                document = PolicyVersion(version + 1, NOW, f"n{number}", "", {})
                answers += writer.run([partial(_append, version=document, expected=version)]).answers
                writer.close()
            return answers

    answers = at_once(add)
    for version in range(10):
        given = [one[version] for one in answers]
        assert sum(isinstance(one, PolicyVersion) for one in given) <= 1
        assert all(one is None or isinstance(one, PolicyVersion) for one in given)
