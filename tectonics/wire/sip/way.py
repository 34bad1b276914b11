"""The way back of a response: what a server notes in the topmost Via, and where its answer goes.

The address that a request came from is noted (`received`) where the Via names another, and its port where the client
asks for that (`rport`, RFC 3581); the answer goes to that address in any case, to the noted port or to the one that
the Via names (RFC 3261, section 18.2.2; RFC 3581, section 4).  `maddr` is not followed: nobody is answered at an
address that he does not send from, so that we cannot be used to reach a third.
"""

from tectonics.wire.sip.message import Request
from tectonics.wire.sip.text import split
from tectonics.wire.sip.values import Via

PORT = 5060  # of SIP over UDP and TCP (RFC 3261, section 19.1.2)


def arrived(request: Request, host: str, port: int) -> Request:
    """The request with the address that it came from in its topmost Via."""
    via = request.vias[0]
    if "rport" not in via.parameters and via.host.strip("[]") == host and "received" not in via.parameters:
        return request
    headers = list(request.headers)
    place = next(at for at, (name, _) in enumerate(headers) if name == "Via")
    first, *others = split(headers[place][1], ",")
    headers[place] = "Via", ", ".join([_noted(first, host, port), *others])
    return request.with_(tuple(headers))


def _noted(text: str, host: str, port: int) -> str:
    sent, *rest = split(text, ";")
    kept = [(part, part.partition("=")[0].strip().lower()) for part in rest]
    told = [f"rport={port}" if name == "rport" else part for part, name in kept if name != "received"]
    return ";".join([sent, *told, f"received={host}"])


def back(via: Via, host: str, port: int) -> tuple[str, int]:
    """Where a datagram's answer goes; (host, port) is where it came from."""
    return host, port if "rport" in via.parameters else via.port or PORT
