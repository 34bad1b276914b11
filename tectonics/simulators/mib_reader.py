"""A module of SMIv2 (RFC 2578) as a manager loads it: names of what a walk brings, rows of tables, words of enumerations.

Read with regular expressions, which is enough for a module that smilint finds no fault with; imported arcs other than
`enterprises` are not known.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp_ber import Name
from tectonics.wire.snmp_pdu import NULL, TIME_TICKS, Variable

ENTERPRISES = (1, 3, 6, 1, 4, 1)
_COMMENT = re.compile(r'("[^"]*")|--[^\n]*')
_PLACED = re.compile(r"^([a-z]\w*) +(?:OBJECT IDENTIFIER|MODULE-IDENTITY|OBJECT-TYPE|NOTIFICATION-TYPE)\b(.*?)::= \{ ([^}]*) \}", re.MULTILINE | re.DOTALL)
_CONVENTION = re.compile(r"^([A-Z]\w*) ::= TEXTUAL-CONVENTION(.*?)SYNTAX ([^\n]+(?:\n {8}[^\n]+)*)", re.MULTILINE | re.DOTALL)
_SYNTAX = re.compile(r"^    SYNTAX (\w+(?: \w+)*)", re.MULTILINE)
_INDEX = re.compile(r"INDEX \{ ([^}]*) \}")
_WORD = re.compile(r"([a-z]\w*)\((\d+)\)")


@dataclass(frozen=True, slots=True)
class Placed:
    """An object: where it stands, its type, and of a row the columns it is told apart by."""

    name: str
    arcs: Name
    type: str
    index: tuple[str, ...]


class Mib:
    """One module."""

    def __init__(self, text: str) -> None:
        text = _COMMENT.sub(lambda found: found[1] or "", text)
        self.words = {name: {int(number): word for word, number in _WORD.findall(syntax)}
                      for name, _, syntax in _CONVENTION.findall(text) if syntax.startswith("INTEGER {")}
        self.words["TruthValue"] = {1: "true", 2: "false"}
        self.objects: dict[str, Placed] = {}
        for name, clauses, place in _PLACED.findall(text):
            syntax, index = _SYNTAX.search(clauses), _INDEX.search(clauses)
            self.objects[name] = Placed(name, self._arcs(place), syntax[1] if syntax else "",
                                        tuple(index[1].split(", ")) if index else ())
        self._by_arcs = {one.arcs: one for one in self.objects.values()}

    def _arcs(self, place: str) -> Name:
        first, *rest = place.split()
        if first != "enterprises" and first not in self.objects:
            raise BadMessage(f"the module does not say where {first} stands")
        start = ENTERPRISES if first == "enterprises" else self.objects[first].arcs
        return (*start, *(int(re.search(r"\d+", one)[0]) for one in rest))

    def of(self, name: str, *instance: str | int) -> Name:
        """The name of a variable: of a scalar, or of a cell by the words and numbers of its row."""
        tail: tuple[int, ...] = () if instance else (0,)
        for one in instance:
            tail += (one,) if isinstance(one, int) else (len(one), *one.encode())
        return (*self.objects[name].arcs, *tail)

    def object_of(self, name: Name) -> tuple[Placed | None, Name]:
        """The object that a variable is an instance of, and which instance."""
        for length in range(len(name), 0, -1):
            if (found := self._by_arcs.get(name[:length])) is not None:
                return found, name[length:]
        return None, name

    def shown(self, variable: Variable) -> str:
        """A line such as `tectonicsServiceGranted."advance" = 7`."""
        name, _, _ = variable
        placed, instance = self.object_of(name)
        if placed is None:
            return f"{dotted(name)} = {self.value(variable)}"
        return f"{placed.name}.{dotted(self.row(placed, instance))} = {self.value(variable)}"

    def row(self, placed: Placed, instance: Name) -> tuple:
        """What a row is told apart by: words in quotation marks, and numbers."""
        row = self._by_arcs.get(placed.arcs[:-1])
        found, rest = [], list(instance)
        for column in row.index if row else ():
            if self.objects[column].type == "Unsigned32":
                found.append(rest.pop(0))
            else:
                size = rest.pop(0)
                found.append(f'"{bytes(rest[:size]).decode()}"')
                del rest[:size]
        return (*found, *rest)

    def value(self, variable: Variable) -> str:
        """What it holds, in words."""
        name, tag, held = variable
        placed, _ = self.object_of(name)
        if isinstance(held, int):
            word = self.words.get(placed.type, {}).get(held) if placed else None
            return word or (f"{held / 100:g} s" if tag == TIME_TICKS else str(held))
        if isinstance(held, tuple):
            return dotted(held)
        if isinstance(held, bytes):
            return _date(held) if placed and placed.type == "DateAndTime" else held.decode(errors="replace")
        return "none" if tag != NULL else ""


def dotted(arcs: Iterable) -> str:
    """As people write it."""
    return ".".join(map(str, arcs))


def _date(octets: bytes) -> str:
    """DateAndTime, RFC 2579."""
    if len(octets) < 8:
        return octets.hex()
    return "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(int.from_bytes(octets[:2]), *octets[2:7])
