"""Digest authentication as a client does it (RFC 7616, section 3.4; RFC 3261, section 22.2; RFC 8760, section 2.4).

Of the challenges the first is answered that we understand, because a server puts its preference first.  Where it asks
for no `qop`, the response is that of RFC 2069, which old switches still want.
"""

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from tectonics.wire.sip.digest import MD5, SHA256, Credentials, response_of
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.text import BadText, parameters, quoted, split

ANSWERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
_COUNT = "00000001"  # each nonce is used once


class Challenge(Struct, frozen=True):
    """What a server asks."""

    realm: str
    nonce: str
    algorithm: str
    qop: bool
    opaque: str
    stale: bool


def challenge_of(headers: Iterable[str]) -> Challenge | None:
    """The first that can be answered."""
    for header in headers:
        scheme, _, rest = header.strip().partition(" ")
        try:
            told = parameters(split(rest, ","))
        except BadText:
            continue
        algorithm = told.get("algorithm", MD5).upper()
        offered = [one.strip() for one in told.get("qop", "").split(",") if one.strip()]
        if scheme.lower() == "digest" and algorithm in (MD5, SHA256) and told.get("nonce") and (not offered or "auth" in offered):
            return Challenge(told.get("realm", ""), told["nonce"], algorithm, bool(offered), told.get("opaque", ""),
                             told.get("stale", "").lower() == "true")
    return None


def credentials(request: Request, response: Response, user: str, password: str) -> tuple[str, str] | None:
    """The header that answers a 401 or 407 to the request; None where it cannot be answered."""
    asked, answered = ANSWERS[response.status]
    challenge = challenge_of(response.lines(asked))
    if challenge is None or not user:
        return None
    cnonce = hashlib.blake2b(f"{challenge.nonce}{request.call_id}{request.cseq}".encode("utf-8", "surrogateescape"),
                             key=password.encode()[:64], digest_size=8).hexdigest()
    given = Credentials(user, challenge.realm, challenge.nonce, request.uri, "", challenge.algorithm, cnonce, _COUNT,
                        "auth" if challenge.qop else "")
    proof = response_of(given, password, request.method) if challenge.qop else _old(given, password, request.method)
    said = [f"username={quoted(user)}", f"realm={quoted(challenge.realm)}", f"nonce={quoted(challenge.nonce)}",
            f"uri={quoted(request.uri)}", f'response="{proof}"', f"algorithm={challenge.algorithm}"]
    said += [f'cnonce="{cnonce}"', "qop=auth", f"nc={_COUNT}"] if challenge.qop else []
    said += [f"opaque={quoted(challenge.opaque)}"] if challenge.opaque else []
    return answered, "Digest " + ", ".join(said)


def _old(given: Credentials, password: str, method: str) -> str:
    hashed = hashlib.md5 if given.algorithm == MD5 else hashlib.sha256

    def digest(*parts: str) -> str:
        return hashed(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    return digest(digest(given.user, given.realm, password), given.nonce, digest(method, given.uri))
