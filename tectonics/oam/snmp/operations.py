"""GET, GETNEXT, GETBULK and SET over a tree and within a view, as RFC 3416 section 4.2 orders them.  Pure.

A PDU comes as plain values and goes as an Answer; nothing here knows of BER, of security or of sockets.  What would
be longer than the peer takes is tooBig, and for GETBULK as much of it as there is room for.

Bounds: VARIABLES_MAX variables asked for at once; BULK_MAX answered to a GETBULK, whatever it asks for, so that a step
of a walk takes less than a millisecond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tectonics.oam.snmp import values
from tectonics.oam.snmp.tree import Tree
from tectonics.oam.snmp.values import END_OF_VIEW, NO_OBJECT, Name, Value
from tectonics.oam.snmp.views import View

VARIABLES_MAX = 64
BULK_MAX = 64
NO_ERROR, TOO_BIG, GEN_ERR, NO_ACCESS, WRONG_TYPE, WRONG_VALUE = "noError", "tooBig", "genErr", "noAccess", "wrongType", "wrongValue"
NO_CREATION, INCONSISTENT, NO_RESOURCES, COMMIT_FAILED, NOT_WRITABLE, AUTHORIZATION = (
    "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed", "notWritable", "authorizationError")
# RFC 3416, section 3
STATUS = {NO_ERROR: 0, TOO_BIG: 1, GEN_ERR: 5, NO_ACCESS: 6, WRONG_TYPE: 7, WRONG_VALUE: 10, NO_CREATION: 11,
          INCONSISTENT: 12, NO_RESOURCES: 13, COMMIT_FAILED: 14, AUTHORIZATION: 16, NOT_WRITABLE: 17}
Variable = tuple[Name, Value]


@dataclass(frozen=True, slots=True)
class Answer:
    """`index` is that of the variable at fault, from 1; None for `variables` repeats those of the request."""

    variables: Sequence[Variable] | None
    status: str = NO_ERROR
    index: int = 0


def get(tree: Tree, view: View, names: Sequence[Name], room: int) -> Answer:
    """RFC 3416, section 4.2.1."""
    return _fitting([(name, tree.get(name) if name in view else Value(NO_OBJECT)) for name in names], room)


def get_next(tree: Tree, view: View, names: Sequence[Name], room: int) -> Answer:
    """RFC 3416, section 4.2.2."""
    return _fitting([following(tree, view, name) for name in names], room)


def get_bulk(tree: Tree, view: View, names: Sequence[Name], non_repeaters: int, repetitions: int, room: int) -> Answer:
    """RFC 3416, section 4.2.3: never an error, as many as there is room for."""
    once = min(max(0, non_repeaters), len(names))
    found, left = [], room
    for variable in _bulk(tree, view, names[:once], names[once:], max(0, repetitions)):
        left -= values.octets_of(*variable)
        if left < 0 or len(found) == BULK_MAX:
            break
        found.append(variable)
    return Answer(found) if found or not names or (once == 0 and repetitions <= 0) else Answer([], TOO_BIG)


def following(tree: Tree, view: View, name: Name) -> Variable:
    """The next variable in the view, or its end."""
    found = tree.after(name)
    while found is not None and found[0] not in view:
        found = tree.after(found[0])
    return found if found is not None else (name, Value(END_OF_VIEW))


def _bulk(tree: Tree, view: View, once: Sequence[Name], again: Sequence[Name], repetitions: int) -> Iterator[Variable]:
    for name in once:
        yield following(tree, view, name)
    row = list(again)
    while row and repetitions > 0:
        found = [following(tree, view, name) for name in row]
        yield from found
        if all(value.type == END_OF_VIEW for _, value in found):
            return
        row = [name for name, _ in found]
        repetitions -= 1


def _fitting(variables: list[Variable], room: int) -> Answer:
    if sum(values.octets_of(*one) for one in variables) > room:
        return Answer([], TOO_BIG)
    return Answer(variables)


def check_set(tree: Tree, view: View, variables: Sequence[Variable], writable: dict[Name, frozenset[int]]) -> Answer | None:
    """Why nothing is set, in the order of RFC 3416 section 4.2.5; None when all may be.

    `writable` has the columns and scalars that may be set, all of them enumerations, with their numbers.
    """
    for index, (name, value) in enumerate(variables, 1):
        status = _refused(tree, view, name, value, writable)
        if status is not None:
            return Answer(None, status, index)
    return None


def _refused(tree: Tree, view: View, name: Name, value: Value, writable: dict[Name, frozenset[int]]) -> str | None:
    if name not in view:
        return NO_ACCESS
    column = tree.object_of(name)
    if column not in writable:
        return NOT_WRITABLE
    if value.type != values.INTEGER:
        return WRONG_TYPE
    if value.held not in writable[column]:
        return WRONG_VALUE
    if tree.get(name).held is None:
        return NO_CREATION
    return None
