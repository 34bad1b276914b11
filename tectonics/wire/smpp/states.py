"""The states of an SMPP session, how one follows another, and who may say what in which (SMPP 3.4 section 2.2).

The table holds for both ends; a move that it does not list is a bug.  An ESME binds and then submits,
an SMSC is bound to and then delivers; both may enquire, unbind and refuse to understand at any time.
"""

from tectonics.domain.errors import IllegalMove
from tectonics.wire.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    DataSm,
    DeliverSm,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitSm,
)

OPEN, BINDING, UNBINDING, CLOSED = "open", "binding", "unbinding", "closed"
BOUND_TX, BOUND_RX, BOUND_TRX = "bound_tx", "bound_rx", "bound_trx"
BOUND = (BOUND_TX, BOUND_RX, BOUND_TRX)
BOUND_BY: dict[type[Pdu], str] = {BindTransmitter: BOUND_TX, BindReceiver: BOUND_RX, BindTransceiver: BOUND_TRX}

MOVES = {
    (OPEN, "bind"): BINDING,
    (BINDING, "bound_tx"): BOUND_TX,
    (BINDING, "bound_rx"): BOUND_RX,
    (BINDING, "bound_trx"): BOUND_TRX,
    (BINDING, "refused"): OPEN,
    **{(state, "unbind"): UNBINDING for state in BOUND},
    **{(state, "closed"): CLOSED for state in (OPEN, BINDING, *BOUND, UNBINDING)},
}

ESME, SMSC = "ESME", "SMSC"
_SUBMITTING, _DELIVERING = (BOUND_TX, BOUND_TRX), (BOUND_RX, BOUND_TRX)
SAYS: dict[str, dict[type[Pdu], tuple[str, ...]]] = {
    ESME: dict.fromkeys(BOUND_BY, (OPEN,)) | dict.fromkeys((SubmitSm, DataSm, QuerySm, CancelSm, ReplaceSm), _SUBMITTING),
    SMSC: {Outbind: (OPEN,)} | dict.fromkeys((DeliverSm, DataSm, AlertNotification), _DELIVERING),
}


def move(state: str, happening: str) -> str:
    """The next state; IllegalMove when the table does not list it."""
    try:
        return MOVES[state, happening]
    except KeyError:
        raise IllegalMove(f"SMPP session: {happening!r} cannot happen in state {state!r}") from None


def may_say(side: str, pdu: type[Pdu], state: str) -> bool:
    """Whether that end may begin with such a PDU now."""
    return state in SAYS[side].get(pdu, ())
