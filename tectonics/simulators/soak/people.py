"""Subscribers who borrow and recharge whatever happens, as people and gateways do.

A gateway that gets no answer sends the same POST again until it has one; a subscriber who is told
that his session is gone, or that everybody is busy, dials anew.  So every consent is answered in the
end, and what was answered is compared with what the books say.  Each subscriber does one thing after
the other; now and then he recharges while his session is open, or his confirmation arrives several
times at once.

`hammer` is the other way to live: sessions with every daemon, all at the point of consent, which then
confirm at the same moment; one of them at most may be granted.

Bounds: STEPS_MAX screens a session; each subscriber waits between TURN_S and has one request under way
(three where the POST is repeated, and HAMMERS sessions with each daemon when hammering).
"""

import json
import random
from datetime import UTC, datetime

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.task import deferLater

from tectonics.ports import Clock
from tectonics.simulators.soak.feed_sender import FeedSender
from tectonics.simulators.soak.journal import (
    BUSY,
    GRANTED,
    NOT_GRANTED,
    PENDING,
    Borrowed,
    Journal,
    Recharged,
    Unlike,
)
from tectonics.simulators.soak.routes import Routes
from tectonics.simulators.ussd_gateway import GatewayFault, Handset, read_screen

STEPS_MAX = 8
TURN_S = (0.0, 0.4)
REPOST_S = (0.02, 0.2)
RECHARGES_MINOR = (30, 100, 110, 200, 220, 500, 600, 1500)
LAST_RECHARGE_MINOR = 5000  # covers whatever a subscriber may owe
CURRENCY = "EUR"
HAMMERS = 2
_TOLD = {"You have received": GRANTED, "Your request is being": PENDING, "We are very busy": BUSY}


def told_by(text: str) -> str:
    """What a last screen says about the advance."""
    return next((word for beginning, word in _TOLD.items() if text.startswith(beginning)), NOT_GRANTED)


class Subscriber:
    """One of them; `random` is his own, so that a seed gives the same people."""

    def __init__(self, msisdn: str, routes: Routes, feed: FeedSender, journal: Journal, clock: Clock,
                 random: random.Random) -> None:
        self.msisdn = msisdn
        self.stopping = False
        self.reposted = 0
        self._routes, self._feed, self._journal = routes, feed, journal
        self._clock, self._random = clock, random
        self._recharges = 0

    async def live(self) -> None:
        """Until `stopping`; then one recharge that pays everything back."""
        while not self.stopping:
            await deferLater(self._clock, self._random.uniform(*TURN_S))
            if self._random.random() < 0.5:
                await self._recharge(self._random.choice(RECHARGES_MINOR))
            else:
                await self._borrow()
        await self._recharge(LAST_RECHARGE_MINOR)

    async def hammer(self) -> None:
        """Until `stopping`: confirms with every daemon at once, then pays everything back."""
        while not self.stopping:
            handsets = [self._routes.dial(self.msisdn, at)
                        for at in range(len(self._routes.gateways)) for _ in range(HAMMERS)]
            screens = await _all(self._to_consent(handset) for handset in handsets)
            await _all(self._consent(*session) for session in zip(handsets, screens, strict=True))
            await self._recharge(LAST_RECHARGE_MINOR)

    async def _to_consent(self, handset: Handset) -> tuple[bool, str]:
        more, text = await self._answer(handset, handset.first)
        for _ in range(STEPS_MAX):
            if not more or "Accept" in text:
                break
            more, text = await self._type(handset, "1", confirming=False)
        return more, text

    async def _consent(self, handset: Handset, screen: tuple[bool, str]) -> None:
        more, text = screen
        for _ in range(STEPS_MAX):
            if not more:
                break
            more, text = await self._type(handset, "1", confirming="Accept" in text)
        self._journal.write(Borrowed(self.msisdn, handset.session, told_by(text), text))

    async def _recharge(self, amount_minor: int, during: str = "") -> None:
        self._recharges += 1
        id = f"R{self.msisdn}-{self._recharges}"
        answer = await self._feed.send(id, _record(id, self.msisdn, amount_minor, self._clock.seconds()))
        self._journal.write(Recharged(self.msisdn, id, amount_minor, answer, during))

    async def _borrow(self) -> None:
        typed = self._random.choice("123")
        handset = self._routes.dial(self.msisdn)
        alongside = None
        more, text = await self._answer(handset, handset.first)
        for _ in range(STEPS_MAX):
            if not more:
                break
            confirming = "Accept" in text
            if confirming and alongside is None and self._random.random() < 0.2:
                alongside = Deferred.fromCoroutine(
                    self._recharge(self._random.choice(RECHARGES_MINOR), handset.session))
            more, text = await self._type(handset, "1" if confirming else typed, confirming)
        self._journal.write(Borrowed(self.msisdn, handset.session, told_by(text), text))
        if alongside is not None:
            await alongside

    async def _type(self, handset: Handset, typed: str, confirming: bool) -> tuple[bool, str]:
        if confirming and self._random.random() < 0.2:
            answers = await self._repeated(handset, typed)
            if len(set(answers)) == 1:
                return answers[0]
            if answers:
                self._journal.write(Unlike(self.msisdn, handset.session, [text for _, text in answers]))
            return await self._answer(handset, handset.again())
        return await self._answer(handset, handset.send(typed))

    async def _repeated(self, handset: Handset, typed: str) -> list[tuple[bool, str]]:
        """The same POST three times at once; the answers, if all came."""
        try:
            return [read_screen(*answer) for answer in await handset.together(3, typed)]
        except FirstError as error:
            error.subFailure.trap(GatewayFault)
            return []

    async def _answer(self, handset: Handset, asked: Deferred) -> tuple[bool, str]:
        """The screen, however often the POST has to be sent."""
        while True:
            try:
                return await asked
            except GatewayFault as fault:
                if fault.status not in (0, 503):
                    raise
            self.reposted += 1
            await deferLater(self._clock, self._random.uniform(*REPOST_S))
            asked = handset.again()


def _all(lives) -> Deferred[list]:
    return gatherResults([Deferred.fromCoroutine(life) for life in lives], consumeErrors=True)


def _record(id: str, msisdn: str, amount_minor: int, now_s: float) -> bytes:
    time = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"id": id, "type": "recharge", "msisdn": msisdn, "currency": CURRENCY, "time": time,
                       "amount": f"{amount_minor // 100}.{amount_minor % 100:02d}"}).encode()
