"""Carries out what people want: everybody's life, one intent after the other, on the world's clock."""

from twisted.internet.defer import gatherResults

from tectonics.simulation.peers.centre import PATIENCE_S
from tectonics.simulation.peers.feed import FeedSystem
from tectonics.simulation.peers.gateway import GatewayPeer, Line
from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import (
    Browse,
    CallMe,
    Dial,
    Enrol,
    HangUp,
    Happens,
    Intent,
    Life,
    Listen,
    Mail,
    Recharge,
    Ring,
    Rush,
    Screen,
    Spend,
    Subscribe,
    TakeBack,
    Type,
    Wait,
    Write,
)
from tectonics.simulation.population.life import live
from tectonics.simulation.population.person import Person
from tectonics.simulation.stage import Stage


class Street:
    """Everybody of the plan."""

    def __init__(self, stage: Stage, gateway: GatewayPeer, feed: FeedSystem) -> None:
        self._stage, self.gateway, self._feed = stage, gateway, feed
        self.talking = 0  # sessions that are open

    def begin(self) -> None:
        """They begin to live."""
        for person in self._stage.plan.people:
            self._stage.spawn(self._live(person, live(person)))
        if self._stage.centre is not None:
            for person, life in self._stage.centre.writers():
                self._stage.spawn(self._live(person, life))
        if self._stage.telephones is not None:
            for person, life in self._stage.telephones.callers():
                self._stage.spawn(self._live(person, life))

        if self._stage.carriers is not None:
            for person, life in self._stage.carriers.ringers():
                self._stage.spawn(self._live(person, life))

        if self._stage.visitors is not None:
            for person, life in self._stage.visitors.visitors():
                self._stage.spawn(self._live(person, life))

        if self._stage.mail is not None:
            for person, life in self._stage.mail.correspondents():
                self._stage.spawn(self._live(person, life))

    async def _live(self, person: Person, life: Life) -> None:
        seen, line = None, None
        while True:
            intent = life.send(seen)
            if isinstance(intent, Wait):
                await self._stage.sleep(intent.seconds)
                if self._stage.ending:
                    return
                seen = None
            elif isinstance(intent, Dial | Type | HangUp):
                line, seen = await self._talk(person, line, intent)
            elif isinstance(intent, Rush):
                await self._rush(person, intent.sessions)
            elif isinstance(intent, CallMe):
                self.talking += 1
                seen = await self._stage.telephones.ask(person, intent)
                self.talking -= 1
            elif isinstance(intent, Ring):
                self.talking += 1
                seen = await self._stage.carriers.ring(person, intent)
                self.talking -= 1
            elif isinstance(intent, Browse):
                self.talking += 1
                seen = await self._stage.visitors.visit(person, intent.mind)
                self.talking -= 1
            elif isinstance(intent, Subscribe):
                self._stage.spawn(self._stage.operators.subscribe(person.msisdn, intent.value))
            elif isinstance(intent, Mail):
                self._stage.mail.write(person, intent)
            elif isinstance(intent, Enrol):
                self._stage.spawn(self._stage.mail.enrol(person))
            elif isinstance(intent, Write | Listen):
                seen = await self._write(person, intent)
            else:
                seen = self._outside(person, intent)

    async def _talk(self, person: Person, line: Line | None, intent: Dial | Type | HangUp):
        self.talking += 1
        try:
            match intent:
                case Dial(inputs):
                    line = self.gateway.begin(person.msisdn)
                    return line, await line.dial(inputs)
                case Type(text):
                    return line, await line.type(text)
            await line.hang_up()
            return None, Screen("")
        finally:
            self.talking -= 1

    async def _write(self, person: Person, intent: Write | Listen) -> str:
        centre = self._stage.centre
        if isinstance(intent, Listen):
            return await centre.listen(person.msisdn, PATIENCE_S)
        self.talking += 1
        try:
            return await centre.write(person.msisdn, intent.text, intent.numbered < self._stage.plan.messaging.numbered)
        finally:
            self.talking -= 1

    async def _rush(self, person: Person, count: int) -> None:
        self.talking += 1
        ready = []
        for _ in range(count):
            line = self.gateway.begin(person.msisdn)
            screen = await line.dial("")
            keys = screens.offers(screen.text)
            if keys:
                screen = await line.type(keys[0])
            asked = screens.consent(screen.text)  # at once where an earlier session ended there
            if asked:
                ready.append((line, asked.yes))
        await gatherResults([self._stage.spawn(line.type(yes)) for line, yes in ready])
        self.talking -= 1

    def _outside(self, person: Person, intent: Intent) -> str | None:
        match intent:
            case Recharge(amount_minor, kind):
                return self._feed.tell("recharge", person.msisdn, amount_minor, kind)
            case TakeBack(recharge):
                return self._feed.tell("reversal", person.msisdn, ref=recharge)
            case Happens(change, value):
                return self._feed.tell("lifecycle", person.msisdn, kind=change, ref=value)
            case Spend(amount_minor):
                there = self._stage.auditor.balance_minor(person.msisdn)
                if there > 0:
                    self._stage.world.spend(person.msisdn, min(amount_minor, there))
        return None
