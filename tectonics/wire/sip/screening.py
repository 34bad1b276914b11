"""What a user agent refuses before it looks at what is asked (RFC 3261, section 8.2).

In the order of that section: the method, the headers, the extensions that are required.  A Max-Forwards of 0 is
no reason: it forbids to pass a request on, and here it has arrived (RFC 4475 asks that of an endpoint).
"""

from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.text import BadText

FORWARDS_MAX = 255  # section 20.22


def refusal(request: Request, allowed: tuple[str, ...], tag: str, extensions: frozenset[str] = frozenset()) -> Response | None:
    """The answer to a request that cannot be served; None where it can. `extensions` are those that we have."""
    if request.method not in allowed:
        return answer(request, 405, tag, (("Allow", ", ".join(allowed)),))
    forwards = request.header("Max-Forwards")
    if forwards is not None and not _is_forwards(forwards):
        return answer(request, 400, tag, reason="Bad Max-Forwards")
    try:
        unknown = [option for option in request.all("Require") if option.lower() not in extensions]
    except BadText:
        return answer(request, 400, tag, reason="Bad Require")
    if unknown and request.method != "CANCEL":
        return answer(request, 420, tag, (("Unsupported", ", ".join(unknown)),))
    return None


def _is_forwards(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= FORWARDS_MAX
