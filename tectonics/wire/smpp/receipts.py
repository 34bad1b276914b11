"""Delivery receipts: what became of a message, in the text form and in parameters (SMPP 3.4 appendix B).

The text form is of every message centre's own:

    id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E text:...

so that the fields are taken in any order and case, some may be missing, and `text`, which is the subscriber's or
ours, is only read where the rest has not said what matters.  The parameters receipted_message_id, message_state and
network_error_code go before the text.

A message id is the centre's, and many write it one way in submit_sm_resp and another way in the receipt: hexadecimal
and decimal, with zeros in front or without.  `canonical` makes one spelling of both where the peer's is known,
`candidates` says what else a receipt's id may be where it is not.
"""

import re

from msgspec import Struct

from tectonics.domain.errors import BadMessage
from tectonics.wire.data_coding import UCS2, read
from tectonics.wire.smpp.pdus import DataSm, ShortMessage, message_octets
from tectonics.wire.smpp.tlvs import NetworkError, Tag

# esm_class, section 5.2.12: bits 5 to 2
_TYPE, _RECEIPT, _INTERMEDIATE = 0x3C, 0x04, 0x20

ENROUTE, DELIVERED, EXPIRED, DELETED, UNDELIVERABLE, ACCEPTED, UNKNOWN, REJECTED = (
    "enroute", "delivered", "expired", "deleted", "undeliverable", "accepted", "unknown", "rejected")
FINAL = frozenset({DELIVERED, EXPIRED, DELETED, UNDELIVERABLE, REJECTED})
_BY_NUMBER = dict(enumerate((ENROUTE, ENROUTE, DELIVERED, EXPIRED, DELETED, UNDELIVERABLE, ACCEPTED, UNKNOWN, REJECTED,
                             UNDELIVERABLE)))  # 0 scheduled and 9 skipped are of 5.0
# The seven letters of the specification, or as many more as a centre likes to write.
_BY_WORD = {"ENROUTE": ENROUTE, "DELIV": DELIVERED, "EXPIRED": EXPIRED, "DELETED": DELETED, "UNDEL": UNDELIVERABLE,
            "FAIL": UNDELIVERABLE, "ACCEPT": ACCEPTED, "ACKED": ACCEPTED, "UNKNOWN": UNKNOWN, "REJECT": REJECTED,
            "SCHED": ENROUTE, "BUFF": ENROUTE, "SKIP": UNDELIVERABLE}

_NAMES = r"id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text"
_FIELD = re.compile(rf"\b({_NAMES})[ \t]*:[ \t]*((?!(?:{_NAMES})[ \t]*:)\S*)", re.IGNORECASE)
_TEXT = re.compile(r"\btext[ \t]*:", re.IGNORECASE)
_HEXADECIMAL = re.compile("[0-9a-fA-F]{1,32}").fullmatch
_DECIMAL = re.compile("[0-9]{1,38}").fullmatch


class Receipt(Struct, frozen=True):
    """What became of the message `id`."""

    id: str
    state: str
    error: str = ""  # the centre's own code
    network: NetworkError | None = None
    done: str = ""  # as the centre wrote it
    intermediate: bool = False  # a final one follows


def receipt_of(pdu: ShortMessage | DataSm) -> Receipt | None:
    """The receipt that a deliver_sm or data_sm is; None when it is a subscriber's message.

    BadMessage when it is one, but does not say of which message: it must not be taken for a subscriber's.
    """
    kind = pdu.esm_class & _TYPE
    id = pdu.tlv(Tag.RECEIPTED_MESSAGE_ID)
    if kind not in (_RECEIPT, _INTERMEDIATE) and id is None:
        return None
    said = fields(_text(pdu))
    id = id or said.get("id", "")
    if not id:
        raise BadMessage("a delivery receipt without the id of its message")
    state, intermediate = pdu.tlv(Tag.MESSAGE_STATE), kind == _INTERMEDIATE
    return Receipt(id, state_of(said.get("stat", "")) if state is None else _BY_NUMBER.get(state, UNKNOWN),
                   said.get("err", ""), pdu.tlv(Tag.NETWORK_ERROR_CODE), said.get("donedate", ""), intermediate)


def fields(text: str) -> dict[str, str]:
    """The fields of the text form, by their names in small letters without blanks; a name's first value counts.

    >>> fields("id:12 stat:DELIVRD err:000 Text:id:99")
    {'id': '12', 'stat': 'DELIVRD', 'err': '000'}
    """
    begins = _TEXT.search(text)
    found = _fields(text[:begins.start()] if begins else text)
    return found if begins is None or {"id", "stat"} <= found.keys() else _fields(text[begins.end():]) | found


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        found.setdefault(re.sub("[ _]", "", name.lower()), value)
    return found


def state_of(word: str) -> str:
    """The state that a word of the text form means, in any of its spellings.

    >>> state_of("DELIVRD"), state_of("Delivered"), state_of("")
    ('delivered', 'delivered', 'unknown')
    """
    upper = word.upper()
    return next((state for prefix, state in _BY_WORD.items() if upper.startswith(prefix)), UNKNOWN)


def canonical(id: str, spelling: str = "text") -> str:
    """One spelling of an id that its peer writes as `text`, `decimal` or `hexadecimal`.

    A number becomes decimal digits, so that both sides of a centre that mixes them agree; text only loses its blanks
    and the zeros in front of a number.  An id that is not what it is said to be is taken as text.

    >>> canonical("00001a2b", "hexadecimal"), canonical("0000006699", "decimal"), canonical("00-1")
    ('6699', '6699', '00-1')
    """
    id = id.strip()
    if spelling == "hexadecimal" and _HEXADECIMAL(id):
        return str(int(id, 16))
    if spelling == "decimal" and _DECIMAL(id):
        return str(int(id))
    return (id.lstrip("0") or "0").lower() if _HEXADECIMAL(id) else id


def candidates(id: str) -> tuple[str, ...]:
    """What the id of a receipt may be under `canonical(..., "text")`, the likeliest first.

    The second and third are of a centre that writes hexadecimal in one place and decimal in the other; they are
    only to be believed when the first finds nothing and they find exactly one message.

    >>> candidates("0000006699")
    ('6699', '1a2b', '26265')
    """
    id = id.strip()
    spellings = [canonical(id)]
    if _DECIMAL(id):
        spellings.append(f"{int(id):x}")
    if _HEXADECIMAL(id):
        spellings.append(str(int(id, 16)))
    return tuple(dict.fromkeys(spellings))


def _text(pdu: ShortMessage | DataSm) -> str:
    alphabet, octets = read(message_octets(pdu), pdu.data_coding)
    return octets.decode("utf-16-be" if alphabet == UCS2 else "latin-1", "replace")
