"""SIP, SIPS and TEL URIs (RFC 3261, section 19.1; RFC 3966).

Only what routing and numbers need is taken apart; what is not understood is an error and never guessed.
"""

import re
from urllib.parse import unquote

from msgspec import Struct, field

from tectonics.wire.sip.text import BadText, parameters, shown

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?)(?::(?P<port>\d{1,5}))?", re.ASCII)
_USER = re.compile(r"[^\s<>@\"\x00-\x1f\x7f]*")
_SEPARATORS = str.maketrans("", "", "-.() ")


class UnknownScheme(BadText):
    """A URI of a kind that is not ours."""


class Uri(Struct, frozen=True):
    """`user` stands without its escapes; a tel URI has its number there and no host."""

    scheme: str
    user: str = ""
    host: str = ""
    port: int = 0  # 0: the default of the scheme and transport
    parameters: dict[str, str] = field(default_factory=dict)
    user_parameters: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.scheme == "tel":
            return f"tel:{self.user}{shown(self.parameters)}"
        user = _escaped(self.user) + shown(self.user_parameters) + "@" if self.user else ""
        return f"{self.scheme}:{user}{place(self.host, self.port)}{shown(self.parameters)}"

    @property
    def number(self) -> str:
        """The telephone number that it names, digits with or without `+`; empty where it names none."""
        digits = self.user.translate(_SEPARATORS)
        return digits if re.fullmatch(r"\+?[0-9]{1,32}", digits, re.ASCII) else ""


def parse_uri(text: str) -> Uri:
    """The URI; BadText where it is none, UnknownScheme where it is none of ours."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon:
        raise BadText("a URI has no scheme")
    if scheme not in ("sip", "sips", "tel"):
        raise UnknownScheme("the scheme of a URI must be sip, sips or tel")
    if scheme == "tel":
        number, *rest_parameters = rest.split(";")
        if not number or not _USER.fullmatch(number):
            raise BadText("a tel URI has no number")
        return Uri(scheme, number, parameters=parameters(rest_parameters))
    rest, _, _ = rest.partition("?")  # headers in a URI are never followed
    user, found, behind = rest.rpartition("@")
    if found and not _USER.fullmatch(user):
        raise BadText("the user of a URI is not well formed")
    where, *rest_parameters = behind.split(";")
    host, port = parse_place(where)
    name, *user_parameters = user.partition(":")[0].split(";")
    return Uri(scheme, unquote(name, errors="surrogateescape"), host, port, parameters(rest_parameters),
               parameters(user_parameters))


def parse_place(text: str) -> tuple[str, int]:
    """(host, port) of `host`, `host:port` or `[v6]:port`; port 0 where none is named."""
    found = _HOST.fullmatch(text.strip())
    if found is None or int(found["port"] or 0) > 65_535:
        raise BadText("a host or its port is not well formed")
    return found["host"].lower(), int(found["port"] or 0)


def place(host: str, port: int) -> str:
    """Host and port as they are written."""
    return f"{host}:{port}" if port else host


def _escaped(user: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() or c in "-_.!~*'()&=+$,/" else
                   "".join(f"%{octet:02X}" for octet in c.encode("utf-8", "surrogateescape")) for c in user)
