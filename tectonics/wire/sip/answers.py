"""Responses made of requests (RFC 3261, section 8.2.6), and the phrases of statuses (section 21)."""

from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.text import BadText

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress", 200: "OK",
    202: "Accepted", 301: "Moved Permanently", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    408: "Request Timeout", 410: "Gone", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 422: "Session Interval Too Small", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 504: "Server Time-out",
    505: "Version Not Supported", 513: "Message Too Large", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable"}


def answer(request: Request, status: int, tag: str = "", headers: tuple[tuple[str, str], ...] = (),
           body: bytes = b"", reason: str = "") -> Response:
    """The response to a request; `tag` is put into To where it has none and the status is not 100."""
    kept = [("Via", value) for value in request.lines("Via")]
    kept += [(name, request.header(name)) for name in ("From", "To", "Call-ID", "CSeq") if request.header(name)]
    if 100 < status < 300:
        kept += [("Record-Route", value) for value in request.lines("Record-Route")]
    if tag and status > 100 and not _has_tag(request):
        kept = [(name, f"{value};tag={tag}" if name == "To" else value) for name, value in kept]
    return Response(status, reason or REASONS.get(status, "Answer"), (*kept, *headers), body)


def _has_tag(request: Request) -> bool:
    try:
        return bool(request.to.tag)
    except BadText:
        return True  # it is answered as malformed, and what cannot be read is left as it came


