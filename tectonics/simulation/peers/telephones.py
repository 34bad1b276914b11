"""The switch and the telephones behind it: whoever is rung answers, is busy, does not answer, talks, hangs up, as he pleases.

What each telephone does is drawn when its call is asked for.  People ask by USSD (the code of the service with a number) or
by a short message, each for a number of his own that nobody else asks for.
"""

import random
from functools import partial

from tectonics.simulation.callbook import Callbook, Request, Rung
from tectonics.simulation.calling import AREAS, CODE, FAR, FIRST, FREE, NEAR, SPARE, SWITCH_PORT
from tectonics.simulation.population.callers import callers
from tectonics.simulation.population.intents import CallMe
from tectonics.simulation.population.person import Person
from tectonics.simulation.stage import ASKED, HUNG_UP, PICKED_UP, RINGS, Stage
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.phone import Phone
from tectonics.simulators.phones.script import NEVER, Script
from tectonics.simulators.phones.switch import Switch

DESTINATIONS = ((NEAR, 7), (FAR, 2), (FREE, 2))
MANNERS = ("0{}", "0{}", "0033{}", "33{}")  # how a national number may be dialled
PLACES = 100_000  # numbers that differ within one destination, far enough apart to be no range together
REFUSALS = ((486, 17), (480, 0), (603, 21), (404, 1), (503, 0), (480, 20))
RINGS_S = 200.0  # a switch stops ringing by itself; longer than Timer C must be at least (RFC 3261, section 16.6), and than anybody is rung
LOOK_S = 9.0  # oftener than talk time is reserved
HOLDS = ("hold", "resume", "empty")


class TelephonePeer:
    """One switch for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("telephones")
        self.plan = stage.plan.calling
        self.line = Line(self._chance.getrandbits(32))
        self.switch = self._switch(stage.world.serve_datagrams(SWITCH_PORT, self._made), FIRST)
        self.spare = self._switch(stage.world.serve_datagrams(SWITCH_PORT, self._made, SPARE), SPARE) if self.plan.spare else None
        self.book: Callbook = stage.journal.calls
        self.book.session_s = self.plan.session_s
        self._people = {person.msisdn for person in stage.plan.people}
        self.newest = ""  # who asked last
        self._numbers = 0
        self._open: dict[Phone, Rung] = {}
        self._scripts = self.switch.scripts  # of both
        if self.spare is not None:
            self.spare.scripts = self._scripts

    def _made(self, clock) -> Switch:
        return Switch(clock, line=self.line)

    def _switch(self, switch: Switch, name: str) -> Switch:
        switch.on_rung, switch.on_over = partial(self._rings, name), self._over
        switch.sent = lambda: switch.transport.sent_at
        return switch

    @property
    def switches(self) -> list[Switch]:
        """Both, or the only one."""
        return [one for one in (self.switch, self.spare) if one is not None]

    # --- what people do

    def callers(self):
        """Those of the plan who want to be called back, each with the life in which he does."""
        plan = self._stage.plan
        return callers(plan.people, plan.calling, plan.pace, bool(plan.messaging.links))

    async def ask(self, person: Person, intent: CallMe) -> str:
        """He asks to be called back, by USSD or by message."""
        number, request = self.expect(person.msisdn, intent.mind, "sms" if intent.written else "ussd")
        if intent.written:
            request.shown = await self._stage.centre.write(person.msisdn, f"CALL {number}", intent.numbered)
        else:
            request.shown = await self._dial(person, number, request, intent.mind)
        return request.shown

    def expect(self, msisdn: str, mind: int, way: str) -> tuple[str, Request]:
        """He is about to ask for the number that is told: his telephone and the other one know what to do."""
        number, b = self._number()
        self._scripts[msisdn] = self._script(mind, True)
        self._scripts[b] = self._script(mind * 7 + 1, False)
        self.newest = msisdn
        request = self.book.asked(msisdn, b, self._stage.now_s, way)
        self._stage.happens(ASKED)
        return number, request

    def expects(self, msisdn: str, mind: int, b: str) -> None:
        """He has rung for a call-back, perhaps to `b`: the telephones are told what to do."""
        self._scripts[msisdn] = self._script(mind, True)
        if b:
            self._scripts[b] = self._script(mind * 7 + 1, False)
        self.newest = msisdn
        self._stage.happens(ASKED)

    async def _dial(self, person: Person, number: str, request: Request, mind: int) -> str:
        beside = [peer for peer in (self._stage.switch, self._stage.ussd) if peer is not None]
        chance = random.Random(f"{mind}:way")
        if not beside or chance.random() >= self.plan.beside:
            return (await self._stage.street.gateway.over_http(person.msisdn, CODE).dial(number)).text
        line = chance.choice(beside).begin(person.msisdn, CODE.removesuffix("#"))
        shown = self._stage.spawn(line.dial(number))
        request.session = line.session  # it has begun
        return (await shown).text

    def _number(self) -> tuple[str, str]:
        """A number as it is dialled, and its digits."""
        names, weights = zip(*DESTINATIONS, strict=True)
        area = AREAS[self._chance.choices(names, weights)[0]]
        self._numbers += 1
        place = self._numbers * 7919 % PLACES
        national = f"{area}{'7' if area == '1' else '1'}{place:05d}{self._numbers % 100:02d}"
        return self._chance.choice(MANNERS).format(national), "33" + national

    def _script(self, seed: int, ours: bool) -> Script:
        chance = random.Random(seed)
        common = {"timer": self.plan.session_s, "strict": True, "ring": chance.choice((0.1, 1.0, 3.0)),
                  "answer": chance.uniform(0.5, 15.0), "rings": RINGS_S, "trying": chance.random() < 0.9}
        luck = chance.random()
        if luck < 0.07:
            return Script(**common | {"answer": NEVER})
        if luck < 0.22:
            status, cause = chance.choice(REFUSALS)
            return Script(**common | {"answer": chance.uniform(0, 5)}, status=status, cause=cause)
        ends = chance.expovariate(1 / (100 * self.plan.patience)) if chance.random() < 0.7 else NEVER
        if ours and chance.random() < 0.06:
            ends = chance.uniform(0.0, 10.0)  # while the other one rings
        change = chance.uniform(1, 60) if chance.random() < 0.1 else NEVER
        vanish = chance.uniform(1, 100) if chance.random() < 0.04 else NEVER
        return Script(**common, hang_up=ends, change=change, how=chance.choice(HOLDS), vanish=vanish,
                      glare=chance.random() < 0.03, media=chance.random() > 0.02, empty=chance.random() > 0.1,
                      forks=1 + (chance.random() < 0.03))

    # --- what the switch sees

    def _rings(self, trunk: str, phone: Phone) -> None:
        rung = self.book.rang(phone, phone.call_id.rpartition(".")[0], self._people, self._stage.now_s, trunk)
        if rung is None:
            return
        self._open[phone] = rung
        self._read(rung)
        self._stage.happens(RINGS)
        self._stage.world.call_later(LOOK_S, self._look_again, rung)
        if phone.script.answer >= 0 and not phone.script.status:
            self._stage.world.call_later(max(0.0, phone.script.ring) + phone.script.answer, self._stage.happens, PICKED_UP)

    def _over(self, phone: Phone) -> None:
        rung = self._open.pop(phone, None)
        if rung is not None:
            self._read(rung)
            self._stage.happens(HUNG_UP)

    def _read(self, rung: Rung) -> None:
        call = self._stage.auditor.call_of(rung.msisdn)
        if call is not None and rung.leg in (call["a"]["id"], call["b"]["id"]):
            rung.call, rung.until_at = call["id"], max(rung.until_at, call.get("until_at", 0))

    def _look_again(self, rung: Rung) -> None:
        """Until when he may talk, which changes while he does."""
        if rung.phone in self._open:
            self._read(rung)
            self._stage.world.call_later(LOOK_S, self._look_again, rung)

    # --- what goes wrong, and the end

    def restart(self) -> None:
        """The switch knows of no call any more."""
        for one in self.switches:
            one.restart()

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.line.weather()
        self.line.orders.clear()
        for one in self.switches:
            one.away, one.options = False, True

    @property
    def open(self) -> bool:
        """Whether any telephone is not on its hook."""
        return any(not rung.is_over for rung in self._open.values())

