"""Carriers, and who is none: people ring our numbers over them, hang up or wait until the call is declined.

A call goes to one node; where nothing is heard, or 503, the carrier tries another one under the same Call-ID; now and then it
tries two ways at once.  A few callers withhold their number, name one of ours, come with a wrong password or with the number of
somebody else in a header that nobody should believe; some calls come from an address that is no carrier's.
"""

import random

from twisted.internet.defer import Deferred

from tectonics.simulation.machine.datagrams import address_of
from tectonics.simulation.peers.centre import PATIENCE_S
from tectonics.simulation.population.intents import Ring as Wanted
from tectonics.simulation.population.person import Person
from tectonics.simulation.population.ringers import ringers
from tectonics.simulation.ringbook import RINGS, Ring, Tried
from tectonics.simulation.ringing import (
    FIXED,
    FIXED_MAX,
    NUMBERS,
    OPEN,
    PASSWORD,
    PROVEN,
    RING_PORT,
    STRANGER,
    TRUNK_PORT,
    USER,
    fixed_number,
    fixed_to,
)
from tectonics.simulation.stage import DECLINED, RUNG, Stage
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.trunk import Dialled, Trunk, Try

SILENT_S = 4.0  # then another node is tried
LONGER_S = 40.0  # than it rings a caller never waits; a final answer is repeated for 32
STORM_S = 64.0  # so long what was lost before may still be missed
SHORT_S = 0.3  # a caller who hangs up so soon wanted nothing
FLOOD = 40  # calls at once
UNKNOWN_DID = "33800199999"
SERVED_S = 60.0
RESTED_S = 3600.0 + 2 * STORM_S  # `caller_per_hour` counts within an hour; a call may be tried for so long after it began


class CarrierPeer:
    """All carriers for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.plan = stage, stage.plan.ringing
        self._chance = stage.world.random("carriers")
        self.line = Line(self._chance.getrandbits(32))
        self.storm_until_s = 0.0  # what is on the way may be lost until then
        self.book = stage.journal.rings
        self.book.repeat_s, self.book.refuses = self.plan.repeat_s, self.plan.strangers == "refuse"
        self._trunks = {name: stage.world.serve_datagrams(TRUNK_PORT, self._trunk, name) for name in (OPEN, PROVEN, STRANGER)}
        self._people = {person.msisdn: number for number, person in enumerate(stage.plan.people)}
        self._numbers = 0
        self._open: dict[Try, tuple[Deferred, Deferred]] = {}  # fires when anything is heard, and when it is over
        self._tried: dict[Try, Tried] = {}  # all of them, which the book keeps too: it may ring when nobody waits any more
        if stage.telephones is not None:
            stage.telephones.book.fixed = {fixed_to(n): msisdn for msisdn, n in self._people.items() if n < FIXED_MAX}

    def _trunk(self, clock) -> Trunk:
        trunk = Trunk(clock, USER, self.line)
        trunk.on_heard, trunk.on_end = self._heard, self._ended
        return trunk

    # --- what people do

    def ringers(self):
        """Those of the plan who ring, each with the life in which he does."""
        plan = self._stage.plan
        return ringers(plan.people, self.plan, plan.pace, bool(plan.messaging.links), bool(plan.calling))

    async def ring(self, person: Person, wanted: Wanted) -> str:
        """He rings; the text of the message that he reads first, if one comes soon."""
        stage, centre = self._stage, self._stage.centre
        reading = stage.spawn(centre.listen(person.msisdn, self.plan.ring_s + PATIENCE_S)) if centre is not None else None
        chance = random.Random(wanted.mind)
        if stage.telephones is not None:
            stage.telephones.expects(person.msisdn, wanted.mind, self._leads_to(person.msisdn, wanted.service))
        ring = self._placed(person.msisdn, wanted.service, chance)
        await self._through(ring, chance, self._hangs_up_s(chance))
        return await reading if reading is not None else ""

    def _hangs_up_s(self, chance: random.Random) -> float:
        """After he has heard it ring."""
        luck = chance.random()
        return SHORT_S if luck < 0.1 else chance.uniform(1.5, self.plan.ring_s) if luck < 0.35 else 1e6

    def _leads_to(self, msisdn: str, service: str) -> str:
        return fixed_to(self._people[msisdn]) if service == FIXED and self._people[msisdn] < FIXED_MAX else ""

    def _placed(self, msisdn: str, service: str, chance: random.Random) -> Ring:
        self._numbers += 1
        number = self._people[msisdn]
        did = NUMBERS.get(service) or (fixed_number(number) if number < FIXED_MAX else UNKNOWN_DID)
        carrier = PROVEN if chance.random() < self.plan.proven else OPEN
        cli, good, luck = msisdn, did != UNKNOWN_DID, chance.random()
        if luck < 0.05:
            carrier, good = STRANGER, False
        elif luck < 0.08:
            cli, good = "", False
        elif luck < 0.10:
            cli, good = NUMBERS["lend"], False
        elif luck < 0.12:
            did, good = UNKNOWN_DID, False
        elif luck < 0.18 and carrier == PROVEN:
            good = False  # it has the wrong password
        long = "x" * 90 if chance.random() < 0.1 else ""
        return self.book.rang(Ring(f"{self._numbers}-{msisdn}{long}@{carrier}", msisdn, cli, did, service, carrier,
                                   self._stage.now_s, good))

    def _dialled(self, ring: Ring, chance: random.Random) -> Dialled:
        form = chance.choice(("<sip:+{}@carrier.example;user=phone>", "<tel:+{}>", '"Caller" <sip:{}@carrier.example>'))
        headers = [f"P-Asserted-Identity: {form.format(ring.cli)}"] if ring.cli else []
        if chance.random() < 0.2:  # believed by nobody
            headers.append(f"Remote-Party-ID: <sip:+{self._somebody(chance)}@carrier.example>;party=calling;screen=yes")
        wrong = ring.carrier == PROVEN and not ring.good and ring.cli == ring.msisdn and ring.did != UNKNOWN_DID
        password = "" if ring.carrier != PROVEN else "guessed" if wrong else PASSWORD
        return Dialled(ring.call_id, ring.did, tuple(headers), password)

    def _somebody(self, chance: random.Random) -> str:
        return chance.choice(self._stage.plan.people).msisdn

    # --- one call

    async def _through(self, ring: Ring, chance: random.Random, hangs_up_s: float) -> None:
        """By one way after the other until one is answered."""
        dialled, trunk, nodes = self._dialled(ring, chance), self._trunks[ring.carrier], list(self._stage.nodes)
        chance.shuffle(nodes)
        if chance.random() < 0.06:
            self._stage.spawn(self._try(ring, dialled, chance.choice(nodes), hangs_up_s))  # beside the other
        for node in nodes:
            one = await self._try(ring, dialled, node, hangs_up_s)
            if one.final not in (0, 503):
                return
            if ring.forged:
                return
        trunk.strays = 0

    async def _try(self, ring: Ring, dialled: Dialled, node: str, hangs_up_s: float) -> Try:
        stage, trunk = self._stage, self._trunks[ring.carrier]
        program = stage.world.processes[node]
        tried = Tried(None, node, program.lives, program.serving and not program.leaving and self._calm())
        heard, over = Deferred(), Deferred()
        seen = tried.seen = trunk.call(dialled, (address_of(node), RING_PORT))
        self._open[seen], self._tried[seen] = (heard, over), tried
        ring.tries.append(tried)
        await stage.within(heard, SILENT_S)
        if seen.statuses and not seen.ended_at:
            if hangs_up_s < LONGER_S:
                stage.world.call_later(hangs_up_s, self._hang_up, trunk, seen)
            await stage.within(over, self.plan.ring_s + LONGER_S)
        trunk.give_up(seen)
        return seen

    def _hang_up(self, trunk: Trunk, seen: Try) -> None:
        if not seen.ended_at:
            trunk.hang_up(seen)

    def _heard(self, seen: Try, status: int) -> None:
        tried = self._tried[seen]
        if status == RINGS and not tried.rang_life:
            tried.rang_life = self._stage.world.processes[tried.node].lives
        if seen in self._open:
            heard, _ = self._open[seen]
            if not heard.called:
                self._stage.world.call_later(0, _fire, heard)
            if status == RINGS:
                self._stage.happens(RUNG)

    def _ended(self, seen: Try) -> None:
        tried, (heard, over) = self._tried[seen], self._open.pop(seen)
        program = self._stage.world.processes[tried.node]
        tried.clear = tried.clear and program.serving and not program.leaving and program.lives == tried.life and self._calm()
        tried.over = True
        for one in (heard, over):
            self._stage.world.call_later(0, _fire, one)
        self._stage.happens(DECLINED)

    # --- what goes wrong, and the end

    def weather(self, **wrong: float) -> None:
        """From now on so much goes wrong on the way; without arguments nothing."""
        self.line.weather(**wrong)
        self.storm_until_s = 1e12 if wrong else self._stage.now_s + STORM_S

    def _calm(self) -> bool:
        return self._stage.now_s >= self.storm_until_s

    def flood(self) -> None:
        """Many calls at once, by everybody, of which nobody waits for anything."""
        chance = self._chance
        for _ in range(FLOOD):
            ring = self._placed(self._somebody(chance), chance.choice(list(NUMBERS)), chance)
            self._stage.spawn(self._try(ring, self._dialled(ring, chance), chance.choice(self._stage.nodes), SHORT_S))

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.weather()
        self.line.orders.clear()

    @property
    def open(self) -> bool:
        """Whether any call rings."""
        return bool(self._open)

    async def serves(self) -> None:
        """When all is well whoever rings is heard, at each node, unless he has rung too often before."""
        stage, chance = self._stage, random.Random(0)
        await stage.sleep(2 * STORM_S)
        for number, node in enumerate(stage.nodes):
            msisdn = await self._rested()
            ring = self.book.rang(Ring(f"last-{number}@{OPEN}", msisdn, msisdn, NUMBERS["lend"], "lend", OPEN, stage.now_s, True))
            await self._try(ring, self._dialled(ring, chance), node, 1e6)
            if not any(one.rang for one in ring.tries) or ring.tries[-1].seen.final != self.plan.status:
                self.book.unserved.append(node)
            await stage.sleep(SERVED_S)

    async def _rested(self) -> str:
        """Who has not rung for longest, as soon as no limit can hold for him, though a clock was fast when he rang."""
        rang = {msisdn: self.book.last_s(msisdn) for msisdn in self._people}
        msisdn = min(rang, key=rang.get)
        await self._stage.sleep(max(0.0, rang[msisdn] + RESTED_S + self._stage.world.apart_s - self._stage.now_s))
        return msisdn


def _fire(deferred: Deferred) -> None:
    if not deferred.called:
        deferred.callback(None)
