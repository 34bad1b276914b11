"""`python -m tectonics.simulators.smsc [--listen ENDPOINT] [--esme SYSTEM_ID:PASSWORD] ...`: a message centre to play with.

Orders come from standard input, a line each (see control.py); the end of it is the end of the centre.
"""

import argparse
from functools import partial

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.internet.task import react

from tectonics.simulators.orders import Orders, serve, tell
from tectonics.simulators.smsc import control
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.simulators.smsc.faults import Faults


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tectonics.simulators.smsc", epilog=control.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    add = parser.add_argument
    add("--listen", default="tcp:2775:interface=127.0.0.1", metavar="ENDPOINT", help="a Twisted server endpoint")
    add("--control", default="", metavar="ENDPOINT", help="takes orders there as well")
    add("--esme", action="append", default=[], metavar="SYSTEM_ID:PASSWORD", help="who may bind; none: everybody")
    add("--seed", type=int, default=0, help="of the faults that come by chance")
    add("--late-s", type=float, default=2.0, help="how late a late answer is")
    add("--receipt-s", type=float, default=0.05, help="from a message to its receipt")
    add("--per-second", type=int, default=0, metavar="N", help="submits above it are throttled; 0: none")
    add("--print", action="store_true", help="prints each message that is submitted")
    return parser.parse_args(given)


def main(reactor, chosen: argparse.Namespace) -> Deferred:
    """Serves until standard input ends."""
    esmes = dict(pair.partition(":")[::2] for pair in chosen.esme)
    centre = MessageCentre(reactor, esmes or None, faults=Faults(chosen.seed, chosen.late_s),
                           receipt_s=chosen.receipt_s, per_second=chosen.per_second)
    if chosen.print:
        centre.on_submit = lambda submitted: tell(control.shown(submitted))
    listening = [serverFromString(reactor, chosen.listen).listen(centre)]
    if chosen.control:
        orders = Factory.forProtocol(lambda: Orders(partial(control.order, centre)))
        listening.append(serverFromString(reactor, chosen.control).listen(orders))

    return gatherResults(listening, consumeErrors=True).addCallback(
        lambda ports: serve(partial(control.order, centre), *ports)).addCallback(lambda _: centre.close())


if __name__ == "__main__":
    react(main, [arguments()])
