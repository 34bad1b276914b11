"""Bearer tokens (RFC 6750) and the role that each carries.

A token file has one line per program, `name role token`; blank lines and `#` comments are passed
over.  The demo's file `demo-token` holds a bare token with the role admin; it is made with the first
start and read by its owner only.  A file that others can read is refused: it is no secret any more.
Only SHA-256 digests are kept in memory, and every one is compared in constant time, so neither a
core dump nor the time of an answer tells a token.  Bound: TOKENS_MAX lines.
"""

import hmac
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tectonics.domain.errors import TheirFault

ROLES = ("viewer", "agent", "operator", "admin")  # each may do what those before it may
TOKENS_MAX = 1000
TOKEN_CHARS_MIN = 16
DEMO_TOKEN = "demo-token"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who sent the request."""

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this role includes `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Tokens:
    """Knows the bearers by their tokens."""

    def __init__(self, bearers: dict[str, Bearer]) -> None:
        self._bearers = [(_digest(token), bearer) for token, bearer in bearers.items()]

    def find(self, token: str) -> Bearer | None:
        """Whose token this is, or None."""
        digest, found = _digest(token), None
        for known, bearer in self._bearers:
            if hmac.compare_digest(known, digest):
                found = bearer
        return found


def load_tokens(path: Path) -> Tokens:
    """The tokens of a file; TheirFault says what is wrong with it, and never shows a token."""
    bearers: dict[str, Bearer] = {}
    for number, line in enumerate(_secret_text(path).splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != 3 or words[1] not in ROLES or len(words[2]) < TOKEN_CHARS_MIN:
            raise TheirFault(f"{path}:{number}: expected `name role token`, role one of {', '.join(ROLES)}, "
                             f"token of at least {TOKEN_CHARS_MIN} characters")
        bearers[words[2]] = Bearer(words[0], words[1])
        if len(bearers) > TOKENS_MAX:
            raise TheirFault(f"{path}: more than {TOKENS_MAX} tokens")
    return Tokens(bearers)


def demo_tokens(state: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> Tokens:
    """The one token of the demo, from `demo-token` in the state directory; made if it is missing."""
    path = state / DEMO_TOKEN
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(file, "w") as new:
            new.write(make() + "\n")
    token = _secret_text(path).strip()
    if len(token) < TOKEN_CHARS_MIN:
        raise TheirFault(f"{path} holds no token; delete it and a new one is made")
    return Tokens({token: Bearer("demo", "admin")})


def _secret_text(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise TheirFault(f"{path} can be read by others than its owner: chmod 600 it")
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"{path} cannot be read: {error}") from None


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()
