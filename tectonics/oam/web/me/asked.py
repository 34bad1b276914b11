"""What a request of a page tells: from where it comes, over what, its cookies and fields, and whether a page of ours sent it.

A form is taken only with a token that was made for the sender's own cookie, and from this site as far as the
browser says (Fetch Metadata, RFC 6454): another site can read neither, nor set the cookie.  Old browsers that say
nothing have the token still.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import parse_qsl, urlsplit

from tectonics.domain.errors import TheirFault
from tectonics.oam.web.request import WebRequest

FORM_BYTES_MAX, FIELDS_MAX = 4096, 12
_FORM = b"application/x-www-form-urlencoded"
_UNKNOWN = "unknown"


class Fronts:
    """The proxies that are believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(one) for one in networks]

    def source(self, request: WebRequest) -> str:
        """Who asks, for counting: an IPv4 address, or the /64 that a subscriber has of IPv6."""
        address = _address(getattr(request.getClientAddress(), "host", ""))
        forwarded = (request.getHeader(b"x-forwarded-for") or b"").decode("latin-1").split(",")
        while address is not None and self._is_ours(address) and forwarded:
            address = _address(forwarded.pop().strip()) or address
        if isinstance(address, IPv6Address):
            mapped = address.ipv4_mapped
            return str(mapped or IPv6Network((address, 64), strict=False))
        return str(address or _UNKNOWN)

    def is_secure(self, request: WebRequest) -> bool:
        """Whether it came over TLS, to us or to a proxy that is believed."""
        address = _address(getattr(request.getClientAddress(), "host", ""))
        believed = address is not None and self._is_ours(address)
        return request.isSecure() or believed and request.getHeader(b"x-forwarded-proto") == b"https"

    def _is_ours(self, address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str):
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def fields(request: WebRequest) -> dict[str, str]:
    """The fields of a form; TheirFault when it is none, or one of them stands there twice."""
    kind = (request.getHeader(b"content-type") or b"").partition(b";")[0].strip().lower()
    body = request.content.read(FORM_BYTES_MAX + 1)
    if kind != _FORM or len(body) > FORM_BYTES_MAX:
        raise TheirFault("that is no form of a page")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise TheirFault("that is no form of a page") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TheirFault("a field stands in the form twice")
    return found


def cookie(request: WebRequest, name: str) -> str:
    """The value of a cookie; empty when it was not sent."""
    return (request.getCookie(name.encode()) or b"").decode("latin-1")[:128]


def is_from_here(request: WebRequest) -> bool:
    """Whether nothing says that another site sent it."""
    site, origin = request.getHeader(b"sec-fetch-site"), request.getHeader(b"origin")
    if site is not None and site != b"same-origin":
        return False
    return origin is None or _host_of(origin) == (request.getHeader(b"host") or b"").lower()


def _host_of(origin: bytes) -> bytes | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


class Tokens:
    """Tokens of forms: one for each cookie, made anew by each process."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, cookie: str) -> str:
        """The token that stands in the forms of this cookie's owner."""
        return hmac.new(self._key, cookie.encode(), sha256).hexdigest()[:32]

    def fits(self, cookie: str, token: str) -> bool:
        """Whether it is that token; no cookie has none."""
        return bool(cookie) and hmac.compare_digest(self.of(cookie).encode(), token.encode())
