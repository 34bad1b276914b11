"""The world: the real daemon dials, borrows, dies, comes back and tells its tickets, the same for the same seed."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost

from tectonics.domain.errors import TheirFault
from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import Account, Profile, Standing
from tectonics.domain.ticket import rfc3339
from tectonics.simulation.machine import disk
from tectonics.simulation.world import Shape, World

DAY_MS = 86_400_000
ANN, BOB = "33620000000", "33620000001"
LAYOUTS = {"one node": Shape(), "a ledger of its own": Shape(ledger="process"), "two nodes": Shape(2, "process")}


def account(msisdn, now):
    marks = tuple(RechargeMark(now - (age + 1) * DAY_MS, 500, "voucher", age) for age in reversed(range(6)))
    return Account(msisdn, profile=Profile("prepaid", now - 400 * DAY_MS), standing=Standing(marks))


def build(folder, shape=LAYOUTS["one node"], seed=1, balances=None):
    world = World(folder, seed, shape)
    world.provision([account(msisdn, world.now_ms) for msisdn in (ANN, BOB)], balances or {})
    world.start()
    return world


@pytest.fixture
def world(tmp_path):
    with build(tmp_path) as world:
        yield world


def borrow(world, msisdn=ANN, node="n1", session=None, choice="2"):
    """Dials, chooses, confirms; the last screen."""
    handset = world.gateway(node).dial(msisdn, session=session)
    for answer in (handset.first, lambda: handset.send(choice), lambda: handset.send("1")):
        more, text = world.wait(answer if isinstance(answer, Deferred) else answer())
    assert not more
    return text


def record(world, id="r1", msisdn=ANN, amount="5.00"):
    return json.dumps({"id": id, "type": "recharge", "msisdn": msisdn, "amount": amount, "currency": "EUR",
                       "time": rfc3339(world.now_ms), "class": "voucher"}).encode()


def rows(path, statement):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()


def tickets(consumer):
    return [(line["origin"], line["seq"], line["type"]) for line in map(json.loads, consumer.lines)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_subscriber_borrows_and_pays_back(tmp_path, layout):
    with build(tmp_path, LAYOUTS[layout]) as world:
        consumer = world.consumer("mediation")
        assert "received 2.00" in borrow(world)
        assert world.wait(world.feed("n1").send(record(world))) == b"OK r1"
        assert world.wait(world.feed("n1").send(record(world))) == b"DUP r1"
        world.run_for(300)
        assert tickets(consumer) == [("n1", 1, "advance.granted"), ("n1", 2, "recovery.full")]
        assert rows(world.ledger_path, "SELECT kind, amount_minor FROM movement ORDER BY position") == [
            ("credit", 200), ("recharge", 500), ("debit", -220)]
        assert rows(world.store_path, "SELECT consumer, seq FROM consumer_cursor WHERE consumer = 'mediation'") == [
            ("mediation", 2)]
        assert world.troubles == []


def test_the_ledger_is_spent_from_while_nobody_serves(world):
    borrow(world)
    world.kill("n1")
    assert world.spend(ANN, 150).balance_minor == 50
    assert world.spend(ANN, 150).reason == "insufficient"


def test_a_node_that_dies_comes_back_with_what_it_had_committed(world):
    consumer = world.consumer("mediation")
    borrow(world)
    world.kill("n1")
    assert not world.processes["n1"].alive
    world.run_for(10)
    world.restart("n1")
    world.run_for(60)
    assert world.processes["n1"].serving and world.processes["n1"].lives == 2 and consumer.connections >= 2
    assert "still owe" in world.wait(world.gateway().dial(ANN).first)[1]
    world.run_for(600)
    assert sorted(set(tickets(consumer))) == [("n1", 1, "advance.granted"), ("n1", 2, "advance.refused")]
    assert rows(world.ledger_path, "SELECT count(*) FROM movement WHERE kind = 'credit'") == [(1,)]


def test_a_store_that_does_not_wait_for_the_disk_forgets_what_it_has_answered(world, monkeypatch):
    monkeypatch.setattr(disk, "open_connection", carelessly(disk.open_connection))
    world.kill("n1")
    world.restart("n1")
    world.run_for(60)
    assert "received" in borrow(world)
    world.kill("n1")
    assert rows(world.store_path, "SELECT * FROM ticket") == []


def carelessly(open_connection):
    """Opens a database whose COMMIT returns before the disk has it."""
    def opened(*arguments):
        connection = open_connection(*arguments)
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    return opened


def redial_until_it_is_settled(world):
    """As people do who see nothing: dials anew until there is credit, or the refusal that says so."""
    for number in range(8):
        try:
            text = borrow(world, session=f"s{number}")
        except (TheirFault, TimeoutError):
            text = ""
        if "received" in text or "processed" in text:
            return
        world.run_for(15)


@pytest.mark.parametrize("layout", ["one node", "a ledger of its own"])
def test_a_kill_between_any_two_steps_lends_once(tmp_path, layout):
    crashed = True
    for number in count(1, 7):
        folder = tmp_path / str(number)
        folder.mkdir()
        with build(folder, LAYOUTS[layout]) as world:
            world.kill_at("n1", steps=number)
            world.call_later(2, world.restart, "n1")
            redial_until_it_is_settled(world)
            crashed = world.processes["n1"].lives > 1
            world.peace()
            world.run_for(1000)
            check_lent_once(world)
        if not crashed:
            break
    assert number > 20


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_statement_lends_once(tmp_path, after):
    for number in range(1, 40, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        with build(folder) as world:
            world.kill_at("n1", statements=number, after=after)
            world.call_later(2, world.restart, "n1")
            redial_until_it_is_settled(world)
            world.peace()
            world.run_for(1000)
            check_lent_once(world)
            assert world.processes["n1"].lives == 2


def check_lent_once(world):
    granted = rows(world.store_path, "SELECT count(*) FROM ticket WHERE type = 'advance.granted'")
    credited = rows(world.ledger_path, "SELECT count(*) FROM movement WHERE kind = 'credit'")
    assert granted == credited == [(1,)]
    assert rows(world.store_path, "SELECT * FROM outbox") == []
    assert world.troubles == []


def test_two_nodes_serve_the_same_subscriber(tmp_path):
    with build(tmp_path, LAYOUTS["two nodes"]) as world:
        consumers = [world.consumer("mediation", "n1"), world.consumer("mediation", "n2")]
        borrow(world, ANN, "n1")
        borrow(world, BOB, "n2")
        world.kill("n1")
        assert "still owe" in world.wait(world.gateway("n2").dial(ANN).first)[1]
        assert world.wait(world.feed("n2").send(record(world))) == b"OK r1"
        world.run_for(600)
        assert [found for one in consumers for found in tickets(one)] == [
            ("n1", 1, "advance.granted"), ("n2", 1, "advance.granted"), ("n2", 2, "advance.refused"),
            ("n2", 3, "recovery.full")]


def test_a_node_cut_off_from_the_ledger_says_so_and_recovers(tmp_path):
    with build(tmp_path, LAYOUTS["a ledger of its own"]) as world:
        world.network.partition("n1", "ledger")
        assert "could not check" in world.wait(world.gateway().dial(ANN).first)[1]
        world.network.heal("n1", "ledger")
        world.run_for(60)
        assert "received" in borrow(world)


def test_a_node_whose_disk_is_full_lends_nothing_and_recovers(world):
    world.disks["n1"].full = True
    handset = world.gateway().dial(ANN, session="s1")
    world.wait(handset.first)
    world.wait(handset.send("2"))
    assert "busy" in world.wait(handset.send("1"))[1]
    world.peace()
    world.run_for(600)
    assert "received" in borrow(world, session="s2")
    assert rows(world.ledger_path, "SELECT count(*) FROM movement WHERE kind = 'credit'") == [(1,)]


def test_a_time_of_day_that_jumps_changes_the_dates_and_nothing_else(world):
    world.jump("n1", 3600)
    world.run_for(1)
    borrow(world)
    [(at,)] = rows(world.store_path, "SELECT at FROM ticket")
    assert 3_600_000 <= at - world.now_ms + 1000 < 3_602_000
    world.jump("n1", -3600)
    world.run_for(4000)
    assert world.wait(world.feed().send(record(world))) == b"OK r1"
    world.run_for(60)
    assert rows(world.ledger_path, "SELECT count(*) FROM movement WHERE kind = 'debit'") == [(1,)]


def test_ticket_files_of_a_day_are_closed_and_whole(world):
    borrow(world)
    world.run_for(2 * 3600)
    names = sorted(path.name for path in world.ticket_folders["n1"].glob("*.jsonl"))
    assert len(names) == 2 and names[0].endswith("_000001.jsonl")
    assert json.loads((world.ticket_folders["n1"] / names[0]).read_text().splitlines()[-1])["trailer"]["count"] == 1


def test_a_node_is_stopped_gracefully_and_started_again(world):
    world.stop("n1")
    world.run_for(30)
    assert not world.processes["n1"].alive
    world.restart("n1")
    world.run_for(30)
    assert world.processes["n1"].serving


def test_an_operator_asks_at_the_control_socket(world):
    assert world.wait(world.control().call("status"))["node"] == "n1"
    with pytest.raises(TheirFault):
        world.wait(world.control().call("advances.show", {"id": "none"}))


def test_a_fault_of_our_own_is_a_trouble(world):
    def broken():
        raise ValueError("a bug")

    world.processes["n1"].process.call(1, broken)
    world.run_for(2)
    assert [(process, "a bug" in text) for _, process, text in world.troubles] == [("n1", True)]


def test_two_nodes_need_a_ledger_of_their_own(tmp_path):
    with pytest.raises(ValueError, match="two nodes"):
        World(tmp_path, 1, Shape(nodes=2))


def story(folder, seed):
    """A digest of everything that a world with a few faults says."""
    with build(folder, LAYOUTS["two nodes"], seed) as world:
        consumer = world.consumer("mediation")
        world.network.shred("people", "n1", 0.5)
        world.kill_at("n2", steps=40)
        world.call_later(5, world.restart, "n2")
        screens = [borrow(world, ANN, "n1"), world.wait(world.gateway("n1").dial(BOB).first)]
        world.run_for(5000)
        told = [screens, list(consumer.lines), world.steps, rows(world.ledger_path, "SELECT * FROM movement"),
                rows(world.store_path, "SELECT * FROM ticket"), world.troubles]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_the_same_seed_gives_the_same_world(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
    first, again, other = story(tmp_path / "a", 1), story(tmp_path / "b", 1), story(tmp_path / "c", 2)
    assert first == again != other


def test_the_same_seed_gives_the_same_world_in_every_process(tmp_path):
    told = set()
    for hash_seed in "0", "1", "4711":
        folder = tmp_path / hash_seed
        folder.mkdir()
        script = f"from pathlib import Path; from {__name__} import story; print(story(Path({str(folder)!r}), 3))"
        told.add(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True,
                                env={**os.environ, "PYTHONHASHSEED": hash_seed}).stdout)
    assert len(told) == 1


def test_of_two_machines_of_one_name_one_writes(tmp_path):
    """The second fences the first, which ends, comes again, and fences the second."""
    with World(tmp_path, 5, Shape(ledger="process")) as world:
        world.start()
        epoch = _epoch(world)
        first = world.processes["n1"].process
        world.twin("n1")
        world.run_for(2.0)
        twin = world.twins["n1"]
        assert twin.serving and _epoch(world) == epoch + 1
        with pytest.raises((TheirFault, ConnectionLost)):
            world.wait(world.control().call("policy.load", {"document": {}, "note": "the first one's"}))
        world.run_for(30.0)
        assert not first.alive and _epoch(world) == epoch + 2
        world.peace()
        world.run_for(700.0)
        assert world.serving() and not twin.alive
        assert all("Fenced" in text for _, _, text in world.troubles)


def _epoch(world):
    with closing(sqlite3.connect(world.store_path)) as store:
        return store.execute("SELECT epoch FROM origin WHERE name = 'n1'").fetchone()[0]
