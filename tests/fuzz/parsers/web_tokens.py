"""A token file: bearers that are found by their tokens, or TheirFault that shows none of them."""

import os

from tectonics.domain.errors import TheirFault
from tectonics.oam.web.tokens import ROLES, TOKEN_CHARS_MIN, load_tokens
from tests.fuzz.contract import folder

TOKENS = (b"ann admin 0123456789abcdef\n", b"bob viewer ", b"# a remark\n", b"operator", b"\0", "\u2028".encode(), b"\xff", b"#", b"\r",
          b"0123456789abcdef", b"0123456789abcde", b"\x0c")


def check(data: bytes) -> None:
    path = folder("web_tokens") / "tokens"
    path.write_bytes(data)
    os.chmod(path, 0o600)
    try:
        tokens = load_tokens(path)
    except TheirFault as error:
        _tells_nothing(str(error), data)
        return
    for words in (line.partition("#")[0].split() for line in data.decode().splitlines()):
        if words:
            assert tokens.find(words[2]).role in ROLES
    assert tokens.find("") is None


def _tells_nothing(text: str, data: bytes) -> None:
    for word in data.decode(errors="replace").split():
        assert len(word) < TOKEN_CHARS_MIN or word not in text.partition(": expected")[0]
