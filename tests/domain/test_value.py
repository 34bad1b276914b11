"""A value is a frozen dataclass in all that can be seen."""

from dataclasses import FrozenInstanceError, dataclass, field, fields
from dataclasses import replace as plain_replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.value import replace, value


@value
class Place:
    """Two fields, a default and a factory."""

    x: int
    y: int = 2
    notes: dict = field(default_factory=dict)

    @property
    def sum(self):
        return self.x + self.y


@value
class Named(Place):
    """With what it inherits."""

    name: str = ""


@value
class Nothing:
    """No field at all."""


@dataclass(frozen=True, slots=True)
class Plain:
    x: int
    y: int = 2


def test_what_it_is_made_of():
    assert Place(1) == Place(1, 2, {}) == Place(x=1, y=2)
    assert (Named(1, name="n").name, Named(1).sum) == ("n", 3)
    assert Place(1).notes is not Place(1).notes
    assert repr(Place(1)) == "Place(x=1, y=2, notes={})"
    assert [one.name for one in fields(Named(1))] == ["x", "y", "notes", "name"]
    assert Nothing() == Nothing()
    assert type(Place(1)) is Place and type(Named(1)) is Named and isinstance(Named(1), Place)


@pytest.mark.parametrize("made", [Place(1), Named(1)])
def test_it_is_frozen(made):
    with pytest.raises(FrozenInstanceError):
        made.x = 5
    with pytest.raises(FrozenInstanceError):
        del made.x
    with pytest.raises((AttributeError, TypeError)):
        made.other = 1
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize("arguments, keywords", [((), {}), ((1, 2, {}, 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})])
def test_wrong_arguments(arguments, keywords):
    with pytest.raises(TypeError):
        Place(*arguments, **keywords)


@given(st.integers(), st.integers(), st.integers())
def test_changed(x, y, other):
    old = Named(x, y, name="n")
    assert replace(old, y=other) == Named(x, other, name="n") == plain_replace(old, y=other)
    assert old == Named(x, y, name="n")
    assert replace(old) == old
    assert type(replace(old, y=1)) is Named


def test_a_field_that_it_has_not():
    with pytest.raises(TypeError):
        replace(Place(1), z=1)


@given(st.integers(), st.integers())
def test_equality_and_hash_are_a_frozen_dataclass_s(x, y):
    @value
    class Pair:
        x: int
        y: int = 2

    assert hash(Pair(x, y)) == hash(Plain(x, y))
    assert (Pair(x) == Pair(y)) == (Plain(x) == Plain(y))
    assert Pair(x) != Plain(x)
    match Pair(x, y):
        case Pair(one, other):
            assert (one, other) == (x, y)
