"""Legs of which this process knows no more than their ids, or nothing: of an earlier life, or of another node.

    may be ringing      cancelled by every trunk, in every attempt, under every address that the nodes of this service have
    it rings            a provisional answer to an INVITE that is not known: that is cancelled, so nobody rings whom nobody wants, be it
                        that its first answer took longer than we wait for one
    its answer comes    a final answer to an INVITE that is not known: a 2xx is acknowledged and hung up, others acknowledged

A CANCEL is matched by the topmost Via alone (RFC 3261, sections 9.2 and 17.2.3), so the number that was rung need not be
known; who never heard of it says 481.
"""

from collections.abc import Iterable, Iterator

from tectonics.callservers.sip import naming
from tectonics.callservers.sip.acts import Act, Ask, Me, Put
from tectonics.callservers.sip.inviting import ended
from tectonics.callservers.sip.trunks import Trunk
from tectonics.links.sip.exchange import Place
from tectonics.wire.sip.client import acknowledgement, cancellation
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.uri import parse_uri
from tectonics.wire.sip.values import Address


def cancellations(leg: str, number: str, caller: str, trunks: Iterable[Trunk], nodes: Iterable[Me]) -> Iterator[Ask]:
    """The CANCELs of a leg; number and caller may be empty."""
    for me in nodes:
        for trunk in trunks:
            for attempt in range(1, naming.ATTEMPTS_MAX + 1):
                yield Ask(_cancel(leg, number, caller, trunk, me, attempt), trunk.place, (leg, None))


def _cancel(leg: str, number: str, caller: str, trunk: Trunk, me: Me, attempt: int) -> Request:
    uri = trunk.target(number)
    sender, _ = trunk.caller(caller, me.shown, naming.tag(leg, trunk.name))
    headers = (("Via", me.via(naming.branch(leg, trunk.name, attempt, "INVITE"))), ("From", str(sender)),
               ("To", str(Address(parse_uri(uri)))), ("Call-ID", naming.call_id(leg, trunk.name)), ("CSeq", f"{attempt} INVITE"))
    return cancellation(Request("INVITE", uri, headers))


def answered(response: Response, place: Place, trunk: Trunk, me: Me, out: list[Act]) -> bool:
    """Ends what an unknown INVITE of ours has brought about; whether it is one of ours."""
    leg = naming.leg_of(response.call_id)
    ours = response.call_id == naming.call_id(leg, trunk.name) and response.sender.tag == naming.tag(leg, trunk.name)
    if not leg or not ours:
        return False
    kept = tuple((name, value) for name, value in response.headers if name in ("Via", "From", "To", "Call-ID", "CSeq"))
    request = Request("INVITE", str(response.to.uri), kept)
    if not response.final:
        out.append(Ask(cancellation(request), place, (leg, None)))
    elif response.status < 300:
        ended(leg, trunk, request, response, me, out, True)
    else:
        out.append(Put(acknowledgement(request, response), place))
    return True
