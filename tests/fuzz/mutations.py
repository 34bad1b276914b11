"""Inputs for a parser: its words and some chance put together, and its corpus with a few edits."""

from hypothesis import strategies as st

from tests.fuzz.entries import ENTRY_BYTES_MAX, entries
from tests.fuzz.parsers import load

Edit = tuple[int, int, bytes]  # where (of a thousandth part), how many bytes away, what instead


def inputs(parser: str) -> st.SearchStrategy[bytes]:
    """The strategy of one parser."""
    words = getattr(load(parser), "TOKENS", (b"\n",))
    piece = st.sampled_from(words) | st.binary(max_size=12)
    built = st.lists(piece, max_size=12).map(b"".join)
    edits = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 16), piece), max_size=4)
    kept = st.sampled_from(list(entries(parser).values()) or [b""])
    return (built | st.builds(edited, kept, edits)).map(lambda data: data[:ENTRY_BYTES_MAX])


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """The bytes after the edits, one after the other."""
    for where, gone, instead in edits:
        at = len(data) * where // 1000
        data = data[:at] + instead + data[at + gone:]
    return data
