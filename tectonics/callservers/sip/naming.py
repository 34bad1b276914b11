"""What a leg is called on the wire, made from its id and the trunk alone.

Whoever knows the id, in another life or on another node, can so name the INVITE that may be ringing and cancel it: its
Call-ID, its From tag and the branch of each attempt (RFC 3261, section 9.1).  An attempt is a new INVITE of the same leg over the
same trunk, with credentials or another session interval; there are ATTEMPTS_MAX at most.
Requests of an answered leg are numbered; of a leg that is taken over they begin at the moment's second, which is above
every number used before.
"""

from hashlib import blake2b

from tectonics.wire.sip.values import MAGIC

ATTEMPTS_MAX = 4
_EPOCH_S = 1_577_836_800  # 2020-01-01; what is left fits into 31 bits until 2088


def _short(*parts: object) -> str:
    return blake2b("\n".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=9).hexdigest()


def call_id(leg: str, trunk: str) -> str:
    """Has the leg's id in it."""
    return f"{leg}.{_short(trunk)[:6]}"


def leg_of(call_id: str) -> str:
    """The leg's id of a Call-ID of ours."""
    return call_id.rpartition(".")[0]


def tag(leg: str, trunk: str) -> str:
    """Our tag."""
    return _short("tag", leg, trunk)


def branch(leg: str, trunk: str, number: int, method: str) -> str:
    """Of the request with that CSeq."""
    return MAGIC + _short("branch", leg, trunk, number, method)


def session_id(leg: str) -> int:
    """Of the session that a leg's descriptions belong to (RFC 8866, section 5.2)."""
    return int(_short("session", leg)[:13], 16)


def taken_over(now: float) -> int:
    """The CSeq number from which who takes a leg over goes on; `now` in seconds since 1970."""
    return max(1, int(now) - _EPOCH_S)


def glare_s(leg: str, times: int) -> float:
    """How long to wait after a 491: who made the Call-ID waits 2.1 to 4 s (RFC 3261, section 14.1)."""
    return 2.1 + int(_short("glare", leg, times)[:4], 16) % 191 / 100
