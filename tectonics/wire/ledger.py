"""The protocol of a ledger that is a process of its own: one JSON object a line, both ways.

The server greets with what it can do (`Hello`).  A request carries a number `n`; its answer carries
the same, and answers come in any order.  A credit, debit, reservation or settlement carries `until_at`:
after that moment the server refuses it, so that a write which its sender has given up cannot happen
later.  Every field has its bound in its type; what does not fit is a BadMessage.

Bounds: REQUEST_BYTES_MAX and ANSWER_BYTES_MAX a line.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from tectonics.domain.errors import BadMessage

VERSION = 1
REQUEST_BYTES_MAX = 4096
ANSWER_BYTES_MAX = 1024 * 1024

Number = Annotated[int, Meta(ge=0, le=2**53)]
Minor = Annotated[int, Meta(ge=-(10**15), le=10**15)]
At = Annotated[int, Meta(ge=0, le=2**53)]
Msisdn = Annotated[str, Meta(pattern=r"^[1-9][0-9]{6,14}\Z")]
Op = Annotated[str, Meta(max_length=300)]
Session = Annotated[str, Meta(min_length=1, max_length=300)]
Word = Annotated[str, Meta(max_length=64)]


class Request(Struct, tag_field="do", frozen=True):
    """What every request has."""

    n: Number


class AskBalance(Request, tag="balance"):
    """What is available of the main balance: answered Amount or Unavailable."""

    msisdn: Msisdn


class AskCovers(Request, tag="covers"):
    """Whether at least that much of the main balance is available: answered Value or Unavailable."""

    msisdn: Msisdn
    amount_minor: Minor


class AskCredit(Request, tag="credit"):
    """Answered Done, Refused or Unknown."""

    op: Op
    msisdn: Msisdn
    amount_minor: Minor
    currency: Word
    until_at: At
    balance_type: Word = "main"
    valid_s: Number = 0


class AskDebit(Request, tag="debit"):
    """Answered Done, Refused or Unknown."""

    op: Op
    msisdn: Msisdn
    amount_minor: Minor
    currency: Word
    until_at: At


class AskReserve(Request, tag="reserve"):
    """Answered Done, Refused or Unknown."""

    op: Op
    msisdn: Msisdn
    amount_minor: Minor
    currency: Word
    until_at: At
    session: Session
    valid_s: Number


class AskSettle(Request, tag="settle"):
    """Answered Done, Refused or Unknown."""

    op: Op
    msisdn: Msisdn
    amount_minor: Minor
    currency: Word
    until_at: At
    session: Session


class AskLookUp(Request, tag="look_up"):
    """Answered Done, Refused, Unknown or NotFound."""

    op: Op
    msisdn: Msisdn


class AskPost(Request, tag="post"):
    """An entry of a till or a feed, never done twice: answered Done, Refused or Unknown."""

    msisdn: Msisdn
    op: Op
    kind: Literal["credit", "debit", "recharge", "reversal", "spend"]
    at: At
    source: Op
    amount_minor: Minor = 0
    currency: Word = ""
    recharge_class: Word = ""
    ref: Op = ""


class AskOpen(Request, tag="open"):
    """Opens an account: answered Value, false when there is one."""

    msisdn: Msisdn
    currency: Word
    at: At
    kind: Word = "prepaid"
    balance_minor: Minor = 0
    activated_at: At = 0
    blocked: bool = False


class AskAccount(Request, tag="account"):
    """Answered Value: the account, or null."""

    msisdn: Msisdn


class AskMovements(Request, tag="movements"):
    """Answered Value: the newest movements of an account."""

    msisdn: Msisdn
    limit: Number


class AskMovementsAfter(Request, tag="movements_after"):
    """Answered Value: everybody's movements, or only the till's, after a position."""

    position: Number
    limit: Number
    till: bool = False


class AskFaults(Request, tag="faults"):
    """Answered Value: the faults in force after these changes."""

    changes: dict[Word, Any] = {}


class Answer(Struct, tag_field="is", frozen=True):
    """What every answer has."""

    n: Number


class Hello(Struct, tag_field="is", tag="hello", frozen=True):
    """The first line of the server."""

    version: int
    deduplicates: bool
    window_s: int
    readable_back: bool
    tells_balance: bool
    sessions: bool = False  # a server of before cannot reserve and settle


class Done(Answer, tag="done"):
    """It happened."""

    ref: str = ""
    balance_minor: int | None = None


class Refused(Answer, tag="refused"):
    """It certainly did not happen."""

    reason: str
    text: str = ""


class Unknown(Answer, tag="unknown"):
    """Nobody can say."""

    text: str = ""


class NotFound(Answer, tag="not_found"):
    """It was never done."""


class Amount(Answer, tag="amount"):
    """A balance and its time."""

    amount_minor: int
    at: int


class Unavailable(Answer, tag="unavailable"):
    """No answer to an enquiry."""

    text: str = ""


class Value(Answer, tag="value"):
    """Plain data."""

    value: Any = None


class Fault(Answer, tag="fault"):
    """The request was not served; `n` is 0 where it could not be read. `family`: theirs, busy, ours."""

    family: Word
    text: str


_REQUESTS = (AskBalance | AskCovers | AskCredit | AskDebit | AskReserve | AskSettle | AskLookUp | AskPost | AskOpen
             | AskAccount | AskMovements | AskMovementsAfter | AskFaults)
_ANSWERS = Hello | Done | Refused | Unknown | NotFound | Amount | Unavailable | Value | Fault
_ENCODER = msgspec.json.Encoder()
_REQUEST = msgspec.json.Decoder(_REQUESTS)
_ANSWER = msgspec.json.Decoder(_ANSWERS)


def encode(message: Request | Answer | Hello) -> bytes:
    """The line of a message, with its line feed."""
    return _ENCODER.encode(message) + b"\n"


def decode_request(line: bytes | None) -> Request:
    """The request that a line of `Lines(REQUEST_BYTES_MAX)` holds; BadMessage when it holds none."""
    return _decode(_REQUEST, line, "request")


def decode_answer(line: bytes | None) -> Answer | Hello:
    """The answer that a line of `Lines(ANSWER_BYTES_MAX)` holds; BadMessage when it holds none."""
    return _decode(_ANSWER, line, "answer")


def _decode(decoder: msgspec.json.Decoder, line: bytes | None, what: str):
    if line is None:
        raise BadMessage(f"the {what} is too long")
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        told = "".join(c if c.isprintable() else "?" for c in str(error)[:120])  # it may quote the line
        raise BadMessage(f"not a {what} of the ledger: {told}") from None
