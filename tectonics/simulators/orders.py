"""Orders to a simulator, one a line, each answered by one line of JSON: over standard input or a port.

`carry_out` gets the words of a line and answers a dict, at once or later; what fails is told as `error`.
Bound: LINE_MAX characters a line.
"""

import json
import sys
from collections.abc import Callable

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.protocols.basic import LineReceiver

LINE_MAX = 16_384


class Orders(LineReceiver):
    """Whoever gives orders; `say` writes the answers, else the connection does; `ended` hears that there will be no more."""

    delimiter = b"\n"
    MAX_LENGTH = LINE_MAX

    def __init__(self, carry_out: Callable[[list[str]], Deferred | dict], say: Callable[[dict], None] | None = None,
                 ended: Callable[[], None] = lambda: None) -> None:
        self._carry_out, self._say, self._ended = carry_out, say or self._answer, ended

    def lineReceived(self, line: bytes) -> None:
        """Does what it says."""
        words = line.decode(errors="replace").split()
        if words:
            done = maybeDeferred(self._carry_out, words)
            done.addErrback(lambda failure: {"error": f"{failure.type.__name__}: {failure.getErrorMessage()}"})
            done.addCallback(self._say)

    def connectionLost(self, reason) -> None:
        """There will be no more orders."""
        self._ended()

    def _answer(self, said: dict) -> None:
        self.sendLine(json.dumps(said, ensure_ascii=False).encode())


def serve(carry_out: Callable[[list[str]], Deferred | dict], *ports) -> Deferred[None]:
    """Tells where `ports` listen and takes orders from standard input; fires at its end."""
    # not above: it brings the reactor, which the process has chosen by now
    from twisted.internet.stdio import StandardIO

    ended: Deferred[None] = Deferred()
    tell({"listening": [str(port.getHost()) for port in ports], "port": getattr(ports[0].getHost(), "port", 0)})
    StandardIO(Orders(carry_out, tell, lambda: ended.called or ended.callback(None)))
    return ended


def tell(what: dict) -> None:
    """One line of JSON to standard output."""
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()
