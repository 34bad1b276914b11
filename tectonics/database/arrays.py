r"""Many rows as the parameters of one statement: each column is an array, `unnest` makes rows of them.

A `Prepared` statement is declared once on a connection and called with columns; the server parses and
plans nothing again.  Arrays are written as PostgreSQL's array literals ("Arrays, Array Input and Output
Syntax" in its manual), which the server reads many times faster than ARRAY[...] of single constants.

>>> text_array(['a "b"', "c\\d", None])
'{"a \\"b\\"","c\\\\d",NULL}'
>>> integer_array([1, None])
'{1,NULL}'
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import index


def integer_array(values: Iterable[int | None]) -> str:
    """`{1,2,NULL}`; TypeError when one is no whole number."""
    return "{" + ",".join(["NULL" if value is None else str(index(value)) for value in values]) + "}"


def text_array(values: Iterable[str | None]) -> str:
    """Every element quoted; AttributeError when one is no text."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def bytes_array(values: Iterable[bytes | None]) -> str:
    """Every element in hexadecimal."""
    return "{" + ",".join(["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WRITERS: dict[str, Callable[[Iterable], str]] = {
    "bigint[]": integer_array, "text[]": text_array, "bytea[]": bytes_array}


@dataclass(frozen=True)
class Prepared:
    """A statement of constant text whose parameters `$1`, `$2`... are arrays or single values."""

    name: str
    types: tuple[str, ...]
    text: str

    @property
    def declaration(self) -> str:
        """What declares it on a connection."""
        return f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.text}"

    @property
    def call(self) -> str:
        """What calls it, with psycopg2's parameters."""
        return f"EXECUTE {self.name} ({', '.join(['%s'] * len(self.types))})"

    def values(self, columns: Sequence) -> list:
        """The parameters of `call` for these columns, one for each type."""
        return [_WRITERS[kind](column) if kind in _WRITERS else column
                for kind, column in zip(self.types, columns, strict=True)]

    def rows(self, rows: Sequence[tuple]) -> list:
        """The parameters of `call` for rows that have one value for each type."""
        return self.values(list(zip(*rows, strict=True)) or [()] * len(self.types))
