"""Octets become a mail: its header fields as they came, its sender, its subject, and its first line of text.

The standard library parses; before it does, what would cost it more than it is worth is refused: long lines, many
fields, many parts, and fields about the content, of any part, that are long (their parameters take quadratic time).  A field that there may be once (RFC 5322, section 3.6) and is there twice is
refused too, because who checks a signature and who reads might look at different ones.  Of the text nothing is
looked at but the first line that the sender wrote himself.

Bounds: FIELDS_MAX fields, HEAD_MAX octets of them, LINE_MAX of a line, PARTS_MAX parts with a type, BOUNDARIES_MAX lines
that might begin one, TEXT_MAX octets of a text, VALUE_MAX of a field that is parsed.
"""

import codecs
import re
from email import errors, message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from msgspec import Struct

from tectonics.domain.errors import BadMessage
from tectonics.domain.mailbox import BadAddress, fold_address

HEAD_MAX, FIELDS_MAX, LINE_MAX = 64 * 1024, 200, 998  # of a line: RFC 5322, section 2.1.1
PARTS_MAX, BOUNDARIES_MAX = 40, 1000
TEXT_MAX, SHOWN_MAX, VALUE_MAX = 4096, 200, 1000
ONCE = ("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "mime-version",
        "content-type", "content-transfer-encoding")
_FAULTS = (errors.MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r\n]|\r\n[ \t])*)\r\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTENT = re.compile(rb"^content-([a-z-]+)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.MULTILINE | re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>", re.ASCII)
_CHARSETS = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc_[a-z]+|iso2022_jp")
_REPLY = re.compile(r"^(?:\s*(?:re|fwd?|aw|wg|tr|rv|res|sv)\s*:)+\s*", re.IGNORECASE)


class Written(Struct, frozen=True):
    """A mail that can be read; `fields` in their order, names in small letters, values as one line."""

    content: bytes
    fields: tuple[tuple[str, str], ...]
    sender: str  # folded
    message_id: str
    written_at: int | None  # what its Date says, ms; None: nothing
    subject: str
    line: str  # the first of its text

    def all(self, name: str) -> tuple[str, ...]:
        """The values of a field, the topmost first."""
        return tuple(value for one, value in self.fields if one == name)

    def first(self, name: str) -> str:
        """The topmost value of a field; empty when it is not there."""
        return next(iter(self.all(name)), "")


def read(content: bytes) -> Written:
    """The mail; BadMessage says why it cannot be one."""
    fields = split_head(content)
    names = [name for name, _ in fields]
    twice = next((name for name in ONCE if names.count(name) > 1), "")
    if twice:
        raise BadMessage(f"{twice} stands there twice")
    _check_parts(content)
    try:
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        sender = _sender(message, dict(fields))
        subject, line = _plain(str(message.get("subject", "") or "")), _first_line(message)
    except _FAULTS as error:
        raise BadMessage("it cannot be read") from error
    values = dict(fields)
    return Written(content, fields, sender, _message_id(values.get("message-id", "")), _written_at(values.get("date", "")),
                   _REPLY.sub("", subject), line)


def split_head(content: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a mail. BadMessage where the head is not plain (RFC 5322, section 2.2) or too large."""
    head = content[:HEAD_MAX + 4].partition(b"\r\n\r\n")[0] + b"\r\n"
    if len(head) > HEAD_MAX or max(map(len, content.split(b"\r\n"))) > LINE_MAX:
        raise BadMessage("its head or a line is too long")
    if _CONTROL.search(head):
        raise BadMessage("control characters in its head")
    found, at = [], 0
    while at < len(head):
        field = _FIELD.match(head, at)
        if field is None or len(found) >= FIELDS_MAX:
            raise BadMessage("its head cannot be read, or has too many fields")
        value = field[2].replace(b"\r\n", b"").decode("utf-8", "replace").strip()
        found.append((field[1].decode("ascii").lower(), value))
        at = field.end()
    return tuple(found)


def _check_parts(content: bytes) -> None:
    """BadMessage where the parts would cost too much."""
    fields = list(_CONTENT.finditer(content))
    if sum(field[1].lower() == b"type" for field in fields) > PARTS_MAX or content.count(b"\r\n--") > BOUNDARIES_MAX:
        raise BadMessage("too many parts")
    if any(field.end() - field.start() > VALUE_MAX for field in fields):
        raise BadMessage("a field about its content is too long")


def _sender(message: EmailMessage, fields: dict[str, str]) -> str:
    """The address of From: exactly one, as it is written, without a group."""
    if not 0 < len(fields.get("from", "")) <= VALUE_MAX:
        raise BadMessage("From is missing or too long")
    header = message["from"]
    addresses, broken = header.addresses, any(isinstance(one, errors.InvalidHeaderDefect) for one in header.defects)
    if len(addresses) != 1 or broken or any(group.display_name is not None for group in header.groups):
        raise BadMessage("From must name one address")
    try:
        sender = fold_address(addresses[0].addr_spec)
    except BadAddress as error:
        raise BadMessage("From must name one address") from error
    if sender not in fields["from"].lower():  # it must not come from an encoded word
        raise BadMessage("From must name one address")
    return sender


def _message_id(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise BadMessage("it needs a Message-ID")
    return value


def _written_at(value: str) -> int | None:
    try:
        return int(parsedate_to_datetime(value[:100]).timestamp() * 1000)
    except (*_FAULTS, OverflowError, OSError):
        return None


# --- the text

def _first_line(message: EmailMessage) -> str:
    part = next((one for one in message.walk() if _is_text(one)), None)
    if part is None:
        return ""
    octets = part.get_payload(decode=True) or b""
    text = octets[:TEXT_MAX].decode(_charset(part), "replace")
    for line in text.splitlines():
        if line.startswith(("-- ", ">")):
            break
        if line.strip():
            return _plain(line)
    return ""


def _is_text(part: EmailMessage) -> bool:
    return part.get_content_type() == "text/plain" and not part.is_multipart() \
        and part.get_content_disposition() != "attachment"


def _charset(part: EmailMessage) -> str:
    """The charset that it names, if it is one that mails are written in."""
    try:
        name = codecs.lookup(part.get_content_charset("utf-8")).name
    except _FAULTS:
        return "latin-1"
    return name if _CHARSETS.fullmatch(name) else "latin-1"


def _plain(text: str) -> str:
    """One line of characters that can be shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:SHOWN_MAX]).split())
