"""DKIM (RFC 6376, RFC 8463): which signatures could speak for the sender, and whether one does; dkimpy computes, Ed25519 by libsodium.

A signature counts only where it is by the sender's domain or one above it, with SHA-256, over From, Subject and Date, and over
the whole text (no `l=`, behind which anybody may add).  Its Date must be near, because what was signed once can be sent again
by whoever has it.  Where it does not cover the Message-ID the mail is known by the three fields that every signature covers,
so that it is the same mail whatever else is changed, and whichever of its signatures is left on it.

The keys are asked for elsewhere; here nothing waits.  dkimpy's regular expressions take quadratic time over long runs of
white space, so it gets a text that is canonical already, and no header field with such runs.
Bounds: SIGNATURES_MAX fields looked at, FIELD_MAX octets of each, CHECKED_MAX of them checked.
"""

import re
from hashlib import sha256

import dkim
from msgspec import Struct

from tectonics.channels.email.reading import Written
from tectonics.channels.email.results import is_aligned
from tectonics.domain.mailbox import domain_of, is_domain

FIELD_MAX, SIGNATURES_MAX, CHECKED_MAX = 4096, 20, 3
KEY_BITS_MIN = 1024  # RFC 8301, section 3.2
NEAR_MS = 3 * 24 * 3600 * 1000  # of Date; servers try for days
_MUST_COVER = {"from", "subject", "date"}
_SPACE = re.compile(r"\s+")
_LONG_SPACE = re.compile(r"\s{33}")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?){0,5}", re.ASCII)
_BASE64 = re.compile(r"[0-9A-Za-z+/]+={0,2}", re.ASCII)
_KINDS = {"rsa-sha256": b"rsa", "ed25519-sha256": b"ed25519"}  # of key (RFC 8463, section 3), by algorithm
_FAULTS = (dkim.DKIMException, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError)


class Signature(Struct, frozen=True):
    """A signature that could speak for the sender. `place` is its place among the mail's, `key` where its key is."""

    place: int
    kind: bytes  # of key
    key: str
    relaxed: bool  # about white space in the text (section 3.4.4)
    covers_id: bool


def candidates(mail: Written, now: int) -> list[Signature]:
    """Those worth a check, the topmost first."""
    if mail.written_at is None or abs(now - mail.written_at) > NEAR_MS:
        return []
    present = {name for name, _ in mail.fields}
    found = []
    for place, value in enumerate(mail.all("dkim-signature")[:SIGNATURES_MAX]):
        one = _candidate(place, value, domain_of(mail.sender), _MUST_COVER & present)
        if one is not None:
            found.append(one)
    return found[:CHECKED_MAX]


def _candidate(place: int, value: str, domain: str, must_cover: set[str]) -> Signature | None:
    tags = _tags(value)
    signer, selector = tags.get("d", "").lower(), tags.get("s", "")
    covered = {name.strip().lower() for name in tags.get("h", "").split(":")}
    body = _SPACE.sub("", tags.get("b", ""))
    kind = _KINDS.get(tags.get("a", "").lower())
    good = (tags.get("v") == "1" and kind is not None and "l" not in tags
            and is_domain(signer) and is_aligned(signer, domain) and _SELECTOR.fullmatch(selector)
            and must_cover <= covered and _BASE64.fullmatch(body) and _BASE64.fullmatch(_SPACE.sub("", tags.get("bh", ""))))
    if not good:
        return None
    relaxed = tags.get("c", "").lower().partition("/")[2].strip() == "relaxed"
    return Signature(place, kind, f"{selector}._domainkey.{signer}", relaxed, "message-id" in covered)


def known_by(mail: Written, signature: Signature) -> str:
    """What a mail with this signature is known by."""
    if signature.covers_id:
        return mail.message_id
    return sha256(f"{mail.sender}\n{mail.written_at}\n{' '.join(mail.subject.split())}".encode()).hexdigest()


def _tags(value: str) -> dict[str, str]:
    """Tag -> value (section 3.2); nothing where they cannot be read."""
    if len(value) > FIELD_MAX or _LONG_SPACE.search(value) or not value.isascii():
        return {}
    pairs = [one.partition("=") for one in value.split(";") if one.strip()]
    tags = {name.strip(): text.strip() for name, _, text in pairs}
    return tags if len(tags) == len(pairs) else {}


def is_valid(content: bytes, signature: Signature, key: bytes) -> bool:
    """Whether that signature of the mail is by the key (a TXT record); takes some milliseconds, more for a large mail."""
    try:
        checked = dkim.DKIM(_canonical(content) if signature.relaxed else content, minkey=KEY_BITS_MIN)
        good = checked.verify(signature.place, dnsfunc=lambda name, timeout=0: key)
        return bool(good) and checked.ktag == signature.kind
    except _FAULTS:
        return False


def _canonical(content: bytes) -> bytes:
    """The same mail to a signature that is relaxed about the text."""
    head, end, text = content.partition(b"\r\n\r\n")
    lines = (re.sub(rb"[\t ]+", b" ", line).removesuffix(b" ") for line in text.split(b"\r\n"))
    return head + end + b"\r\n".join(lines)
