"""Views: which part of the tree somebody may see (RFC 3415, without masks).

Of all subtrees that a name is below, the longest decides whether it is in the view.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tectonics.oam.snmp.values import Name


class View:
    """Subtrees that are in it, and subtrees of those that are not."""

    def __init__(self, included: Iterable[Name], excluded: Iterable[Name] = ()) -> None:
        self._subtrees = dict.fromkeys(included, True) | dict.fromkeys(excluded, False)
        self._lengths = sorted({len(one) for one in self._subtrees}, reverse=True)

    def __contains__(self, name: Name) -> bool:
        for length in self._lengths:
            found = self._subtrees.get(name[:length]) if len(name) >= length else None
            if found is not None:
                return found
        return False


EVERYTHING = View([(1,)])
NOTHING = View([])


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: what he may read and write; `name` stands in audit tickets."""

    name: str
    reads: View
    writes: View = NOTHING
