"""Random batches of units against a model that fits on one screen: the store never disagrees with it.

The model applies units one after the other; the store groups, replays and numbers them.  Some
batches end in a kill: the store is dropped with work in its queue and opened again.
"""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.domain.advance import OPEN, REPAID
from tectonics.ports import Committed, Conflict, Duplicate, Usage
from tests.store.building import NOW, World, advance, credit, ticket, trigger, unit

NUMBERS = ("33600000001", "33600000002", "33600000003")


class Model:
    """What the tables should hold."""

    def __init__(self):
        self.versions, self.triggers, self.outbox, self.advances = {}, {}, set(), {}
        self.tickets, self.usage = [], 0

    def apply(self, unit):
        msisdn = unit.account.msisdn
        if unit.trigger and (msisdn, unit.trigger) in self.triggers:
            return Duplicate(self.triggers[msisdn, unit.trigger])
        if self.versions.get(msisdn, 0) != unit.expected:
            return Conflict()
        if any((msisdn, command.op) in self.outbox for command in unit.commands):
            return "cannot be stored"
        self._write(msisdn, unit)
        first = len(self.tickets) + 1 if unit.tickets else 0
        self.tickets += [ticket.id for ticket in unit.tickets]
        return Committed(first, len(unit.tickets))

    def _write(self, msisdn, unit):
        self.versions[msisdn] = unit.expected + 1
        if unit.trigger:
            self.triggers[msisdn, unit.trigger] = unit.trigger_answer
        if unit.answer and self.triggers.get((msisdn, unit.answer[0]), b"") is None:
            self.triggers[msisdn, unit.answer[0]] = unit.answer[1]
        for loan in unit.advances:
            self.advances[msisdn, loan.id] = loan.state
        self.outbox |= {(msisdn, command.op) for command in unit.commands}
        self.outbox -= {(msisdn, op) for op in unit.finished}
        self.usage += unit.usage.count if unit.usage else 0


small = st.integers(0, 3)
units = st.builds(
    lambda serial, msisdn, expected, key, answer, filled, loan, command, done, tickets: unit(
        serial, expected, msisdn,
        trigger=None if key is None else trigger(key), trigger_answer=answer,
        answer=None if filled is None else (trigger(filled), b"filled"),
        advances=() if loan is None else (advance(*loan),),
        commands=() if command is None else (credit(command, msisdn),),
        finished=() if done is None else (f"TEC-{done}",),
        tickets=tuple(ticket(f"{serial}-{n}", msisdn) for n in range(tickets)),
        usage=Usage("advance", 1, 1, 5) if tickets else None),
    st.integers(0, 9999), st.sampled_from(NUMBERS), small, st.none() | small, st.none() | st.just(b"given"),
    st.none() | small, st.none() | st.tuples(small, st.sampled_from((OPEN, REPAID))), st.none() | small,
    st.none() | small, st.integers(0, 2))


batches_of_units = st.lists(st.tuples(st.lists(units, max_size=8), st.booleans()), max_size=6)


@settings(max_examples=120, deadline=None)
@given(batches_of_units)
def test_the_store_agrees_with_the_model(batches):
    with tempfile.TemporaryDirectory() as folder:
        _run(World(Path(folder)), batches)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=batches_of_units)
def test_the_store_on_a_server_agrees_with_the_model(server_world, batches):
    server_world.clear()
    _run(server_world, batches)


def _run(world, batches):
    model = Model()
    opened = world.open()
    published = []
    opened.tickets.subscribe(published.extend)
    for batch, kill in batches:
        answers = world.wait_all([opened.store.commit(u) for u in batch])
        expected = [model.apply(u) for u in batch]
        assert ["cannot be stored" if isinstance(a, Exception) else a for a in answers] == expected
        if kill:
            opened.store.commit(unit(1, model.versions.get(NUMBERS[0], 0), tickets=(ticket("lost"),)))
            world.clock.calls.clear()
            opened = world.open()
            opened.tickets.subscribe(published.extend)
    _compare(world, opened, model, published)


def _compare(world, opened, model, published):
    triggers = [trigger(n) for n in range(4)]
    for msisdn in NUMBERS:
        loaded = world.wait(opened.store.load(msisdn, triggers))
        assert (loaded.account.version if loaded.account else 0) == model.versions.get(msisdn, 0)
        assert loaded.answers == {t: model.triggers[msisdn, t] for t in triggers if (msisdn, t) in model.triggers}
        open_ids = {key[1] for key, state in model.advances.items() if key[0] == msisdn and state == OPEN}
        found = loaded.account.advances if loaded.account else ()
        assert {loan.id for loan in found} == open_ids
    rows = world.wait(opened.outbox.adopt(NOW, 99)) + world.wait(opened.outbox.due(NOW, 99))
    assert {(row.command.msisdn, row.command.op) for row in rows} == model.outbox
    lines = world.wait(opened.tickets.read("n1", 0, 999))
    assert [line.seq for line in lines] == list(range(1, len(model.tickets) + 1))
    assert lines == published
    assert world.wait(opened.store.usage("advance", 1)) == (model.usage, 5 * model.usage)
    world.wait(opened.close())
