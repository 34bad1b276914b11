"""Signing in: from a number to a code by SMS, from the code to a visit, and nothing that tells who is a subscriber.

Asking for a code is answered at once, the same for every number, while the code is still on its way.  A wrong code is
answered after ANSWER_S, whatever was there to compare.  Limits stand in rows: so many codes and guesses of
one number (domain/login.py, in the account, on every node), of one address, and of all together (here, in memory:
a restart begins anew, and behind a load balancer each node counts its own).
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tectonics.config.self_care import SelfCare as Section
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.self_care import Visitor
from tectonics.oam.web.me.rates import Rates
from tectonics.ports import Alarms, Clock, Metrics, SelfCare

ANSWER_S = 0.7
HOUR_S, MINUTE_S = 3600, 60
AT_WORK_MAX = 200  # codes that are being written; a further one is told to come again
ALL = "all"
_log = Logger()


class TooOften(TheirFault):
    """A limit is reached."""


class Door:
    """One of a process."""

    def __init__(self, care: SelfCare, section: Section, clock: Clock, metrics: Metrics, alarms: Alarms,
                 new_id: Callable[[], str]) -> None:
        self._care, self._clock, self._metrics, self._alarms, self._new_id = care, clock, metrics, alarms, new_id
        self._codes = Rates(section.codes_per_hour, HOUR_S)
        self._guesses = Rates(section.guesses_per_hour, HOUR_S)
        self._floods = {"codes": Rates(section.per_minute, MINUTE_S), "guesses": Rates(section.per_minute, MINUTE_S)}
        self._calm: dict[str, object] = {}  # what of the two is flooded -> the delayed call that clears the alarm
        self.at_work = 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept, how much, its bound)."""
        return [("self-care codes at work", self.at_work, AT_WORK_MAX),
                ("self-care addresses", max(len(self._codes), len(self._guesses)), self._codes.keys_max)]

    def stop(self) -> None:
        """Waits for nothing any more."""
        for call in self._calm.values():
            call.cancel()
        self._calm.clear()

    # --- a code

    def ask(self, msisdn: str, source: str) -> None:
        """Has a code sent, if there is such a subscriber; TooOften says nothing about him either."""
        now_s = self._clock.seconds()
        self._bound("codes", self._codes, source, self._count_code)
        if self.at_work >= AT_WORK_MAX:
            self._count_code("busy")
            raise TooOften("too many codes at once")
        self._codes.note(source, now_s)
        self._floods["codes"].note(ALL, now_s)
        self.at_work += 1
        self._care.send_code(msisdn, self._new_id()).addBoth(self._sent)

    def _sent(self, result: str | Failure) -> None:
        self.at_work -= 1
        if isinstance(result, Failure):
            if not result.check(TheirFault, OurFault):
                _log.failure("a code could not be sent", result)
                self._alarms.raise_alarm("internal_fault", f"self-care: {result.getErrorMessage()}", "self_care")
            result = "failed"
        self._count_code(result)

    def _count_code(self, result: str) -> None:
        self._metrics.count("tectonics_self_care_codes_total", result)

    # --- a guess

    async def enter(self, msisdn: str, code: str, source: str) -> Visitor | None:
        """Who he is, if this is the code; a wrong one takes its time."""
        now_s = self._clock.seconds()
        self._bound("guesses", self._guesses, source, self._count_login)
        self._guesses.note(source, now_s)
        try:
            visitor = await self._care.enter(msisdn, code)
        except (TheirFault, OurFault):
            await self._until(now_s + ANSWER_S)
            self._count_login("failed")
            raise
        if visitor is None:
            self._floods["guesses"].note(ALL, now_s)
            await self._until(now_s + ANSWER_S)
        self._count_login("in" if visitor else "wrong")
        return visitor

    def _until(self, then_s: float) -> Deferred[None]:
        pause: Deferred[None] = Deferred()
        self._clock.callLater(max(0.0, then_s - self._clock.seconds()), pause.callback, None)
        return pause

    def _count_login(self, result: str) -> None:
        self._metrics.count("tectonics_self_care_logins_total", result)

    # --- limits

    def _bound(self, what: str, sources: Rates, source: str, count: Callable[[str], None]) -> None:
        now_s = self._clock.seconds()
        if not sources.allows(source, now_s):
            count("source")
            raise TooOften("too many from this address")
        if not self._floods[what].allows(ALL, now_s):
            count("flood")
            self._flooded(what)
            raise TooOften("too many from everywhere")

    def _flooded(self, what: str) -> None:
        if what in self._calm:
            self._calm[what].reset(2 * MINUTE_S)
            return
        told = {"codes": "codes are asked for", "guesses": "wrong codes are entered"}[what]
        self._alarms.raise_alarm("self_care_flood", f"more than {self._floods[what].most} {told} a minute", what)
        self._calm[what] = self._clock.callLater(2 * MINUTE_S, self._is_calm, what)

    def _is_calm(self, what: str) -> None:
        del self._calm[what]
        self._alarms.clear("self_care_flood", what)
