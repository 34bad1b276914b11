"""The syntax of SMTP: MAIL and RCPT with their parameters, replies, and mail as it lies on the wire (RFC 5321).

A line ends with CR LF and nothing else; a lone CR or LF is an error wherever it stands, because two servers that
disagree about it read two mails where one was sent.  Paths are addresses in angle brackets, without routes.
"""

import re

from msgspec import Struct

from tectonics.domain.errors import BadMessage

PATH_MAX = 256  # octets, section 4.5.3.1.3
REPLY_LINES_MAX = 50
TEXT_MAX = 400  # characters of a reply that are kept
_PATH = re.compile(r"(?P<word>FROM|TO):[ ]?<(?P<path>[!-;=?-~]*)>(?P<more>(?:[ ]+[!-~]+)*)[ ]*", re.IGNORECASE | re.ASCII)
_REPLY = re.compile(r"([2-5][0-9]{2})([ -]|$)(.*)", re.ASCII)
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Reply(Struct, frozen=True):
    """An answer: its code, and a text that begins with the enhanced code (RFC 3463)."""

    code: int
    text: str

    def encode(self) -> bytes:
        """As it goes over the wire; whatever the text holds, it stays one line."""
        plain = "".join(c if " " <= c <= "~" else "?" for c in self.text[:TEXT_MAX])
        return f"{self.code} {plain}\r\n".encode("ascii")

    @property
    def is_temporary(self) -> bool:
        """Whether the same may succeed later."""
        return 400 <= self.code < 500


def parse_path(text: str, word: str) -> tuple[str, dict[str, str]]:
    """The address and the parameters of `FROM:<ann@example.com> SIZE=100`; `word` is FROM or TO. Empty: `<>`."""
    found = _PATH.fullmatch(text)
    if found is None or found["word"].upper() != word or len(found["path"]) > PATH_MAX:
        raise BadMessage(f"{word}:<address> is expected")
    pairs = (one.partition("=") for one in found["more"].split())
    return found["path"], {name.upper(): value for name, _, value in pairs}


def parse_reply(lines: list[str]) -> Reply | None:
    """The reply of these lines; None until its last has come. BadMessage when they are none."""
    found = [_REPLY.fullmatch(line) for line in lines]
    if None in found or len({one[1] for one in found}) > 1 or len(lines) > REPLY_LINES_MAX:
        raise BadMessage("not a reply of SMTP")
    if not found or found[-1][2] == "-":
        return None
    return Reply(int(found[0][1]), " ".join(one[3] for one in found)[:TEXT_MAX])


def extensions(lines: list[str]) -> dict[str, str]:
    """What a reply to EHLO offers: keyword -> its parameters."""
    offered = (line[4:].strip().partition(" ") for line in lines[1:])
    return {name.upper(): more for name, _, more in offered}


def has_lone_ends(mail: bytes) -> bool:
    """Whether a CR or LF stands alone in it."""
    return _LONE.search(mail) is not None


def stuffed(mail: bytes) -> bytes:
    """A mail as DATA takes it: lines end with CR LF, a dot before each dot that begins one, the last dot included."""
    text = b"\r\n" + _LINE_END.sub(b"\r\n", mail)
    text = text.replace(b"\r\n.", b"\r\n..")
    return text[2:] + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")
