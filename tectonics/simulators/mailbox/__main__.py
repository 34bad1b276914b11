"""`python -m tectonics.simulators.mailbox [--listen ENDPOINT] [--peer ENDPOINT]`: a mail server to play with.

Orders come from standard input, a line each (see control.py); the end of it is the end of the server.
"""

import argparse
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, serverFromString
from twisted.internet.task import react

from tectonics.simulators.mailbox import control
from tectonics.simulators.mailbox.faults import Faults
from tectonics.simulators.mailbox.server import Mailbox
from tectonics.simulators.orders import serve, tell


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tectonics.simulators.mailbox", epilog=control.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    add = parser.add_argument
    add("--listen", default="tcp:2526:interface=127.0.0.1", metavar="ENDPOINT", help="a Twisted server endpoint")
    add("--peer", default="tcp:127.0.0.1:2525", metavar="ENDPOINT", help="where it sends to, a Twisted client endpoint")
    add("--slow-s", type=float, default=0.2, help="how slow slow is")
    add("--print", action="store_true", help="prints each mail that is taken")
    return parser.parse_args(given)


def main(reactor, chosen: argparse.Namespace) -> Deferred:
    """Serves until standard input ends."""
    mailbox = Mailbox(reactor, Faults(chosen.slow_s))
    post = control.Post(mailbox, clientFromString(reactor, chosen.peer))
    if chosen.print:
        mailbox.on_mail = lambda kept: tell(control.shown(kept))
    listening = serverFromString(reactor, chosen.listen).listen(mailbox)
    return listening.addCallback(partial(serve, partial(control.order, post)))


if __name__ == "__main__":
    react(main, [arguments()])
