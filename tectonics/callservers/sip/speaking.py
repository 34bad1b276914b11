"""What is said within a dialog: requests, their repetition with credentials, and the ACKs of 2xx (RFC 3261, sections 12.2 and 13.2.2.4).

Bound: ACKS_MAX acknowledgements are kept, to be sent again when a 2xx comes again.
"""

from collections import deque

from tectonics.callservers.sip import naming
from tectonics.callservers.sip.acts import Act, Ask, Me, Put
from tectonics.callservers.sip.trunks import Trunk
from tectonics.wire.sip.credentials import credentials
from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.sdp import TYPE

ACKS_MAX = 8
_KEPT = ("Contact", "Allow", "Supported", "Session-Expires", "Min-SE", "Content-Type", "Reason")


class Speaking:
    """Of one leg."""

    def __init__(self, leg: str, trunk: Trunk, dialog: Dialog, me: Me, out: list[Act]) -> None:
        self.dialog = dialog
        self._leg, self._trunk, self._me, self._out = leg, trunk, me, out
        self._acks: deque[tuple[Request, Put]] = deque(maxlen=ACKS_MAX)

    def ask(self, method: str, token: object, headers: tuple[tuple[str, str], ...], body: bytes = b"") -> Request:
        """A request; its answers come with the token."""
        number = self.dialog.local_number + 1
        request = self.dialog.request(method, self._via(number, method), headers, body)
        self._out.append(Ask(request, self._trunk.hop(self.dialog), (self._leg, token)))
        return request

    def prove(self, request: Request, response: Response, token: object) -> Request | None:
        """The same once more with credentials; None where it had some, or we have none."""
        proof = credentials(request, response, self._trunk.section.user, self._trunk.password)
        if proof is None or request.header(proof[0]) is not None:
            return None
        kept = tuple((name, value) for name, value in request.headers if name in _KEPT)
        return self.ask(request.method, token, (*kept, proof), request.body)

    def acknowledge(self, invite: Request, body: bytes) -> None:
        """The ACK of the 2xx to an INVITE of ours."""
        content = (("Content-Type", TYPE),) if body else ()
        ack = self.dialog.acknowledge(invite, self._via(invite.cseq.number, "ACK"), content, body)
        self._acks.append((invite, Put(ack, self._trunk.hop(self.dialog))))
        self._out.append(self._acks[-1][1])

    def has_acknowledged(self, invite: Request) -> bool:
        """Whether its ACK has gone out."""
        return any(one is invite for one, _ in self._acks)

    def repeat(self, invite: Request | None) -> bool:
        """Sends the ACK of that INVITE again, where it has had one."""
        for one, put in self._acks:
            if one is invite:
                self._out.append(put)
                return True
        return False

    def _via(self, number: int, method: str) -> str:
        return self._me.via(naming.branch(self._leg, self._trunk.name, number, method))
