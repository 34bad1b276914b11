"""`python -m tectonics.simulators.phones [--port PORT] [--script WORDS]`: a switch full of telephones to play with.

Orders come from standard input, a line each (see control.py); the end of it is the end of the switch.
"""

import argparse
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.internet.task import react

from tectonics.simulators.orders import Orders, serve
from tectonics.simulators.phones import control, script
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.switch import Switch

DATAGRAM_OCTETS_MAX = 65_535


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tectonics.simulators.phones", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog=f"{control.__doc__}\n{script.__doc__}")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address of the socket")
    add("--port", type=int, default=5060, help="its port; 0: any")
    add("--control", default="", metavar="ENDPOINT", help="takes orders there as well")
    add("--script", default="", metavar="WORDS", help="what phones do that have no other script, such as 'ring=0.5 answer=2'")
    add("--seed", type=int, default=0, help="of the faults that come by chance")
    add("--lose", type=float, default=0, metavar="PERCENT", help="of the packets that are lost, each way")
    add("--double", type=float, default=0, metavar="PERCENT", help="of the packets that come twice")
    add("--late-s", type=float, default=0, help="how late a packet may be")
    return parser.parse_args(given)


def main(reactor, chosen: argparse.Namespace) -> Deferred:
    """Serves until standard input ends."""
    switch = Switch(reactor, line=Line(chosen.seed, chosen.lose, chosen.double, chosen.late_s))
    switch.scripts[""] = script.script(chosen.script.split())
    port = reactor.listenUDP(chosen.port, switch, chosen.host, DATAGRAM_OCTETS_MAX)
    if chosen.control:
        orders = Factory.forProtocol(lambda: Orders(partial(control.order, switch)))
        serverFromString(reactor, chosen.control).listen(orders)
    return serve(partial(control.order, switch), port).addCallback(lambda _: (switch.close(), port.stopListening())[1])


if __name__ == "__main__":
    react(main, [arguments()])
