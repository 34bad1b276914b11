"""Names of ticket files: a name that is read is the one that would be written, so the file can be opened.

The bytes are a directory, one name a line.
"""

from tectonics.domain.errors import OurFault
from tectonics.tickets.file_names import FileName, newest

TOKENS = (b"n1_20261122_08_000007.jsonl\n", b"n1_20261122_000007.jsonl\n", b"n1_", b"_000000", b"00010101", b"_24_", b"20260230",
          b".jsonl", b".part", b"_0000000007", b"n1_20261122", "\u0661".encode(), b"1234567")


def check(data: bytes) -> None:
    names = data.decode(errors="surrogateescape").split("\n")
    for name in names:
        file = FileName.parse(name)
        assert file is None or str(file) == name and FileName.parse(str(file)) == file
    try:
        last = newest(names, "n1")
    except OurFault:
        return
    assert last is None or str(last) in names
