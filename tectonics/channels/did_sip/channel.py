"""The channel: calls of trusted trunks ring for a while, are declined unanswered, and are told once each.

    INVITE ──▶ 503 when there is no room, 401 where the trunk must prove itself, 404, or declined at once
           └─▶ 100, 180 ── ring_s ──▶ 480, 486 or 603 ──┐
                    └──── CANCEL, or BYE ──▶ 487 ───────┴─▶ told, if it rang for min_ring_s
    OPTIONS ──▶ 200    other methods ──▶ 405    a dialog that is not ours ──▶ 481

Nothing is ever answered with a 2xx but OPTIONS, CANCEL and BYE, so nobody pays.  Repetitions, merged requests (482) and
ACKs are the transactions' affair (wire/sip/layer.py): an INVITE is asked about once.

When the process dies here, calls that ring are forgotten: the caller hears ringing until his network or he gives up, and
he rings again.  A stop declines what rings, tells it, and answers once more whoever missed that.

Bounds: calls_max calls that ring, and what a trunk may begin in a second, above which new ones are told 503;
those of limits.py, telling.py and links/sip.
"""

from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tectonics.channels.did_sip.deciding import Declined, Ring, decide
from tectonics.channels.did_sip.limits import CALLERS_MAX, Callers
from tectonics.channels.did_sip.services import asked
from tectonics.channels.did_sip.telling import WAITING_MAX, Telling
from tectonics.channels.did_sip.trunks import WRONG_MAX, Trunk, Trunks
from tectonics.config.sip import DidSip as Section
from tectonics.domain.msisdn import mask
from tectonics.domain.trace import trace_of
from tectonics.links.sip.datagrams import Datagrams
from tectonics.links.sip.exchange import Exchange
from tectonics.links.sip.lines import Lines
from tectonics.ports import Alarms, Clock, Correspondence, Metrics, ShortMessage
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.digest import GOOD, WRONG
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.screening import refusal

CHANNEL = "did_sip"
ALLOWED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")
RINGS, RINGING = "tectonics_did_rings_total", "tectonics_did_ringing"
RETRY_AFTER = (("Retry-After", "2"),)
STOP_S = 2.0  # for the engine to take what rang
SETTLE_S = 0.6  # for one repetition of a last answer
_EXPIRES_DIGITS_MAX = 9

log = Logger()


class Ringing(Struct, eq=False):
    """A call that rings; `began_s` is the exchange's time."""

    serving: Serving
    ring: Ring
    trunk: Trunk
    tag: str
    began_s: float
    call: IDelayedCall


class DidSip:
    """Fills links.sip's User. `key` signs nonces and makes tags."""

    def __init__(self, section: Section, correspondence: Correspondence, *, passwords: Mapping[str, str], key: bytes,
                 clock: Clock, metrics: Metrics, alarms: Alarms, country_code: str = "") -> None:
        self._section, self._key = section, key
        self._asked = {did.number: asked(did) for did in section.dids}
        self._clock, self._metrics, self._alarms = clock, metrics, alarms
        self._dids = {did.number: did.service for did in section.dids}
        self._trunks = Trunks([Trunk(one, passwords.get(one.name, ""), key, country_code) for one in section.trunks],
                              {one.name: one for one in section.trunks})
        self._callers = Callers(section.repeat_s, section.caller_per_hour)
        self._telling = Telling(correspondence, clock, metrics, alarms)
        self._ringing: dict[tuple, Ringing] = {}
        self._tags: dict[str, tuple] = {}  # our tag -> which of them
        self._stopping = False
        self.exchange = Exchange(self, clock, metrics, alarms, refuses=section.strangers == "refuse")
        self.datagrams = Datagrams(self.exchange)
        self.lines = Lines(self.exchange, self, clock)
        self.port: IListeningPort | None = None  # of UDP; closed by `stop`, behind the last answer

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("calls ringing", len(self._ringing), self._section.calls_max),
                ("rings to be told", len(self._telling), WAITING_MAX), ("callers", len(self._callers), CALLERS_MAX),
                *self.exchange.loads(), *self.lines.loads()]

    def shown(self) -> list[dict]:
        """The trunks, for people; `since` is when one was heard last."""
        return [_shown(trunk) for trunk in self._trunks.all.values()]

    def stop(self) -> Deferred[None]:
        """Declines what rings and closes."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._stopping, rang = True, bool(self._ringing)
        for key in tuple(self._ringing):
            self._end(key, self._section.status, "stopped")
        await self._telling.stop().addTimeout(STOP_S, self._clock, lambda *_: None)
        if rang:
            await deferLater(self._clock, SETTLE_S)
        self.exchange.stop()
        self.lines.close()
        if self.port is not None:
            await maybeDeferred(self.port.stopListening)

    # --- what links.sip asks

    def peer(self, host: str) -> str:
        """See links.sip.exchange.User."""
        trunk = self._trunks.find(host)
        if trunk is None:
            return ""
        trunk.heard_s = self._clock.seconds()
        return trunk.name

    def turned_away(self, request: Request, peer: str) -> Response | None:
        """503 where there is no room; a flood of any method is one."""
        trunk, calls = self._trunks.all[peer], request.method == "INVITE"
        if trunk.bucket.take(self.exchange.now()) and not (calls and self._is_full()):
            return None
        self._count(trunk, "shed")
        return answer(request, 503, "busy", RETRY_AFTER)

    def _is_full(self) -> bool:
        return self._stopping or len(self._ringing) >= self._section.calls_max

    def asked(self, serving: Serving) -> None:
        """A new request of a trunk."""
        request, trunk = serving.request, self._trunks.all[serving.place.peer]
        tag = blake2b(repr(serving.key).encode("utf-8", "surrogateescape"), key=self._key[:64], digest_size=8).hexdigest()
        refused = refusal(request, ALLOWED, tag)
        if refused is not None:
            self.exchange.respond(serving, refused)
        elif request.method == "BYE":
            self._bye(serving)
        elif request.to.tag:  # of a dialog that we do not have: none of ours outlives its INVITE
            self._answer(serving, 481)
        elif request.method == "INVITE":
            self._invite(serving, trunk, tag)
        else:
            self._answer(serving, 200, tag, (("Allow", ", ".join(ALLOWED)), ("Accept", "application/sdp")))

    def cancelled(self, serving: Serving) -> None:
        """The caller hangs up."""
        self._end(serving.key, 487, "hung_up")

    # --- a call

    def _invite(self, serving: Serving, trunk: Trunk, tag: str) -> None:
        request, now = serving.request, self.exchange.now()
        verdict = trunk.judge(request, now)
        if verdict != GOOD:
            self._challenge(serving, trunk, tag, verdict)
            return
        if trunk.wrong == 0:
            self._alarms.clear("trunk_password", trunk.name)
        found = decide(request, trunk.cli, trunk.country_code, self._dids)
        if isinstance(found, Ring):
            result = self._callers.refused(found.msisdn, found.did, now)
            found = Declined(result) if result else found
        if isinstance(found, Declined):
            self._count(trunk, found.result)
            self._answer(serving, found.status or self._section.status, tag)
        else:
            self._ring(serving, found, trunk, tag)

    def _challenge(self, serving: Serving, trunk: Trunk, tag: str, verdict: str) -> None:
        self._count(trunk, "wrong_password" if verdict == WRONG else "challenged")
        if trunk.wrong >= WRONG_MAX:
            self._alarms.raise_alarm("trunk_password", f"the last {trunk.wrong} calls of trunk {trunk.name} had a wrong "
                                     "password", trunk.name)
        self._answer(serving, 401, tag, trunk.challenges(self.exchange.now(), verdict))

    def _ring(self, serving: Serving, ring: Ring, trunk: Trunk, tag: str) -> None:
        now, request = self.exchange.now(), serving.request
        self._callers.rings(ring.msisdn, ring.did, now)
        for_s, status = self._section.ring_s, self._section.status
        expires_s = _expires_s(request)
        if expires_s is not None and expires_s < for_s:  # section 13.3.1
            for_s, status = expires_s, 487
        call = self._clock.callLater(for_s, self._end, serving.key, status, "rang")
        self._ringing[serving.key] = Ringing(serving, ring, trunk, tag, now, call)
        self._tags[tag] = serving.key
        self._metrics.gauge(RINGING, len(self._ringing))
        self._answer(serving, 100)
        self._answer(serving, 180, tag, () if request.uri.lower().startswith("tel:") else (("Contact", f"<{request.uri}>"),))

    def _bye(self, serving: Serving) -> None:
        """A caller may end a call that rings by BYE too (section 15)."""
        request = serving.request
        ringing = self._ringing.get(self._tags.get(request.to.tag, ()))
        invite = ringing.serving.request if ringing is not None else None
        if invite is None or (invite.call_id, invite.sender.tag) != (request.call_id, request.sender.tag):
            self._answer(serving, 481)
            return
        self._answer(serving, 200)
        self._end(ringing.serving.key, 487, "hung_up")

    def _end(self, key: tuple, status: int, result: str) -> None:
        """It rings no more."""
        ringing = self._ringing.pop(key, None)
        if ringing is None:
            return
        del self._tags[ringing.tag]
        if ringing.call.active():
            ringing.call.cancel()
        self._metrics.gauge(RINGING, len(self._ringing))
        self._answer(ringing.serving, status, ringing.tag)
        ring, rang_s = ringing.ring, self.exchange.now() - ringing.began_s
        if rang_s < self._section.min_ring_s:
            self._callers.rang_for_nothing(ring.msisdn, ring.did)
            self._count(ringing.trunk, "too_short")
            return
        self._count(ringing.trunk, result)
        log.debug("{msisdn} rang {did} over {trunk} for {rang_s:.1f} s", msisdn=mask(ring.msisdn), did=ring.did,
                  trunk=ringing.trunk.name, rang_s=rang_s, trace=trace_of(CHANNEL, ring.id))
        self._telling.tell(ShortMessage(CHANNEL, ring.id, ring.msisdn, ring.did, "", int(self._clock.seconds() * 1000),
                                        self._asked[ring.did]))

    # --- saying and counting

    def _answer(self, serving: Serving, status: int, tag: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.exchange.respond(serving, answer(serving.request, status, tag or "none", headers))

    def _count(self, trunk: Trunk, result: str) -> None:
        self._metrics.count(RINGS, trunk.name, result)


def _expires_s(request: Request) -> float | None:
    told = request.header("Expires")
    good = told is not None and told.isascii() and told.isdigit() and len(told) <= _EXPIRES_DIGITS_MAX
    return float(told) if good else None


def _shown(trunk: Trunk) -> dict:
    if trunk.heard_s is None:
        return {"name": f"SIP trunk {trunk.name}", "state": "silent", "why": "nothing has come from it yet"}
    return {"name": f"SIP trunk {trunk.name}", "state": "heard", "since": int(trunk.heard_s * 1000), "why": ""}
