"""Which subscriber a call comes from: the number in the one header that the trunk is trusted for.

    pai    P-Asserted-Identity (RFC 3325): what the network has checked; of its two values the first with a number
    rpid   Remote-Party-ID (draft-ietf-sip-privacy-04): of the calling party, unless it says that nobody screened it
    from   From: only where the trunk itself writes it, since handsets fill it as they please

Headers that the trunk is not trusted for are never looked at, so a forged one changes nothing.  A number that was
withheld towards called people (`Privacy: id`) still counts where the trunk asserts it: we are the network's own.
"""

from tectonics.domain.errors import BadNumber
from tectonics.domain.msisdn import parse_msisdn
from tectonics.wire.sip.message import Request
from tectonics.wire.sip.text import BadText, split
from tectonics.wire.sip.uri import Uri
from tectonics.wire.sip.values import Address, parse_address

IDENTITIES_MAX = 2  # of P-Asserted-Identity: one SIP and one tel URI (RFC 3325, section 9.1)


def caller(request: Request, header: str, country_code: str) -> str:
    """The MSISDN; empty where there is none. `header` is pai, rpid or from."""
    try:
        addresses = _READ[header](request)
    except BadText:
        return ""
    return next((number for one in addresses if (number := msisdn_of(one.uri, country_code))), "")


def msisdn_of(uri: Uri, country_code: str) -> str:
    """The subscriber that a URI names; empty where it names none."""
    number, context = uri.number, uri.parameters.get("phone-context", "") or uri.user_parameters.get("phone-context", "")
    if number and not number.startswith("+") and context.startswith("+"):  # RFC 3966, section 5.1.5
        number = context + number.removeprefix("0")
    try:
        return parse_msisdn(number, country_code)
    except BadNumber:
        return ""


def _asserted(request: Request) -> tuple[Address, ...]:
    found = request.addresses("P-Asserted-Identity")
    return found if len(found) <= IDENTITIES_MAX else ()


def _remote_party(request: Request) -> tuple[Address, ...]:
    values = [part for text in request.all("Remote-Party-Id") for part in split(text, ",") if part]
    found = [one for one in map(parse_address, values) if one.parameters.get("party", "calling").lower() == "calling"]
    screened = [one for one in found if one.parameters.get("screen", "yes").lower() == "yes"]
    return tuple(screened[:1]) if len(found) == 1 else ()


def _from(request: Request) -> tuple[Address, ...]:
    return (request.sender,)


_READ = {"pai": _asserted, "rpid": _remote_party, "from": _from}
