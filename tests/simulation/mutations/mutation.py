"""A deliberate fault: a name, a sentence, and what it changes of the product while it is in force.

    MUTATIONS: list[Mutation] = []

    @mutation(MUTATIONS, "a ticket number is left out now and then")
    def a_number_is_skipped(patch): ...

The function is given a `Patch` and replaces names of the product with it, each run anew, so that what it counts
begins again with each run.  When the context ends the product is whole again.  Nothing is drawn: which of many it
spoils follows from what it is given.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest import mock


class Patch:
    """Replaces names in modules and classes until its stack ends."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def put(self, owner: object, name: str, new: object) -> None:
        """`new` in the place of what `owner` has under `name`."""
        self._stack.enter_context(mock.patch.object(owner, name, new))

    def around(self, owner: object, name: str, new: Callable) -> None:
        """Calls `new(plain, *arguments)` where `plain(*arguments)` was called."""
        plain = getattr(owner, name)

        def instead(*arguments, **keywords):
            return new(plain, *arguments, **keywords)

        self.put(owner, name, instead)

    def text(self, owner: object, name: str, old: str, new: str) -> None:
        """Another piece in a text, a statement of SQL as a rule; LookupError when the piece is not in it."""
        whole = getattr(owner, name)
        if old not in whole:
            raise LookupError(f"{name} has no {old!r}")
        self.put(owner, name, whole.replace(old, new))


@dataclass(frozen=True)
class Mutation:
    """One deliberate fault."""

    name: str
    text: str  # what was broken
    breaks: Callable[[Patch], None]

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """The product is broken in this way until the context ends."""
        with ExitStack() as stack:
            self.breaks(Patch(stack))
            yield


def mutation(into: list[Mutation], text: str) -> Callable:
    """Makes a mutation of a function and puts it into the family's list."""

    def take(breaks: Callable[[Patch], None]) -> Callable[[Patch], None]:
        into.append(Mutation(breaks.__name__, text, breaks))
        return breaks

    return take
