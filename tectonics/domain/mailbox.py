"""Which e-mail address speaks for which subscriber, and the PIN that may prove it.

An address has one spelling here: no case, the domain as DNS has it.  RFC 5321 leaves the case of the part before the @ to
its owner, but nobody keeps two mailboxes that differ in nothing else.  Only ASCII: an internationalised domain is
written `xn--`, a mailbox whose name needs SMTPUTF8 cannot be registered.

A PIN is kept as scrypt of it under a salt (RFC 7914), so that who reads the table cannot use it at once; six digits are
few all the same, so guesses must be limited by who asks.
"""

import hashlib
import hmac
import re

from tectonics.domain.errors import TheirFault
from tectonics.domain.value import value

ADDRESS_MAX = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
LOCAL_MAX = 64
PIN_DIGITS_MIN, PIN_DIGITS_MAX = 6, 12
SALT_OCTETS = 16
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)", re.ASCII)
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.ASCII)
_COST, _BLOCK = 1 << 13, 8  # 8 MiB and some 20 ms a guess


class BadAddress(TheirFault):
    """Not an e-mail address that could be registered."""


@value
class Mailbox:
    """An address of a subscriber. `generation` is that of his number when it was registered."""

    address: str
    msisdn: str
    generation: int
    pin: str  # hashed; empty: none
    verified_at: int


def fold_address(text: str) -> str:
    """The one spelling of an address; BadAddress when it is none.

    >>> fold_address("Ann.Lee@Mail.Example")
    'ann.lee@mail.example'
    """
    found = _ADDRESS.fullmatch(text) if len(text) <= ADDRESS_MAX else None
    if found is None or len(found["local"]) > LOCAL_MAX:
        raise BadAddress("an e-mail address such as ann@example.com is expected")
    return text.lower()


def is_domain(text: str) -> bool:
    """Whether it could be the domain of an address."""
    return len(text) <= ADDRESS_MAX and _DOMAIN.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """Of a folded address."""
    return address.rpartition("@")[2]


def mask_address(address: str) -> str:
    """For the log: who it is stays out of it.

    >>> mask_address("ann.lee@mail.example")
    'a...@mail.example'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}...@{domain}"


def check_pin(pin: str) -> str:
    """The PIN; TheirFault unless it has as many digits as it must."""
    if not (pin.isascii() and pin.isdigit() and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX):
        raise TheirFault(f"a PIN has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits")
    return pin


def hash_pin(pin: str, salt: bytes) -> str:
    """What is kept of a PIN; takes some 20 ms of a processor."""
    digest = hashlib.scrypt(pin.encode("ascii"), salt=salt, n=_COST, r=_BLOCK, p=1, dklen=32)
    return f"scrypt${salt.hex()}${digest.hex()}"


NOBODYS_PIN = f"scrypt${'00' * SALT_OCTETS}${'00' * 32}"  # no PIN has it; compared where there is none


def is_pin(pin: str, kept: str) -> bool:
    """Whether it is the PIN of which `kept` is kept; takes as long either way, also where nothing is kept."""
    salt = bytes.fromhex((kept or NOBODYS_PIN).split("$")[1])
    return hmac.compare_digest(hash_pin(pin, salt), kept or NOBODYS_PIN)
