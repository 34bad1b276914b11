"""User-based security for SNMPv3 (RFC 3414): HMAC-SHA-256 cut to 192 bits (RFC 7860) and AES-128 in CFB (RFC 3826).

Keys are made of pass phrases and belong to one engine.  `seal` makes a whole message; `verified` and `opened` are the way
back.  Whose engine is the authority, whether boots and time are right, and that a salt is never used twice with the same
key, boots and time is the caller's affair.
"""

import hmac
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from tectonics.wire.snmp_v3 import DIGEST_OCTETS, Message, write

WINDOW_S = 150  # RFC 3414, section 2.2.3
BOOTS_LAST = 2**31 - 1  # an engine that has come to it is in time with nobody, ibidem
_PHRASE_OCTETS = 1_048_576  # that the pass phrase is repeated to, RFC 3414 section A.2
_AES_OCTETS = 16


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A user's keys at one engine."""

    authentication: bytes
    privacy: bytes


def keys_of(authentication: str, privacy: str, engine_id: bytes) -> Keys:
    """Takes some milliseconds (RFC 3414, section A.2; RFC 7860, section 9.3; RFC 3826, section 1.2)."""
    return Keys(_localised(authentication, engine_id), _localised(privacy, engine_id)[:_AES_OCTETS])


def _localised(phrase: str, engine_id: bytes) -> bytes:
    octets = phrase.encode()
    own = sha256((octets * (_PHRASE_OCTETS // len(octets) + 1))[:_PHRASE_OCTETS]).digest()
    return sha256(own + engine_id + own).digest()


def seal(keys: Keys, one: Message) -> bytes:
    """The message encrypted and with its digest; `one.data` is a scoped PDU in clear, `one.salt` eight octets."""
    data = _cipher(keys, one).encryptor().update(one.data)
    message, at = write(replace(one, data=data), encrypted=True)
    return message[:at] + _digest(keys, message) + message[at + DIGEST_OCTETS:]


def verified(keys: Keys, message: bytes, one: Message) -> bool:
    """Whether somebody who has the key wrote `message`, which was read as `one` (RFC 7860, section 4.2.2)."""
    at = one.digest_at
    blank = message[:at] + bytes(len(one.digest)) + message[at + len(one.digest):]
    return hmac.compare_digest(_digest(keys, blank), one.digest)


def opened(keys: Keys, one: Message) -> bytes:
    """The scoped PDU in clear, or what comes out with a wrong key; the salt must have eight octets."""
    return _cipher(keys, one).decryptor().update(one.data)


def _digest(keys: Keys, message: bytes) -> bytes:
    return hmac.digest(keys.authentication, message, "sha256")[:DIGEST_OCTETS]


def _cipher(keys: Keys, one: Message) -> Cipher:
    return Cipher(AES(keys.privacy), CFB(one.boots.to_bytes(4) + one.time_s.to_bytes(4) + one.salt))
