"""Digest authentication as a server does it (RFC 7616, RFC 8760; RFC 3261, section 22).

A nonce says when it was made and is signed, so that none has to be kept until it is used.  What is kept of one that has
been used is its highest count: a count that is not above it is a replay, or two requests that overtook each other;
either is challenged anew, which costs an honest client one more round.  `qop=auth` is asked for and nothing else is
taken, because without it nothing counts.  The algorithms are offered in our order of preference, one header each.

Pure: the moment and the key are arguments.  Bounds: a nonce serves for NONCE_S; USED_MAX of them are remembered, and
when the oldest makes room, no nonce that is as old as it is taken any more.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from tectonics.wire.sip.text import BadText, parameters, quoted, split

NONCE_S = 120.0
USED_MAX = 20_000
COUNT_MAX = 0xFFFF_FFFF
MD5, SHA256 = "MD5", "SHA-256"
_HASHES = {MD5: hashlib.md5, SHA256: hashlib.sha256}
GOOD, ABSENT, STALE, WRONG = "good", "absent", "stale", "wrong"


class Credentials(Struct, frozen=True):
    """What stands in Authorization."""

    user: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    cnonce: str
    count: str  # eight digits of base 16
    qop: str


def parse_credentials(text: str) -> Credentials:
    """Of one Authorization header; BadText where it is no Digest, or not all of it is there."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        raise BadText("only Digest is understood")
    found = parameters(split(rest, ","))
    wanted = ("username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop")
    if any(not found.get(name) for name in wanted):
        raise BadText("the credentials are not complete")
    user, realm, nonce, uri, response, cnonce, count, qop = (found[name] for name in wanted)
    return Credentials(user, realm, nonce, uri, response.lower(), found.get("algorithm", MD5).upper(), cnonce, count, qop)


def response_of(given: Credentials, password: str, method: str) -> str:
    """The response that who knows the password gives (RFC 7616, section 3.4.1)."""
    def digest(*parts: str) -> str:
        return _HASHES[given.algorithm](":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    secret, asked = digest(given.user, given.realm, password), digest(method, given.uri)
    return digest(secret, given.nonce, given.count, given.cnonce, given.qop, asked)


class Guard:
    """Challenges, and judges what comes back, for one realm; `key` signs nonces and is nobody else's."""

    def __init__(self, realm: str, key: bytes, algorithms: Sequence[str] = (SHA256, MD5), nonce_s: float = NONCE_S) -> None:
        self.realm, self._key, self._algorithms, self._nonce_ms = realm, key, tuple(algorithms), int(nonce_s * 1000)
        self._used: OrderedDict[str, int] = OrderedDict()  # nonce -> the highest count, in the order of first use
        self._floor_ms = -1  # no nonce that was made at that moment or before is taken
        self._made = 0

    def __len__(self) -> int:
        return len(self._used)

    def challenges(self, now: float, stale: bool = False) -> tuple[tuple[str, str], ...]:
        """The headers of a 401, with a nonce of this moment; `stale`: the same password would do."""
        self._made += 1
        nonce = self._nonce(f"{int(now * 1000):x}", f"{self._made:x}")
        rest = f'nonce="{nonce}", qop="auth"' + (", stale=true" if stale else "")
        return tuple(("WWW-Authenticate", f"Digest realm={quoted(self.realm)}, {rest}, algorithm={algorithm}")
                     for algorithm in self._algorithms)

    def judge(self, header: str | None, method: str, user: str, password: str, now: float) -> tuple[str, Credentials | None]:
        """GOOD, ABSENT (of this realm), STALE (a new nonce is needed) or WRONG."""
        if header is None:
            return ABSENT, None
        try:
            given = parse_credentials(header)
        except BadText:
            return WRONG, None
        if given.realm != self.realm:
            return ABSENT, given
        return self._judge(given, method, user, password, now), given

    def _judge(self, given: Credentials, method: str, user: str, password: str, now: float) -> str:
        count = _count(given.count)
        if given.algorithm not in self._algorithms or given.qop != "auth" or not 0 < count <= COUNT_MAX:
            return WRONG
        if not _same(given.response, response_of(given, password, method)) or not _same(given.user, user):
            return WRONG
        return GOOD if self._fresh(given.nonce, now) and self._counted(given.nonce, count) else STALE

    # --- nonces

    def _nonce(self, made: str, number: str) -> str:
        signed = hmac.new(self._key, f"{made}-{number}".encode(), hashlib.sha256).hexdigest()[:32]
        return f"{made}-{number}-{signed}"

    def _fresh(self, nonce: str, now: float) -> bool:
        made, _, rest = nonce.partition("-")
        number, _, _ = rest.partition("-")
        if not _same(nonce, self._nonce(made, number)):
            return False
        made_ms = int(made, 16)  # we wrote it
        return max(self._floor_ms, now * 1000 - self._nonce_ms) < made_ms <= now * 1000 + self._nonce_ms

    def _counted(self, nonce: str, count: int) -> bool:
        if count <= self._used.get(nonce, 0):
            return False
        self._used[nonce] = count
        if len(self._used) > USED_MAX:
            oldest, _ = self._used.popitem(last=False)
            self._floor_ms = max(self._floor_ms, int(oldest.partition("-")[0], 16))
        return True


def _count(text: str) -> int:
    try:
        return int(text, 16) if len(text) == 8 else 0
    except ValueError:
        return 0


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
