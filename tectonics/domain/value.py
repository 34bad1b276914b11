"""Values: frozen dataclasses with slots, made and changed in a third of the time.

Everything that is decided about is a value: more than a hundred are made for one advance.  A frozen dataclass sets
each field through object.__setattr__, because its own refuses; that was a tenth of the daemon's processor
time.  A value's `__init__` sets its fields the plain way while the object belongs to a twin of its class
that does not refuse, and then makes it what it is; nobody else ever sees the twin.  In everything else
(equality, hash, `match`, dataclasses.fields) it is the frozen dataclass that it looks like.
"""

from dataclasses import MISSING, dataclass, fields
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")
_KEPT = object()


@dataclass_transform(frozen_default=True)
def value(cls: type) -> type:
    """Class decorator: as dataclass(frozen=True, slots=True). No `__post_init__`, no `init=False`."""
    made = dataclass(frozen=True, slots=True)(cls)
    twin = type(made.__name__, made.__bases__, {"__slots__": made.__slots__, "__setattr__": object.__setattr__})
    if fields(made):
        made.__init__ = _init(made, twin)
        made._replaced = _replaced(made)
    return made


def replace(old: Made, /, **changes) -> Made:
    """`old` with some fields changed; TypeError for a field that it has not."""
    return old._replaced(**changes)


def _init(made: type, twin: type):
    known = {"made": made, "twin": twin, "kept": _KEPT, "become": object.__dict__["__class__"].__set__}
    for one in fields(made):
        known |= {f"default_{one.name}": one.default, f"factory_{one.name}": one.default_factory}
    given = ", ".join(f"{one.name}{_default(one)}" for one in fields(made))
    lines = [f"def __init__(self, {given}):", "    become(self, twin)",
             *(f"    self.{one.name} = {_taken(one)}" for one in fields(made)), "    self.__class__ = made"]
    return _compiled("__init__", lines, made, known)


def _default(one) -> str:
    if one.default is not MISSING:
        return f"=default_{one.name}"
    return "" if one.default_factory is MISSING else "=kept"


def _taken(one) -> str:
    if one.default_factory is MISSING:
        return one.name
    return f"factory_{one.name}() if {one.name} is kept else {one.name}"


def _replaced(made: type):
    names = [one.name for one in fields(made)]
    given = ", ".join(f"{name}=kept" for name in names)
    taken = ", ".join(f"self.{name} if {name} is kept else {name}" for name in names)
    return _compiled("_replaced", [f"def _replaced(self, *, {given}):", f"    return made({taken})"], made,
                     {"made": made, "kept": _KEPT})


def _compiled(name: str, lines: list[str], made: type, known: dict):
    found: dict = {}
    exec("\n".join(lines), known, found)  # noqa: S102 as dataclasses does; the names are the class's own
    found[name].__qualname__ = f"{made.__qualname__}.{name}"
    return found[name]
