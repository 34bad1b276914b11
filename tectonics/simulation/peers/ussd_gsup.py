"""The home location register and the switch behind it: some of the sessions go through them, over GSUP.

The route of the code leads to one node, under that node's own name, until an operator moves it.  Where no screen comes within the
switch's patience it gives the session up, and the subscriber sees nothing.
"""

from tectonics.simulation.journal import Step
from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import Screen
from tectonics.simulation.stage import CONFIRMED, Stage
from tectonics.simulation.switchbook import Switched
from tectonics.simulation.switching import CALL_CODE, CODE, CTRL_PORT, GSUP_PORT, imsi_of, name_of
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.ussd_gsup.handset import Handset
from tectonics.simulators.ussd_gsup.lines import EntityLine
from tectonics.simulators.ussd_gsup.register import Register
from tectonics.wire.gsup.message import Message

LATE_S = 12.0
MORE_S = 10.0  # how much longer than the guard timer the switch waits
UNSERVED = Screen("")
CONNECTED_S = 120.0  # within which a link is up again when nothing is wrong any more


class RegisterPeer:
    """One register and one switch for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("register")
        self.plan = stage.plan.switching
        self.patience_s = self.plan.session_s + MORE_S
        faults = Faults(self._chance.getrandbits(32), LATE_S)
        stage.world.serve(GSUP_PORT, lambda clock: self._make(clock, faults).gsup)
        stage.world.serve(CTRL_PORT, lambda clock: self.register.control)
        self.register.numbers = {imsi_of(person.msisdn): person.msisdn for person in stage.plan.people}
        self.register.on_begin = self._told
        self.route(self._chance.choice(stage.nodes))

    def _make(self, clock, faults: Faults) -> Register:
        self.register = Register(clock, guard_s=self.plan.session_s, patience_s=self.patience_s, faults=faults)
        return self.register

    def route(self, node: str) -> None:
        """The operator lets the codes lead there."""
        self.register.routes[CODE] = self.register.routes[CALL_CODE] = name_of(node)

    def takes(self) -> bool:
        """Whether the next session is the switch's."""
        return self._chance.random() < self.plan.dialers

    def begin(self, msisdn: str, code: str = CODE) -> "SwitchLine":
        """A session that has not been dialled yet."""
        return SwitchLine(self, self._stage, msisdn, code)

    def _told(self, line: EntityLine, message: Message) -> None:
        machine = self._stage.world.machines[line.transport.getPeer().host]
        self._stage.journal.switch.told(message.imsi, message.session, round(machine.time() * 1000))

    # --- the end

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        register = self.register
        for kind in register.faults.struck:
            register.faults.order(kind)
        register.begin()
        for node in self._stage.nodes:
            register.vacate(name_of(node))
        register.guard_s = self.plan.session_s

    async def serves(self) -> None:
        """When all is well whoever dials is answered, at each node; and what is left of any session comes to its end."""
        stage = self._stage
        await stage.sleep(CONNECTED_S)
        for node in stage.nodes:
            self.route(node)
            screen = await self.begin(stage.plan.people[0].msisdn).dial("0")
            if not screen.text:
                stage.journal.switch.unserved.append(node)
        await stage.sleep(self.patience_s)


class SwitchLine:
    """One session of one subscriber, as peers/gateway.py's Line."""

    def __init__(self, peer: RegisterPeer, stage: Stage, msisdn: str, code: str) -> None:
        self._peer, self._stage, self._msisdn, self._code = peer, stage, msisdn, code
        self._handset: Handset | None = None
        self.session: Switched | None = None

    async def dial(self, inputs: str) -> Screen:
        """The first request, with what was dialled beyond the code."""
        code, imsi = f"{self._code}*{inputs}#" if inputs else f"{self._code}#", imsi_of(self._msisdn)
        register = self._peer.register
        self.session = self._stage.journal.switch.began(imsi, self._msisdn, register.number)
        self._handset = register.dial(imsi, code)
        return await self._see(code, self._handset.next())

    async def type(self, text: str) -> Screen:
        """The next one."""
        if not self._handset.waits:
            return UNSERVED
        asked = screens.consent(self._handset.seen.text)
        if asked is not None and text.strip() == asked.yes:
            self.session.consents.append(asked)
            self.session.agreed_s.append(self._stage.now_s)
            self._stage.happens(CONFIRMED)
        return await self._see(text, self._handset.type(text))

    async def hang_up(self) -> None:
        """Leaves it."""
        self._handset.hang_up()

    async def _see(self, typed: str, screen) -> Screen:
        step = Step(self._stage.now_s, typed)
        self.session.steps.append(step)
        seen = await self._stage.within(screen, 2 * self._peer.patience_s)
        shown = UNSERVED if seen is None else Screen(seen.text, seen.more)
        step.text, step.more, step.answered_s = shown.text or None, shown.more, self._stage.now_s
        return shown
