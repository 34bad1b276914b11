"""Orders to a running USSD gateway, one a line, each answered by one line of JSON:

    dial MSISDN [CODE]       somebody dials (*133#); the session's number and its first screen
    type NUMBER TEXT         what he answers in that session, and the screen that follows
    hang NUMBER              he leaves
    again NUMBER             the gateway says its newest PDU of that session once more
    fault KIND TIMES [PERCENT]   see simulators/smsc/faults.py; `fault KIND 0` ends it
    cut                      breaks every connection
    stats                    what has happened so far

Bound: SESSIONS_MAX sessions kept for orders.
"""

from collections import OrderedDict

from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.simulators.ussd_smpp.gateway import UssdGateway
from tectonics.simulators.ussd_smpp.handset import Handset
from tectonics.simulators.ussd_smpp.voice import Screen

SESSIONS_MAX = 10_000


class Desk:
    """Carries out what is ordered of a gateway; fills `carry_out` of simulators.orders."""

    def __init__(self, gateway: UssdGateway) -> None:
        self._gateway = gateway
        self._sessions: OrderedDict[int, Handset] = OrderedDict()
        self._number = 0

    def order(self, given: list[str]) -> Deferred | dict:
        """Carries out one order. TheirFault where it cannot be understood."""
        kind, *words = given
        orders = {"dial": self._dial, "type": self._type, "hang": self._hang, "again": self._say_again,
                  "fault": self._fault, "cut": self._cut, "stats": self._stats}
        if kind not in orders:
            raise TheirFault(f"no order is called {kind}; there are {', '.join(orders)}")
        try:
            return orders[kind](*words)
        except (TypeError, ValueError) as error:
            raise TheirFault(f"{kind}: {error}") from error

    def _dial(self, msisdn: str, code: str = "*133#") -> Deferred:
        self._number += 1
        number, handset = self._number, self._gateway.dial(msisdn, code)
        self._sessions[number] = handset
        if len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return handset.next().addCallback(_shown, number)

    def _type(self, number: str, *words: str) -> Deferred:
        return self._session(number).type(" ".join(words)).addCallback(_shown, int(number))

    def _hang(self, number: str) -> dict:
        self._session(number).hang_up()
        return {"session": int(number), "over": "hung up"}

    def _say_again(self, number: str) -> dict:
        self._session(number).again()
        return {"session": int(number)}

    def _session(self, number: str) -> Handset:
        found = self._sessions.get(int(number))
        if found is None:
            raise TheirFault(f"there is no session {number}")
        return found

    def _fault(self, kind: str, times: str, percent: str = "0") -> dict:
        self._gateway.faults.order(kind, int(times), float(percent))
        return {"fault": kind, "times": int(times), "percent": float(percent)}

    def _cut(self) -> dict:
        count = len(self._gateway.sessions)
        self._gateway.cut_all()
        return {"cut": count}

    def _stats(self) -> dict:
        gateway = self._gateway
        return {"bound": [session.system_id for session in gateway.sessions], "counts": dict(gateway.counts),
                "refused": gateway.refused[-100:],
                "faults": {kind: times for kind, times in gateway.faults.struck.items() if times}}


def _shown(screen: Screen, number: int) -> dict:
    return {"session": number, "more": screen.more, "text": screen.text}
