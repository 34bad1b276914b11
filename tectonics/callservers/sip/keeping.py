"""Whether the trunks are there: OPTIONS to each from time to time, an alarm for who does not answer (RFC 3261, section 11).

Any answer but 503 says that it is there; a call that it takes says so too.
"""

from collections.abc import Callable
from itertools import count

from twisted.internet.task import LoopingCall

from tectonics.callservers.sip.acts import Ask, Me
from tectonics.callservers.sip.inviting import ALLOW
from tectonics.callservers.sip.naming import branch
from tectonics.callservers.sip.trunks import Trunk, Trunks
from tectonics.ports import Alarms, Clock
from tectonics.wire.sip.message import Request


class Keeping:
    """Of all trunks; `ask` sends."""

    def __init__(self, trunks: Trunks, every_s: float, clock: Clock, alarms: Alarms, ask: Callable[[Ask], None]) -> None:
        self._trunks, self._every_s, self._alarms, self._ask = trunks, every_s, alarms, ask
        self._numbers, self._life = count(1), f"{clock.seconds():.6f}"
        self._waiting: set[str] = set()
        self._me: Me | None = None
        self._loop = LoopingCall(self.look)
        self._loop.clock = clock

    def start(self, me: Me) -> None:
        """Asks at once, and then every so often."""
        self._me = me
        self._loop.start(self._every_s).addErrback(lambda failure: self._alarms.raise_alarm(
            "internal_fault", f"SIP: {failure.type.__name__}", "sip"))

    def stop(self) -> None:
        """No more."""
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """Asks everybody who owes no answer."""
        for trunk in self._trunks.all.values():
            if trunk.name not in self._waiting:
                self._waiting.add(trunk.name)
                self._ask(Ask(self._question(trunk), trunk.place, (trunk.name, None)))
        self.watch()

    def heard(self, name: str, status: int, now: float) -> None:
        """An answer; 0: none."""
        trunk = self._trunks.all.get(name)
        if trunk is None or 0 < status < 200:
            return
        self._waiting.discard(name)
        if status in (0, 503):
            trunk.troubled("it does not answer" if status == 0 else "it says 503", now)
        else:
            trunk.well(now)
        self.watch()

    def watch(self) -> None:
        """Alarms follow the trunks."""
        for trunk in self._trunks.all.values():
            if trunk.answers is False:
                self._alarms.raise_alarm("trunk_down", f"SIP trunk {trunk.name} takes no calls: {trunk.why}", trunk.name)
            else:
                self._alarms.clear("trunk_down", trunk.name)

    def _question(self, trunk: Trunk) -> Request:
        number, me, to = next(self._numbers), self._me, trunk.itself
        name = branch(self._life, trunk.name, number, "OPTIONS")
        return Request("OPTIONS", to, (
            ("Via", me.via(name)), ("Max-Forwards", "70"), ("From", f"<sip:tectonics@{me.shown}>;tag={name[-8:]}"),
            ("To", f"<{to}>"), ("Call-ID", f"{name}@{me.shown}"), ("CSeq", "1 OPTIONS"), me.contact, ALLOW,
            ("Accept", "application/sdp")))
