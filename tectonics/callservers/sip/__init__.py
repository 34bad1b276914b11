"""Call-backs over SIP: we ring A, ring B, and connect the two, without any media of our own (RFC 3725).

    trunks       switches that take our calls         naming      what a leg is called on the wire, made from its id
    inviting     a leg until it is answered           causes      why it was not, in our words
    leg          a dialog with a phone                refreshing  session timers
    call         two legs, and the flows              passing     a change that one of them asks for, passed to the other
    handle       what finds a leg again               forgotten   legs of an earlier life
    switchboard  all calls of one socket              keeping     whether trunks answer
    server       fills ports.CallServer
"""

from collections.abc import Mapping

from tectonics.callservers.sip.server import SipCallServer
from tectonics.config.call_server import SipCalls
from tectonics.ports import Alarms, Clock, Metrics

__all__ = ["SipCallServer", "sip_call_server"]


def sip_call_server(section: SipCalls, *, passwords: Mapping[str, str], clock: Clock, metrics: Metrics,
                    alarms: Alarms) -> SipCallServer:
    """A ports.CallServer whose socket is not open yet.

    Who made it opens a UDP port with `.datagrams` as its protocol, sets `.port` to it and calls `.start()`; `.stop()`
    closes it.  `.loads()` and `.shown()` are as channels have them.
    """
    return SipCallServer(section, passwords=passwords, clock=clock, metrics=metrics, alarms=alarms)
