"""A change that one of two talking legs asks for, passed to the other: hold, another codec, another medium (RFC 3264).

    he offers           the other is offered it; its answer goes back in our 200
    he wants an offer   the other is asked for one, it goes back in our 200, and his ACK brings the answer to it
"""

from tectonics.callservers.sip.leg import Leg
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.sdp import fitted, parse_sdp, unfitted


class Passing:
    """One change, from `leg` to `other`."""

    def __init__(self, leg: Leg, other: Leg, serving: Serving, body: bytes) -> None:
        self.serving, self.is_over = serving, False
        self._leg, self._other, self._body = leg, other, body
        self._offer = b""  # the other's, which waits for its answer
        self._places: tuple[int | None, ...] = ()

    def begin(self, now: float) -> None:
        """Asks the other."""
        if not self._body:
            self._other.reinvite(b"", now)
            return
        offer, self._places = fitted(parse_sdp(self._body), self._other.told.kinds)
        self._other.reinvite(self._other.told.spoken(offer), now)

    def redone(self, leg: Leg, body: bytes) -> None:
        """The other has answered. BadText."""
        if leg is not self._other:
            leg.acknowledge_redone()
            return
        if self._body:
            offer = parse_sdp(self._body)
            said = self._leg.told.spoken(unfitted(parse_sdp(body), self._places, offer))
            self._leg.heard, self.is_over = self._body, True
            leg.acknowledge_redone()
            self._leg.reply(self.serving, 200, said)
        else:
            self._offer = body
            offer, self._places = fitted(parse_sdp(body), self._leg.told.kinds)
            self._leg.reply(self.serving, 200, self._leg.told.spoken(offer))

    def confirmed(self, leg: Leg, body: bytes) -> None:
        """His ACK, with the answer to the other's offer. BadText."""
        if leg is self._leg and self._offer:
            answer = unfitted(parse_sdp(body), self._places, parse_sdp(self._offer))
            self._leg.heard, self.is_over = body, True
            self._other.acknowledge_redone(self._other.told.spoken(answer))

    def refused(self, status: int) -> None:
        """It is not to be."""
        self.is_over = True
        if not self._offer:
            self._leg.reply(self.serving, status if status >= 400 else 488)
