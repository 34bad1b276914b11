"""The USSD gateway over SMPP: some of the sessions go through it, in the dialect that the plan has drawn.

Its faults are those of simulators/ussd_smpp; a share of what it says is said again, now or a little later.  Where no
screen comes within PATIENCE_S the network gives the session up, and the subscriber sees nothing.
"""

import random
from collections import defaultdict

from twisted.internet.defer import Deferred

from tectonics.config.dialects import read_dialect
from tectonics.domain.dialects import Dialect
from tectonics.simulation.journal import Step
from tectonics.simulation.messaging import USSD_PORT
from tectonics.simulation.peers.centre import calm
from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import Screen
from tectonics.simulation.postbook import Call
from tectonics.simulation.shape import DIALECTS
from tectonics.simulation.stage import CONFIRMED, Stage
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.smsc.session import EsmeSession
from tectonics.simulators.ussd_smpp.gateway import Said, UssdGateway
from tectonics.simulators.ussd_smpp.handset import Handset

PATIENCE_S, LATE_S = 25.0, 12.0
AGAIN, AGAIN_S_MAX = 0.05, 30.0  # share of what is said that is said again, and how much later
UNBOUND = Screen("")
CODE = "*133"


class SmppGatewayPeer:
    """One gateway for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("ussd gateway")
        name = stage.plan.messaging.dialect
        dialect, _ = read_dialect(DIALECTS / f"{name}.yaml", name)
        faults, echo = Faults(self._chance.getrandbits(32), LATE_S), self._chance.random() < 0.5
        self.gateway: Gateway = stage.world.serve(USSD_PORT, lambda clock: Gateway(
            clock, dialect, self._chance, echo=echo, faults=faults, patience_s=PATIENCE_S))

    def takes(self) -> bool:
        """Whether the next session is this gateway's."""
        return self._chance.random() < self._stage.plan.messaging.dialers

    def begin(self, msisdn: str, code: str = CODE) -> "SmppLine":
        """A session that has not been dialled yet."""
        call = Call(msisdn)
        self._stage.journal.post.calls[msisdn].append(call)
        return SmppLine(self, call, self._stage, code)

    def said(self, handset: Handset) -> None:
        """Now and then it is said again."""
        if not self._stage.peaceful and self._stage.plan.options.faults and self._chance.random() < AGAIN:
            self._stage.world.call_later(self._chance.choice((0.0, AGAIN_S_MAX)) * self._chance.random(), handset.again,
                                         len(handset.said) - 1)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        calm(self.gateway)


class Gateway(UssdGateway):
    """Says all of a session to one node, as docs/ussd-smpp.md asks; to another one only when that has gone."""

    def __init__(self, clock, dialect: Dialect, chance: random.Random, **options) -> None:
        super().__init__(clock, dialect, **options)
        self._chance = chance
        self._homes: dict[Handset, str] = {}  # the machine that has the session
        self.begun: dict[Handset, list[float]] = defaultdict(list)  # when a node was told that it begins; as long as the run is

    def deliver_waiting(self) -> None:
        """Says what there is room for."""
        for _ in range(len(self._waiting)):
            said = self._waiting.popleft()
            if self.stale(said):
                continue
            session = self._home(said.handset)
            if session is None or not session.room:
                self._waiting.append(said)
            else:
                self._deliver(session, said)

    def _deliver(self, session: EsmeSession, said: Said) -> None:
        if said.pdu is said.handset.said[0]:
            self.begun[said.handset].append(self.clock.seconds())
        super()._deliver(session, said)

    def _home(self, handset: Handset) -> EsmeSession | None:
        bound = {session.transport.getPeer().host: session for session in self.sessions if session.room}
        if self._homes.get(handset) not in bound and bound:
            self._homes[handset] = self._chance.choice(sorted(bound))
        return bound.get(self._homes.get(handset, ""))

    def forget(self, handset: Handset) -> None:
        """A session is over."""
        super().forget(handset)
        self._homes.pop(handset, None)


class SmppLine:
    """One session of one subscriber, as peers/gateway.py's Line."""

    def __init__(self, peer: SmppGatewayPeer, call: Call, stage: Stage, code: str) -> None:
        self.call = self.session = call
        self._code = code
        self._peer, self._stage = peer, stage
        self._handset: Handset | None = None
        self._shown = UNBOUND

    async def dial(self, inputs: str) -> Screen:
        """The first request, with what was dialled beyond the code."""
        code = f"{self._code}*{inputs}#" if inputs else f"{self._code}#"
        self._handset = self._peer.gateway.dial(self.call.msisdn, code)
        self.call.begun = self._peer.gateway.begun[self._handset]
        return await self._see(code, self._handset.next())

    async def type(self, text: str) -> Screen:
        """The next one."""
        asked = screens.consent(self._shown.text)
        if asked is not None and text.strip() == asked.yes:
            self.call.consents.append(asked)
            self._stage.happens(CONFIRMED)
        if self._handset.over:
            return UNBOUND
        return await self._see(text, self._handset.type(text))

    async def hang_up(self) -> None:
        """Leaves it."""
        if not self._handset.over:
            self._handset.hang_up()

    async def _see(self, typed: str, screen: Deferred) -> Screen:
        step = Step(self._stage.now_s, typed)
        self.call.steps.append(step)
        self._peer.said(self._handset)
        seen = await self._stage.within(screen, 2 * PATIENCE_S)
        self._shown = UNBOUND if seen is None else Screen(seen.text, seen.more)
        step.text, step.more, step.answered_s = self._shown.text or None, self._shown.more, self._stage.now_s
        return self._shown
