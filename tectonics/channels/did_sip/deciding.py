"""A call becomes a ring of one subscriber at one of our numbers, or is declined with a reason.

The number is the user part of the Request-URI, as the trunk delivers it: short, national or international.
The ring's id is the call's Call-ID, so that the same call is the same ring, whichever way and however often it comes;
one that is long or not plain stands as its digest.
"""

from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct

from tectonics.channels.did_sip.callers import caller, msisdn_of
from tectonics.wire.sip.message import Request
from tectonics.wire.sip.uri import parse_uri

ID_CHARS_MAX = 80


class Ring(Struct, frozen=True):
    """A subscriber rings at a number of ours."""

    id: str
    msisdn: str
    did: str
    service: str


class Declined(Struct, frozen=True):
    """A call that rings nowhere; `status` 0: what is configured. `result` is a word for the counter."""

    result: str
    status: int = 0


def decide(request: Request, header: str, country_code: str, dids: Mapping[str, str]) -> Ring | Declined:
    """What an INVITE is; `header` tells the caller, `dids` has the service of each number."""
    did = _did(request, country_code, dids)
    if did is None:
        return Declined("unknown_did", 404)
    msisdn = caller(request, header, country_code)
    if not msisdn:
        return Declined("no_cli")
    if msisdn in dids:
        return Declined("loop")  # one of our own numbers calls another
    return Ring(_id(request.call_id), msisdn, did, dids[did])


def _did(request: Request, country_code: str, dids: Mapping[str, str]) -> str | None:
    uri = parse_uri(request.uri)  # read before: it is well formed
    return next((one for one in (uri.number.removeprefix("+"), msisdn_of(uri, country_code)) if one in dids), None)


def _id(call_id: str) -> str:
    if len(call_id) <= ID_CHARS_MAX and call_id.isascii() and call_id.isprintable():
        return call_id
    return blake2b(call_id.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
