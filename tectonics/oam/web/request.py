"""The HTTP shell around every page and answer of the web port (RFC 9110, RFC 9112).

What is larger than BODY_BYTES_MAX is read off and answered 413, so that the sender sees the answer
and not a reset; beyond READ_OFF_BYTES_MAX the connection is closed.  Connections are bounded by
CONNECTIONS_MAX (one more is closed at once and counted as shed), an idle one is closed after
IDLE_S.  Every answer carries the security headers; no answer ever carries a traceback.
"""

from io import BytesIO
from urllib.parse import unquote_to_bytes

from klein import Klein
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from tectonics.oam.admin.shown import json
from tectonics.ports import Clock, Metrics

BODY_BYTES_MAX = 512 * 1024  # a whole policy document takes a tenth of it
READ_OFF_BYTES_MAX = 32 * 1024 * 1024
CONNECTIONS_MAX = 500
IDLE_S = 60
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE")
OTHER = "other"  # the path label of what no route serves, so that strangers cannot fill the registry

HEADERS = {
    b"Server": b"tectonics",
    b"Cache-Control": b"no-store",
    b"Content-Security-Policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                b"connect-src 'self'; form-action 'self'; base-uri 'none'; "
                                b"frame-ancestors 'none'",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Permissions-Policy": b"camera=(), geolocation=(), microphone=()",
    b"Referrer-Policy": b"no-referrer",
    b"X-Content-Type-Options": b"nosniff",
    b"X-Frame-Options": b"DENY",
}


class WebRequest(Request):
    """A request whose body is kept in memory up to the bound and thrown away beyond it."""

    route = OTHER
    too_large = False
    _body_bytes = 0

    def gotLength(self, length: int | None) -> None:
        """Twisted has read the headers."""
        self.content = BytesIO()
        self.too_large = length is not None and length > BODY_BYTES_MAX

    def handleContentChunk(self, data: bytes) -> None:
        """Twisted has read a part of the body."""
        self._body_bytes += len(data)
        if self._body_bytes > READ_OFF_BYTES_MAX:
            self.channel.loseConnection()
        elif self.too_large or self._body_bytes > BODY_BYTES_MAX:
            self.too_large = True
            self.content = BytesIO()
        else:
            self.content.write(data)


def answer_json(request: Request, value: object, status: int = 200) -> bytes:
    """Sets status and type; the bytes of the answer."""
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"application/json")
    return json(value)


def answer_error(request: Request, status: int, text: str) -> bytes:
    """One sentence that says why not."""
    return answer_json(request, {"error": text}, status)


class Shell(Resource):
    """The root: refuses what no route should see, dresses, counts and times every answer."""

    isLeaf = True

    def __init__(self, app: Klein, metrics: Metrics, clock: Clock) -> None:
        super().__init__()
        self._inner = app.resource()
        self._metrics, self._clock = metrics, clock

    def render(self, request: WebRequest):
        """Answers one request."""
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        request.notifyFinish().addBoth(lambda _, began_s: self._count(request, began_s), self._clock.seconds())
        refusal = _refusal(request)
        if refusal is not None:
            body = answer_error(request, *refusal)
            if request.too_large:
                request.setHeader(b"Connection", b"close")
                request.channel.persistent = False
            request.write(body)
            request.finish()
            return NOT_DONE_YET
        return self._inner.render(request)

    def _count(self, request: WebRequest, began_s: float) -> None:
        self._metrics.count("tectonics_http_requests_total", request.route, str(request.code))
        self._metrics.observe("tectonics_http_request_seconds", max(0.0, self._clock.seconds() - began_s), request.route)


def _refusal(request: WebRequest) -> tuple[int, str] | None:
    if request.too_large:
        return 413, f"the body is larger than {BODY_BYTES_MAX // 1024} KiB"
    if request.method not in METHODS:
        return 405, "the methods served are GET, HEAD, POST, PUT and DELETE"
    try:
        unquote_to_bytes(request.path).decode()
    except UnicodeDecodeError:
        return 400, "the address is not UTF-8"
    if not _is_host(request.getRequestHostname()):
        return 400, "the header Host names no host"
    if not request.path.startswith(b"/"):
        return 400, "the address must begin with /"
    return None


def _is_host(name: bytes) -> bool:
    """As the router takes it: ASCII, of labels that DNS could have (RFC 1035 section 2.3.4)."""
    try:
        name.decode("ascii").partition(":")[0].encode("idna")
    except UnicodeError:
        return False
    return True


class WebSite(Site):
    """The listener, without an access log."""

    noisy = False

    def __init__(self, root: Resource, metrics: Metrics, clock: Clock) -> None:
        super().__init__(root, WebRequest, parsePOSTFormSubmission=False, timeout=IDLE_S, reactor=clock)
        self._metrics = metrics
        self._connections = 0

    def startFactory(self) -> None:
        """Opens no log and keeps no timer."""

    def stopFactory(self) -> None:
        """Has nothing to close."""

    def log(self, request: Request) -> None:
        """Writes nothing: the counters tell what is asked."""

    def buildProtocol(self, addr):
        """One connection, unless there are too many."""
        if self._connections >= CONNECTIONS_MAX:
            self._metrics.count("tectonics_shed_total", "web")
            return None
        protocol = super().buildProtocol(addr)
        closed = protocol.connectionLost

        def connection_lost(reason) -> None:
            self._connections -= 1
            closed(reason)

        protocol.connectionLost = connection_lost
        self._connections += 1
        return protocol
