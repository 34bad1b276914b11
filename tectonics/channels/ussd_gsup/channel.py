"""The channel: a session of the network, its subscriber's number, the dialogue, and back.

    Dialled ──▶ whose IMSI? ──▶ dialogue.step ──▶ asked (the session goes on) or ended
    Answered ─────────────────▶ dialogue.step ──▶ ...
    Ended, Undelivered ──▶ dialogue.ended

The entity (wire/gsup) keeps the network's rules, the links (links/ipa) the connections; this file joins them to
ports.Dialogue.  The subscriber always reads something: who cannot be found, or asked for in time, or served is told
so in a text, because OsmoHLR shows no error of ours.  A session whose subscriber is silent for the network's guard
time less GUARD_LESS_S ends with a text; the dialogue answers within its budget, which is shorter.

A screen that is ready while the link is down waits for it, as sessions outlive connections at the HLR.
When the process dies here, sessions are forgotten: what the subscriber types next is not answered, the guard timer
of the HLR ends his session, and he dials again.  Money is not concerned: a step that moved some has committed its
trigger, and the result goes out by SMS too.

Bounds: `SESSIONS_MAX` sessions, further dials are told that we are busy; a stop waits STOP_S for answers under way.
"""

import random
from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.channels.service_codes import ServiceCodes
from tectonics.channels.ussd_gsup.talk import Talk, text_of, words_of
from tectonics.config.gsup import UssdGsup as Section
from tectonics.domain.errors import BadMessage, BadNumber
from tectonics.domain.messages import Catalogue
from tectonics.domain.msisdn import mask, parse_msisdn
from tectonics.domain.outcome import Unavailable
from tectonics.domain.screens import Screen
from tectonics.domain.text import cut
from tectonics.domain.trace import trace_of
from tectonics.links.ipa.line import Line
from tectonics.links.ipa.subscribers import Subscribers
from tectonics.ports import Alarms, Clock, Dialogue, Metrics
from tectonics.ports.areas import area
from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import (
    LATE,
    SILENT,
    TOO_MANY,
    Answered,
    Dialled,
    Ended,
    Ignored,
    Key,
    Refused,
    Undelivered,
    Up,
)
from tectonics.wire.map.ussd import Words

CHANNEL = "ussd_gsup"
REQUESTS = "tectonics_channel_requests_total"
ENDS = "tectonics_gsup_sessions_total"
SESSIONS_MAX = 10_000
GUARD_LESS_S = 2.0  # the HLR's timer began earlier than ours, and our last word takes its time
STOP_S = 2.0
_ENDS = {SILENT: "silent", LATE: "late"}

log = Logger()
detail = area(__name__)


class UssdGsup:
    """The channel to one HLR: `endpoint` is its GSUP port, `control` its CTRL port; `codes` are served (`*133#`)."""

    def __init__(self, endpoint, control, dialogue: Dialogue, section: Section, *, clock: Clock, metrics: Metrics,
                 alarms: Alarms, catalogue: Catalogue, codes: Iterable[str], country_code: str = "",
                 jitter: Callable[[], float] = random.random, sessions_max: int = SESSIONS_MAX) -> None:
        self._dialogue, self._clock, self._metrics, self._catalogue = dialogue, clock, metrics, catalogue
        self._codes, self._country_code, self._sessions_max = ServiceCodes(codes), country_code, sessions_max
        self._style = section.style()
        excuses = Excuses(over=self._words("session.gone"), busy=self._words("busy"))
        limits = Limits(sessions_max=sessions_max, guard_s=section.session_s - GUARD_LESS_S)
        self._entity = Entity(f"EUSE-{section.name}", excuses, limits)
        self._line = Line("gsup", endpoint, self._entity, self._heard, clock=clock, metrics=metrics, alarms=alarms,
                          jitter=jitter)
        self._subscribers = Subscribers(control, clock=clock, metrics=metrics, alarms=alarms,
                                        keep_s=section.imsi_keep_s, jitter=jitter)
        self._talks: dict[Key, Talk] = {}  # as many as the entity has sessions
        self._stopping: Deferred | None = None

    def start(self) -> None:
        """Connects, and again whenever a connection is lost."""
        self._subscribers.start()
        self._line.start()

    def stop(self) -> Deferred[None]:
        """Takes no dials any more, tells those who read a menu, waits a moment for the others, and disconnects."""
        self._stopping = Deferred()
        self._stopping.addTimeout(STOP_S, self._clock, lambda *_: None)
        for talk in [talk for talk in self._talks.values() if talk.asked]:
            self._end(talk, "session.gone", "stopped")
        self._see_stopped()
        return Deferred.fromCoroutine(self._stopped(self._stopping))

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("USSD sessions of the HLR", self._entity.sessions, self._sessions_max),
                ("USSD menus of the HLR", len(self._talks), self._sessions_max), *self._subscribers.loads()]

    def shown(self) -> list[dict]:
        """Both links, for people."""
        return [self._line.shown(), self._subscribers.shown()]

    async def _stopped(self, answered: Deferred) -> None:
        await answered
        for talk in tuple(self._talks.values()):
            self._end(talk, "session.gone", "stopped")
        await self._subscribers.stop()
        await self._line.stop()

    def _see_stopped(self) -> None:
        if self._stopping is not None and not self._talks and not self._stopping.called:
            self._stopping.callback(None)

    # --- what the network says

    def _heard(self, event) -> None:
        match event:
            case Up():
                self._subscribers.hurry()
                self._say_unsaid()
            case Dialled(key, words):
                self._dialled(key, words)
            case Answered(key, _, words) if key in self._talks:
                self._answered(self._talks[key], words)
            case Ended(key, why):
                self._over(key, _ENDS.get(why, "network"))
            case Undelivered(key) if key in self._talks:
                self._over(key, "undelivered")
            case Undelivered():
                self._count("bad")
            case Refused(key, why):
                self._count("refused" if why == TOO_MANY else "bad")
                self._over(key, "refused")
            case Ignored(why):
                self._count("bad")
                log.debug("Something from the HLR is ignored: {why}", why=why)

    def _dialled(self, key: Key, words: Words) -> None:
        talk = self._talks[key] = Talk(key, self._now())
        if self._stopping is not None:
            self._end(talk, "busy", "stopped")
            return
        self._serve(talk, self._begin(talk, text_of(words)))

    def _answered(self, talk: Talk, words: Words) -> None:
        talk.asked = False
        talk.typed(text_of(words))
        self._serve(talk, self._step(talk, self._now()))

    def _over(self, key: Key, end: str) -> None:
        """A session is over, not by a screen of ours."""
        self._metrics.count(ENDS, end)
        talk = self._talks.pop(key, None)
        if talk is not None and talk.msisdn:
            self._dialogue.ended(self._style, talk.session, talk.msisdn)
        self._see_stopped()

    # --- what the dialogue says

    def _serve(self, talk: Talk, work) -> None:
        serving = Deferred.fromCoroutine(work)
        serving.addCallback(self._show, talk)
        serving.addErrback(self._fault, talk)

    async def _begin(self, talk: Talk, dialled: str) -> tuple[Screen, str]:
        """The first screen, and how the request is counted."""
        try:
            talk.code, typed = self._codes.split(dialled)
        except BadMessage:
            return self._last("code.unknown"), "bad"
        known = await self._subscribers.msisdn(talk.key.imsi)
        if isinstance(known, Unavailable):
            return self._last("busy"), "unavailable"
        try:
            talk.msisdn = parse_msisdn(known or "", self._country_code)
        except BadNumber:
            return self._last("refused.unknown_subscriber"), "unknown"
        talk.typed(typed)
        return await self._step(talk, talk.began_at)

    async def _step(self, talk: Talk, at: int) -> tuple[Screen, str]:
        if self._talks.get(talk.key) is not talk:  # over while its number was looked up
            return self._last("session.gone"), "late"
        if detail.debug:
            log.debug("{msisdn} dials or goes on with {code}", msisdn=mask(talk.msisdn), code=talk.code,
                      trace=trace_of(CHANNEL, talk.session))
        return await self._dialogue.step(self._style, talk.dialled(at)), "ok"

    def _show(self, answer: tuple[Screen, str], talk: Talk) -> None:
        screen, result = answer
        if self._talks.get(talk.key) is not talk:
            self._count("late")
            return
        self._count(result)
        self._say(talk, screen)

    def _fault(self, failure, talk: Talk) -> None:
        log.failure("A step of a USSD session failed: a fault of ours", failure, trace=trace_of(CHANNEL, talk.session))
        self._count("error")
        if self._talks.get(talk.key) is talk:
            self._say(talk, self._last("busy"))

    # --- what we say

    def _say(self, talk: Talk, screen: Screen) -> None:
        """Shows a screen now, or once the link is up."""
        if not self._entity.up:
            talk.unsaid = screen
        elif not screen.more:
            self._end_with(talk, words_of(screen.text), "answered")
        elif self._stopping is not None:
            self._end(talk, "session.gone", "stopped")
        else:
            self._entity.ask(talk.key, words_of(screen.text), self._line.now())
            self._line.flush()
            talk.unsaid, talk.asked = None, True

    def _say_unsaid(self) -> None:
        for talk in [talk for talk in self._talks.values() if talk.unsaid is not None]:
            self._say(talk, talk.unsaid)

    def _end(self, talk: Talk, key: str, end: str) -> None:
        self._end_with(talk, self._words(key), end)

    def _end_with(self, talk: Talk, words: Words, end: str) -> None:
        self._entity.end(talk.key, words)
        self._line.flush()
        del self._talks[talk.key]
        self._metrics.count(ENDS, end)
        self._see_stopped()

    def _last(self, key: str) -> Screen:
        return Screen(cut(self._catalogue.text(key, ""), self._style), more=False)

    def _words(self, key: str) -> Words:
        return words_of(self._last(key).text)

    def _count(self, result: str) -> None:
        self._metrics.count(REQUESTS, CHANNEL, result)

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)
