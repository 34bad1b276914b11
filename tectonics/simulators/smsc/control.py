"""Orders to a running message centre, one a line, each answered by one line of JSON:

    mo SOURCE DESTINATION TEXT       a subscriber writes; with `way=sar`, `data_sm=yes`, `to=SYSTEM_ID`, `alphabet=ucs2`
                                     before the text
    fault KIND TIMES [PERCENT]       see faults.py; `fault KIND 0` ends it
    fate STATE                       what messages come to from now on: DELIVRD, UNDELIV, EXPIRED, REJECTD, ...
    style NAME=VALUE ...             how receipts are written, see receipts.py
    receipt ID STATE                 tells what became of a message, again if need be
    submitted [N]                    the newest N messages
    cut                              breaks every connection
    unbind                           says good-bye to everybody
    stats                            what has happened so far

Bound: SHOWN_MAX messages shown.
"""

from collections.abc import Callable
from itertools import islice

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from tectonics.domain.alphabet import decode
from tectonics.domain.errors import TheirFault
from tectonics.simulators.smsc.centre import MessageCentre, Submitted
from tectonics.simulators.smsc.receipts import NUMBERS, SPELLINGS
from tectonics.wire.data_coding import read
from tectonics.wire.smpp.pdus import message_octets
from tectonics.wire.smpp.reassembly import place_of

SHOWN_MAX = 1000
_YES = ("yes", "true", "1")


def order(centre: MessageCentre, words: list[str]) -> Deferred | dict:
    """Carries out one order. TheirFault where it cannot be understood."""
    kind, *rest = words
    done = ORDERS.get(kind)
    if done is None:
        raise TheirFault(f"no order is called {kind}; there are {', '.join(ORDERS)}")
    try:
        return done(centre, *rest)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise TheirFault(f"{kind}: {error}") from error


def _mo(centre: MessageCentre, source: str, destination: str, *words: str) -> Deferred:
    how = {}
    while words and words[0].partition("=")[0] in ("way", "data_sm", "to", "alphabet", "reference"):
        name, _, value = words[0].partition("=")
        how[name] = value in _YES if name == "data_sm" else int(value) if name == "reference" else value
        words = words[1:]
    done = centre.message(" ".join(words), source, destination, **how)
    return done.addCallback(lambda statuses: {"statuses": statuses})


def _fault(centre: MessageCentre, kind: str, times: str, percent: str = "0") -> dict:
    centre.faults.order(kind, int(times), float(percent))
    return {"fault": kind, "times": int(times), "percent": float(percent)}


def _fate(centre: MessageCentre, state: str) -> dict:
    if state not in NUMBERS:
        raise TheirFault(f"no state is called {state}; there are {', '.join(NUMBERS)}")
    centre.fate = lambda submitted: state
    return {"fate": state}


def _style(centre: MessageCentre, *words: str) -> dict:
    changes = dict(word.split("=", 1) for word in words)
    for name, value in changes.items():
        if name in ("answered", "receipted") and value not in SPELLINGS:
            raise TheirFault(f"no spelling is called {value}; there are {', '.join(SPELLINGS)}")
        if isinstance(getattr(centre.style, name), bool):
            changes[name] = value in _YES
    centre.style = replace(centre.style, **changes)
    return {"style": changes}


def _receipt(centre: MessageCentre, id: str, state: str) -> Deferred:
    found = next((one for one in centre.submitted if one.id == id), None)
    if found is None:
        raise TheirFault(f"no message is called {id}")
    return centre.receipt(found, state).addCallback(lambda status: {"status": status})


def _submitted(centre: MessageCentre, count: str = "10") -> dict:
    newest = islice(reversed(centre.submitted), min(int(count), SHOWN_MAX))
    return {"submitted": [shown(one) for one in newest]}


def _cut(centre: MessageCentre) -> dict:
    count = len(centre.sessions)
    centre.cut_all()
    return {"cut": count}


def _unbind(centre: MessageCentre) -> dict:
    bound = centre.bound
    for session in bound:
        session.unbind()
    return {"unbound": len(bound)}


def _stats(centre: MessageCentre) -> dict:
    return {"bound": [session.system_id for session in centre.bound], "counts": dict(centre.counts),
            "faults": {kind: times for kind, times in centre.faults.struck.items() if times}}


def shown(submitted: Submitted) -> dict:
    """A message for people; of a part its own words."""
    pdu = submitted.pdu
    place, octets = place_of(pdu)
    part = "" if place is None else f"{place.number}/{place.total}"
    alphabet, octets = read(octets if place else message_octets(pdu), pdu.data_coding)
    return {"id": submitted.id, "by": submitted.system_id, "source": pdu.source_addr, "to": pdu.destination_addr,
            "text": decode(octets, alphabet), "part": part, "registered": pdu.registered_delivery}


ORDERS: dict[str, Callable] = {"mo": _mo, "fault": _fault, "fate": _fate, "style": _style, "receipt": _receipt,
                               "submitted": _submitted, "cut": _cut, "unbind": _unbind, "stats": _stats}
