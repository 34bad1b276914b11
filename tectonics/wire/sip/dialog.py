"""A dialog: two ends, the order of their requests, and the way between them (RFC 3261, section 12).

`early` until a 2xx; the remote target follows every Contact of a target refresh; the route set never changes once
the dialog is confirmed.
"""

from tectonics.wire.sip.message import Message, Request, Response
from tectonics.wire.sip.values import Address, parse_address

MAX_FORWARDS = 70


class OutOfOrder(ValueError):
    """A request whose CSeq is not above the last one's (section 12.2.2): it is answered 500."""


class Dialog:
    """One end of it, ours."""

    def __init__(self, call_id: str, local: Address, remote: Address, target: str, routes: tuple[str, ...],
                 local_number: int, remote_number: int | None, early: bool) -> None:
        self.call_id, self.local, self.remote = call_id, local, remote
        self.target, self.routes = target, routes
        self.early = early
        self._local_number, self._remote_number = local_number, remote_number

    @classmethod
    def of_response(cls, request: Request, response: Response) -> "Dialog":
        """Of a response to our INVITE, that has a tag and a Contact (section 12.1.2)."""
        routes = tuple(reversed(response.all("Record-Route")))
        return cls(request.call_id, request.sender, response.to, _target(response, request.uri), routes,
                   request.cseq.number, None, not response.final)

    @classmethod
    def of_request(cls, request: Request, response: Response) -> "Dialog":
        """Of a peer's INVITE and the response that we give (section 12.1.1)."""
        return cls(request.call_id, response.to, request.sender, _target(request, str(request.sender.uri)),
                   tuple(request.all("Record-Route")), 0, request.cseq.number, not response.final)

    @property
    def id(self) -> tuple[str, str, str]:
        """Call-ID, our tag, the other's tag."""
        return self.call_id, self.local.tag, self.remote.tag

    @property
    def local_number(self) -> int:
        """The CSeq number of our last request."""
        return self._local_number

    def confirmed(self, response: Response) -> None:
        """A 2xx to our INVITE: the route set is that of the response (section 13.2.2.4)."""
        if self.early:
            self.routes = tuple(reversed(response.all("Record-Route")))
        self.early = False
        self.target = _target(response, self.target)

    def refreshed(self, message: Message) -> None:
        """A re-INVITE or UPDATE, or the 2xx to one, says where the other end is now."""
        self.target = _target(message, self.target)

    def check(self, request: Request) -> None:
        """Takes the number of a peer's request; OutOfOrder. ACK and CANCEL have those of their INVITE."""
        if request.method in ("ACK", "CANCEL"):
            return
        if self._remote_number is not None and request.cseq.number <= self._remote_number:
            raise OutOfOrder(f"CSeq {request.cseq.number} after {self._remote_number}")
        self._remote_number = request.cseq.number

    def request(self, method: str, via: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Request:
        """Our next request within it; an ACK has its INVITE's number, so give that by `acknowledge`."""
        self._local_number += 1
        return self._made(method, self._local_number, via, headers, body)

    def acknowledge(self, invite: Request, via: str, headers: tuple[tuple[str, str], ...] = (),
                    body: bytes = b"") -> Request:
        """The ACK of a 2xx to that INVITE (section 13.2.2.4)."""
        return self._made("ACK", invite.cseq.number, via, headers, body)

    def _made(self, method: str, number: int, via: str, headers, body: bytes) -> Request:
        uri, routes = self._way()
        whole = [("Via", via), *(("Route", route) for route in routes), ("Max-Forwards", str(MAX_FORWARDS)),
                 ("From", str(self.local)), ("To", str(self.remote)), ("Call-ID", self.call_id),
                 ("CSeq", f"{number} {method}"), *headers]
        return Request(method, uri, tuple(whole), body)

    def _way(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and routes; the first route may be a strict router (section 12.2.1.1)."""
        if not self.routes:
            return self.target, ()
        first = parse_address(self.routes[0])
        if "lr" in first.uri.parameters:
            return self.target, self.routes
        return str(first.uri), (*self.routes[1:], f"<{self.target}>")


def _target(message: Message, otherwise: str) -> str:
    contacts = message.addresses("Contact")
    return str(contacts[0].uri) if contacts else otherwise
