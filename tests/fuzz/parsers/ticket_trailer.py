"""A closed ticket file and the note of the last one: what they say is true, or FileFault."""

from tectonics.tickets.file_format import FileFault, read_trailer, verify
from tectonics.tickets.file_progress import last_closed
from tests.fuzz.contract import folder

EMPTY = (b'{"trailer":{"origin":"n1","file":"n1_20261122_08_000007.jsonl","first_seq":1,"last_seq":0,"count":0,"opened":"",'
          b'"closed":"","reason":0,"reason_text":"","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}\n')
TOKENS = (EMPTY, b'{"seq":1}\n', b'"first_seq":', b"-1", b"9223372036854775808", b"1e3", b"\n", b'"count":1')


def check(data: bytes) -> None:
    directory = folder("ticket_trailer")
    path, note = directory / "n1_20261122_08_000007.jsonl", directory / ".n1.last"
    for file in (path, note):
        file.write_bytes(data)
        _closed(file)
        try:
            last_closed(directory, "n1")
        except FileFault as fault:
            assert "\n" not in str(fault)
        file.unlink()


def _closed(path) -> None:
    try:
        trailer = read_trailer(path)
    except FileFault:
        return
    line = trailer.encode()
    assert line.count(b"\n") == 1
    try:
        assert verify(path) == trailer
    except FileFault:
        return
    assert trailer.count == trailer.last_seq - trailer.first_seq + 1 >= 0
