"""Every bind to the peers of one channel: one way out, one way in.

Out: an errand waits until a session may take it.  Of the accounts the bound ones of the lowest rank serve; among
their sessions the one that waits for the fewest answers, in proportion to its window, goes next, and takes the most
urgent errand that it may.  An errand can be bound to an account, or to one session; if that session ends, any other
of its account will do.  No session is chosen that has a full window or transport, or whose account is out of tokens
or paused by its peer.

In: what a peer delivers goes to `heard`, which answers it by `Peer.answer`, at once or later.

Bounds: `queue_max` errands wait, then the least urgent are pushed out; the windows of the sessions are under way.
An errand whose time is over is told so at most SWEEP_S later, and never sent.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.interfaces import IStreamClientEndpoint

from tectonics.config.smpp import SmppAccount
from tectonics.links.smpp.account import Account, Surroundings
from tectonics.links.smpp.errands import ANYWHERE, Errand, Errands
from tectonics.links.smpp.line import Line
from tectonics.links.smpp.outcome import Submission, Unsent
from tectonics.links.smpp.peer import Peer
from tectonics.links.smpp.timer import Timer
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.smpp.pdus import Request, answer_to
from tectonics.wire.smpp.status import Status

QUEUE_MAX = 20_000
SWEEP_S = 0.25
STOPPING = Unsent("stopping")
OVER = Unsent("its time was over before it could be sent")
PUT_OFF = Unsent("the peer put it off until its time was over")
PUSHED_OUT = Unsent("too many wait")


class Binds:
    """The sessions of one channel with all its peers.

    `passwords` by account name; `endpoints` makes one of an account's address; `jitter` gives chance from 0 to 1.
    `heard` and `late` are set before `start`; `late` hears of what was Lost and accepted after all: the request, the
    account's name, the message id.
    """

    def __init__(self, accounts: Sequence[SmppAccount], endpoints: Callable[[str], IStreamClientEndpoint],
                 clock: Clock, metrics: Metrics, alarms: Alarms, *, passwords: Mapping[str, str], channel: str,
                 jitter: Callable[[], float] = random.random, queue_max: int = QUEUE_MAX) -> None:
        self.heard: Callable[[Peer, Request], None] = _nobody_listens
        self.late: Callable[[Request, str, str], None] | None = None
        self._clock, self._metrics, self._channel = clock, metrics, channel
        around = Surroundings(clock, metrics, alarms, jitter, lambda peer, request: self.heard(peer, request),
                              self._late, self._put_back, self._gone, self._changed)
        self._accounts = {section.name: Account(section, endpoints(section.address), passwords.get(section.name, ""),
                                                around) for section in accounts}
        self._errands = Errands(queue_max)
        self._waking = Timer(clock, self._changed)
        self._sweeping = Timer(clock, self._sweep)
        self._sending = self._stopping = False

    def start(self) -> None:
        """Connects, and again after each loss, until stop()."""
        for account in self._accounts.values():
            account.start()

    def stop(self) -> Deferred[None]:
        """What is queued is Unsent, what is on its way gets a moment, then unbind; fires when all is closed."""
        self._stopping = True
        self._waking.stop()
        self._sweeping.stop()
        for errand in self._errands.drain():
            errand.done.callback(STOPPING)
        return gatherResults([account.stop() for account in self._accounts.values()]).addCallback(lambda _: None)

    def submit(self, request: Request, priority: int, until_s: float, account: str = "",
               session: Peer | None = None) -> Deferred[Submission]:
        """Sends a SubmitSm or DataSm; what became of it. It never fails.

        The lowest `priority` goes first; what is not sent by `until_s` of the clock is Unsent. `session`: over exactly
        that bind, or where it is gone another of its account; `account`: over one of that account; else over any.
        """
        if self._stopping:
            return succeed(STOPPING)
        place, why = self._place(account, session)
        if why:
            return succeed(Unsent(why))
        errand = Errand(request, priority, until_s, place)
        pushed_out = self._errands.put(errand)
        if pushed_out is not None:
            self._metrics.count("tectonics_shed_total", "smpp_queue")
            pushed_out.done.callback(PUSHED_OUT)
        self._changed()
        return errand.done

    @property
    def bound(self) -> int:
        """How many sessions are bound now."""
        return sum(account.bound for account in self._accounts.values())

    def loads(self) -> list[tuple[str, int, int]]:
        """(name, depth, bound) of the queue; what was put off may stand beyond `queue_max`, up to the windows."""
        windows = sum(account.section.window * account.section.sessions for account in self._accounts.values())
        return [(f"{self._channel} submits", len(self._errands), self._errands.depth_max + windows)]

    def shown(self) -> list[dict]:
        """The sessions, for people; `queue` is of the whole channel."""
        return [one | {"queue": len(self._errands)} for account in self._accounts.values() for one in account.show()]

    # --- where an errand waits

    def _place(self, account: str, session: Peer | None) -> tuple[object, str]:
        """Where it waits, or why it cannot."""
        if session is None and not account:
            return ANYWHERE, "" if any(one.submits for one in self._accounts.values()) else "no account submits"
        name = account if session is None else session.account.name
        found = self._accounts.get(name)
        if found is None:
            return ANYWHERE, f"there is no account {name}"
        if found.submits:
            return (session, "") if session is not None and found.has(session) else (name, "")
        twin = self._twin(found)
        return (twin.name, "") if twin is not None else (ANYWHERE, f"{name} only receives")

    def _twin(self, receiver: Account) -> Account | None:
        """The account that submits where another only receives: the same name at the same peer."""
        section = receiver.section
        return next((one for one in self._accounts.values() if one.submits and
                     (one.section.address, one.section.system_id) == (section.address, section.system_id)), None)

    def _gone(self, peer: Peer) -> None:
        self._errands.move(peer, peer.account.name)

    def _put_back(self, errand: Errand) -> None:
        if self._stopping:
            errand.done.callback(STOPPING)
        elif errand.until_s <= self._clock.seconds():
            errand.done.callback(PUT_OFF)
        else:
            if isinstance(errand.place, Peer) and not self._accounts[errand.place.account.name].has(errand.place):
                errand.place = errand.place.account.name
            self._errands.put_back(errand)

    def _late(self, request: Request, account: str, message_id: str) -> None:
        if self.late is not None:
            self.late(request, account, message_id)

    # --- who sends it

    def _changed(self) -> None:
        """Sends what can be sent now."""
        if self._sending:
            return  # it is being done, further up
        self._sending = True
        try:
            while len(self._errands) and self._send_one():
                pass
        finally:
            self._sending = False
        self._wait()

    def _send_one(self) -> bool:
        now = self._clock.seconds()
        for account, peer, line in self._free(now):
            errand = self._errands.take(self._served(account, peer))
            if errand is None:
                continue
            if errand.until_s <= now:
                errand.done.callback(OVER)
            else:
                account.send(line, errand)
            return True
        return False

    def _free(self, now: float) -> Iterable[tuple[Account, Peer, Line]]:
        """The sessions that may send now, the one with the fewest answers to come first."""
        found = [(account, peer, line) for account in self._accounts.values() if account.pace.ready_at() <= now
                 for peer, line in account.free()]
        return sorted(found, key=lambda one: one[2].used / one[0].section.window) if len(found) > 1 else found

    def _served(self, account: Account, peer: Peer) -> tuple:
        """The places that a session may serve."""
        anywhere = account.section.rank == self._rank()
        return (peer, account.name, ANYWHERE) if anywhere else (peer, account.name)

    def _rank(self) -> int:
        return min(one.section.rank for one in self._accounts.values() if one.submits and one.bound)

    def _wait(self) -> None:
        """Asks to be woken when a pace allows the next, and when the next may be too old."""
        self._metrics.gauge("tectonics_smpp_queue", len(self._errands), self._channel)
        for account in self._accounts.values():
            account.level()
        if not len(self._errands) or self._stopping:
            return
        now = self._clock.seconds()
        self._sweeping.by(now + SWEEP_S)
        waking = [account.pace.ready_at() for account in self._accounts.values() if account.free()]
        self._waking.by(min((at for at in waking if at > now), default=None))

    def _sweep(self) -> None:
        for errand in self._errands.expired(self._clock.seconds()):
            errand.done.callback(OVER)
        self._wait()


def _nobody_listens(peer: Peer, request: Request) -> None:
    peer.answer(request, answer_to(request.command, request.sequence, Status.RX_T_APPN))
