"""`python -m tectonics.simulators.ussd_smpp [--listen ENDPOINT] [--dialect FILE] ...`: a USSD gateway to play with.

Orders come from standard input, a line each (see control.py); the end of it is the end of the gateway.
"""

import argparse
from functools import partial
from pathlib import Path

import msgspec
import yaml
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.task import react

from tectonics.domain.dialects import Dialect
from tectonics.simulators.orders import serve
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.ussd_smpp import control
from tectonics.simulators.ussd_smpp.gateway import UssdGateway


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tectonics.simulators.ussd_smpp", epilog=control.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    add = parser.add_argument
    add("--listen", default="tcp:2776:interface=127.0.0.1", metavar="ENDPOINT", help="a Twisted server endpoint")
    add("--dialect", type=Path, metavar="FILE", help="such as etc/dialects/its-session-only.yaml; none: standard")
    add("--esme", action="append", default=[], metavar="SYSTEM_ID:PASSWORD", help="who may bind; none: everybody")
    add("--patience-s", type=float, default=30.0, help="how long the network waits for a screen")
    add("--seed", type=int, default=0, help="of the faults that come by chance")
    add("--late-s", type=float, default=2.0, help="how late a late answer is")
    return parser.parse_args(given)


def dialect_of(file: Path | None) -> Dialect:
    """The dialect of a file, as the daemon reads it; ValidationError where it is none."""
    written = {} if file is None else yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return msgspec.convert(written | {"name": file.stem if file else "standard"}, Dialect)


def main(reactor, chosen: argparse.Namespace) -> Deferred:
    """Serves until standard input ends."""
    esmes = dict(pair.partition(":")[::2] for pair in chosen.esme)
    gateway = UssdGateway(reactor, dialect_of(chosen.dialect), esmes or None,
                          faults=Faults(chosen.seed, chosen.late_s), patience_s=chosen.patience_s)
    listening = serverFromString(reactor, chosen.listen).listen(gateway)
    return listening.addCallback(partial(serve, control.Desk(gateway).order)).addCallback(lambda _: gateway.close())


if __name__ == "__main__":
    react(main, [arguments()])
