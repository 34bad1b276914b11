"""Both ends of a session in any state, as the tests of sessions need them."""


from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
)
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.smsc import Smsc
from tectonics.wire.smpp.stream import Stream

ALL_STATES = (states.OPEN, states.BINDING, *states.BOUND, states.UNBINDING)
LIMITS = Limits(window=3, asked_max=2, bind_s=30, response_s=10, enquire_s=55)
BINDS = {states.BOUND_TX: BindTransmitter, states.BOUND_RX: BindReceiver, states.BOUND_TRX: BindTransceiver}


def taken(session) -> list:
    """What the session has written, read."""
    return Stream().feed(session.take())


def esme(state: str = states.BOUND_TRX, now: float = 0.0) -> Esme:
    """An ESME in that state, by octets alone."""
    session = Esme(now, LIMITS)
    if state != states.OPEN:
        session.bind(BINDS.get(state, BindTransceiver)("me", "secret"), now)
        if state != states.BINDING:
            answer = taken(session)[0].command | 0x80000000
            session.receive(bytes.fromhex(f"00000013 {answer:08x} 00000000 00000001 736d00"), now)
        if state == states.UNBINDING:
            session.unbind(now)
        session.take()
    return session


def smsc(state: str = states.BOUND_TRX, now: float = 0.0) -> Smsc:
    """An SMSC in that state."""
    session = Smsc(now, LIMITS)
    if state != states.OPEN:
        bind = BINDS.get(state, BindTransceiver)("me", sequence=1)
        session.receive(encode(bind), now)
        if state != states.BINDING:
            session.accept(session._binding, "sm")
        if state == states.UNBINDING:
            session.unbind(now)
        session.take()
    return session


def hear(session, *pdus, now: float = 0.0) -> list:
    return session.receive(b"".join(map(encode, pdus)), now)


