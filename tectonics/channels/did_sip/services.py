"""What a ring of each kind of number asks of the engine: one line a kind.

A missed call is never consent to a debt: `lend` says no more than the word that asks for offers, as if he had
written it.  The offers come by SMS, and money moves when he agrees to one of them by another message.  Who rings a
number for call-backs asks to be called back, and pays for that call as for any of his own.
"""

from tectonics.config.sip import Did
from tectonics.domain.keywords import FAVOURITE, LAST, Call, Request, Sos


def asked(did: Did) -> Request:
    """What a ring at that number stands for, as if it had been written."""
    return Call(f"+{did.to}") if did.service == "call_to" else _ASKED[did.service]


_ASKED = {"lend": Sos(), "call_last": Call(LAST), "call_favourite": Call(FAVOURITE), "call_ask": Call("")}
