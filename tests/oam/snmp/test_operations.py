"""GET, GETNEXT, GETBULK and SET as RFC 3416 orders them, over any tree and any view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.oam.snmp import operations, values
from tectonics.oam.snmp.encoding import Encodings
from tectonics.oam.snmp.tree import Snapshot, Tree
from tectonics.oam.snmp.values import Value
from tectonics.oam.snmp.views import EVERYTHING, View

names = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(lambda arcs: (1, *arcs))
trees = st.dictionaries(names, st.integers(0, 9).map(values.number), max_size=30)
ROOM = 100_000


def tree_of(variables):
    return Tree(variables, frozenset(name[:-1] for name in variables))


def walk(tree, view, start=(1,)):
    found, name = [], start
    while True:
        (name, value), = operations.get_next(tree, view, [name], ROOM).variables
        if value.type == values.END_OF_VIEW:
            return found
        found.append((name, value))


@given(trees)
def test_a_walk_sees_everything_once_and_in_order(variables):
    assert walk(tree_of(variables), EVERYTHING) == sorted(variables.items())


@given(trees, st.integers(1, 20), st.integers(0, 3))
def test_getbulk_walks_as_getnext_does(variables, repetitions, non_repeaters):
    tree, found, name = tree_of(variables), [], (1,)
    while True:
        answer = operations.get_bulk(tree, EVERYTHING, [name], 0, repetitions, ROOM)
        found += [one for one in answer.variables if one[1].type != values.END_OF_VIEW]
        if any(one.type == values.END_OF_VIEW for _, one in answer.variables):
            break
        name = answer.variables[-1][0]
    assert found == walk(tree, EVERYTHING)


@given(trees, st.lists(names, max_size=5), st.integers(-3, 6), st.integers(-3, 10**9), st.integers(0, 2000))
def test_getbulk_keeps_within_its_bounds(variables, asked, non_repeaters, repetitions, room):
    answer = operations.get_bulk(tree_of(variables), EVERYTHING, asked, non_repeaters, repetitions, room)
    assert len(answer.variables) <= operations.BULK_MAX
    assert sum(values.octets_of(*one) for one in answer.variables) <= room
    if answer.status == operations.NO_ERROR and room == 2000 and asked and 0 < non_repeaters:
        assert answer.variables[0] == operations.following(tree_of(variables), EVERYTHING, asked[0])


@given(trees, names, st.lists(names, max_size=2))
def test_a_view_hides_what_is_not_in_it(variables, included, excluded):
    tree, view = tree_of(variables), View([included], excluded)
    assert walk(tree, view) == [one for one in sorted(variables.items()) if one[0] in view]
    hidden = [name for name in variables if name not in view]
    answer = operations.get(tree, view, hidden, ROOM)
    assert all(value.type == values.NO_OBJECT for _, value in answer.variables)


def test_the_longest_subtree_decides():
    view = View([(1, 1), (1, 1, 2, 3)], [(1, 1, 2)])
    assert (1, 1, 1) in view and (1, 1, 2, 1) not in view and (1, 1, 2, 3, 9) in view and (1, 2) not in view


def test_what_is_missing_is_told_apart():
    tree = Tree({(1, 1, 0): values.number(3)}, frozenset([(1, 1), (1, 2)]))
    found = operations.get(tree, EVERYTHING, [(1, 1, 0), (1, 1, 1), (1, 2, 0), (1, 3, 0)], ROOM).variables
    assert [value.held or value.type for _, value in found] == [3, values.NO_INSTANCE, values.NO_INSTANCE, values.NO_OBJECT]


def test_too_much_is_too_big():
    tree = Tree({(1, 1, 0): values.text("x" * 200)}, frozenset([(1, 1)]))
    assert operations.get(tree, EVERYTHING, [(1, 1, 0)] * 8, 1400) == operations.Answer([], operations.TOO_BIG)
    assert operations.get_bulk(tree, EVERYTHING, [(1, 1)], 0, 1, 100) == operations.Answer([], operations.TOO_BIG)


def test_a_set_is_refused_in_the_order_of_the_standard():
    tree = Tree({(1, 1, 0): values.number(1), (1, 2, 0): values.number(1)}, frozenset([(1, 1), (1, 2)]))
    writable, view = {(1, 1): frozenset({1, 2})}, View([(1,)], [(1, 3)])

    def check(name, value):
        answer = operations.check_set(tree, view, [((1, 1, 0), values.number(2)), (name, value)], writable)
        return answer and (answer.status, answer.index)

    assert check((1, 3, 0), values.number(1)) == ("noAccess", 2)
    assert check((1, 2, 0), values.number(1)) == ("notWritable", 2)
    assert check((1, 9, 0), values.number(1)) == ("notWritable", 2)
    assert check((1, 1, 0), values.text("2")) == ("wrongType", 2)
    assert check((1, 1, 0), values.number(3)) == ("wrongValue", 2)
    assert check((1, 1, 4), values.number(1)) == ("noCreation", 2)
    assert check((1, 1, 0), values.number(1)) is None


def test_a_snapshot_is_gathered_anew_when_it_is_old_or_something_was_set():
    clock, made = Clock(), []

    def gather():
        made.append(1)
        yield
        yield
        return Tree({}, frozenset())

    snapshot = Snapshot(gather, clock, 3)
    assert [snapshot.prepare() for _ in range(5)] == [False, False, True, True, True] and len(made) == 1
    old = snapshot.tree()
    clock.advance(3)
    assert not snapshot.prepare() and snapshot.tree() is old
    snapshot.forget()
    assert snapshot.tree() is not old and snapshot.prepare() and len(made) == 3


def test_a_snapshot_that_fails_is_begun_anew():
    def gather():
        yield
        raise ValueError

    snapshot = Snapshot(gather, Clock())
    for _ in range(3):
        assert not snapshot.prepare()
        with pytest.raises(ValueError):
            snapshot.prepare()


@given(st.text(max_size=400))
def test_a_text_is_cut_between_characters(words):
    held = values.text(words).held
    assert len(held) <= 255 and "".join(words).startswith(held.decode()) or "?" in held.decode()


def test_numbers_stay_in_their_types():
    assert values.gauge(2**40).held == 2**32 - 1 and values.gauge(-1).held == 0
    assert values.counter(2**64 + 3).held == 3
    assert values.date(1_764_000_000_123).held == bytes.fromhex("07e90b1810000001" "2b0000")


def test_an_estimate_is_never_too_low():
    for value in (values.text("x" * 255), values.counter(2**64 - 1), values.gauge(2**32 - 1), values.number(-5),
                  Value(values.OID, (1, 3, 6, 1, 4, 1, 8072, 9999)), Value(values.TICKS, 1), Value(values.NO_OBJECT)):
        name = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 133, 1, 2**32 - 1)
        assert len(Encodings().of(name, value)) <= values.octets_of(name, value)
