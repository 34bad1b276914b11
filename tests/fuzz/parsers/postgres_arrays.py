"""Array literals: read as PostgreSQL's manual says ("Array Input and Output Syntax"), they are what was written.

Each line is an element; `NULL` stands for none, and what is a whole number also goes into an array of those.
"""

from tectonics.database.arrays import bytes_array, integer_array, text_array

TOKENS = (b"NULL\n", b"null\n", b"\\", b'"', b"{", b"}", b",", b"\n", b"\\x", b"-9223372036854775808\n", b"''", b"%s", b"\xe2\x82\xac")


def check(data: bytes) -> None:
    lines = data.split(b"\n")
    texts = [None if line == b"NULL" else line.decode(errors="replace") for line in lines]
    assert _read(text_array(texts)) == texts
    raw = [None if line == b"NULL" else line for line in lines]
    assert [None if one is None else bytes.fromhex(one.removeprefix("\\x")) for one in _read(bytes_array(raw))] == raw
    numbers = [len(line) - 5 for line in lines]
    assert [int(one) for one in _read(integer_array(numbers))] == numbers


def _read(literal: str) -> list[str | None]:
    """The elements of a literal of one dimension."""
    assert literal[0] == "{" and literal[-1] == "}"
    found, at, end = [], 1, len(literal) - 1
    while at < end:
        if literal[at] == '"':
            element, at = _quoted(literal, at + 1)
        else:
            stop = literal.find(",", at, end)
            stop = end if stop < 0 else stop
            element, at = literal[at:stop], stop
            element = None if element.upper() == "NULL" else element
        assert at == end or literal[at] == ","
        found.append(element)
        at += 1
    return found


def _quoted(literal: str, at: int) -> tuple[str, int]:
    element = []
    while literal[at] != '"':
        at += literal[at] == "\\"
        element.append(literal[at])
        at += 1
    return "".join(element), at + 1
