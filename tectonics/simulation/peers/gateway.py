"""The USSD gateway: serves people's sessions, and does what gateways do wrong.

It posts a step to the node that has the session, waits ANSWER_S, and posts the very same again, perhaps to
another node, TRIES times in all; then the subscriber sees nothing.  By the plan's shares it posts a step twice
at once, drops the connection before the answer, sends half a request, or repeats a step minutes later.
In mode `cumulative` any node may get anything; in mode `last` a session stays at its node, moves to another
when that one does not answer, and never goes back (docs/ussd-http.md).
Every final answer to a confirmation is written down, whoever was there to see it.
"""

from tectonics.simulation.journal import Session, Step
from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import Screen
from tectonics.simulation.stage import CONFIRMED, Stage
from tectonics.simulators.ussd_gateway import GatewayFault, Steps, read_screen

ANSWER_S, TRIES, AGAIN_S = 15.0, 3, 2.0
LATE_S = (5.0, 600.0)
UNCOUNTED = "yes"  # a confirmation of which no more is said than what was typed
CONNECTIONS = 16
CODE = "*133#"
SWITCHED = 0.03  # of the steps go to another node than the one before
UNSAID = ("Your session has ended", "Wrong input", "We are very busy", "This code")  # said without being committed


class GatewayPeer:
    """One gateway for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("gateway")
        self._gateways = {name: stage.world.gateway(name, CONNECTIONS) for name in stage.nodes}
        self._sessions = 0
        self.beside: list = []  # who else takes sessions: over SMPP, over GSUP
        self.forgetful = False  # every confirmation is posted once more, later

    def begin(self, msisdn: str) -> "Line":
        """A session that has not been dialled yet."""
        for other in self.beside:
            if other.takes():
                return other.begin(msisdn)
        return self.over_http(msisdn)

    def over_http(self, msisdn: str, code: str = CODE) -> "Line":
        """A session of this gateway, with another code."""
        self._sessions += 1
        return Line(self, self._stage.journal.began(f"s{self._sessions}", msisdn), self._stage, code)

    # --- one request

    async def post(self, line: "Line", body: bytes, part: str) -> Screen:
        """The screen that the subscriber sees."""
        traits, chance = self._stage.plan.gateway, self._chance
        calm = self._stage.peaceful
        if not calm and (chance.random() < traits.late or part and self.forgetful):
            self._stage.spawn(self._again_later(line, body, part))
        for attempt in range(TRIES):
            node = self._node(line, attempt)
            luck = 1.0 if calm else chance.random()
            if luck < traits.answer_lost:
                await self._cut(node, body, half=False)
            elif luck < traits.answer_lost + traits.halved:
                await self._cut(node, body, half=True)
            else:
                if luck > 1 - traits.doubled and not calm:
                    self._stage.spawn(self._ask(line, self._any_node(line), body, part))
                screen = await self._ask(line, node, body, part)
                if screen is not None:
                    return screen
            await self._stage.sleep(AGAIN_S)
        return Screen("")

    def _node(self, line: "Line", attempt: int) -> str:
        nodes = self._stage.nodes
        if self._stage.plan.gateway.mode == "last":
            line.left = line.left or attempt == 1
            return nodes[(nodes.index(line.node) + line.left) % len(nodes)]
        if attempt or self._chance.random() < SWITCHED:
            line.node = self._chance.choice(nodes)
        return line.node

    def _any_node(self, line: "Line") -> str:
        return self._node(line, 0) if self._stage.plan.gateway.mode == "last" else self._chance.choice(self._stage.nodes)

    async def _ask(self, line: "Line", node: str, body: bytes, part: str) -> Screen | None:
        answer = await self._stage.within(self._gateways[node].raw(body), ANSWER_S)
        if answer is None:
            return None
        try:
            more, text = read_screen(*answer)
        except GatewayFault:
            return None
        if part and not more and not text.startswith(UNSAID):
            line.session.answers.setdefault(part, set()).add(text)
        return Screen(text, more)

    async def _cut(self, node: str, body: bytes, half: bool) -> None:
        await self._stage.within(self._gateways[node].cut(body, half), ANSWER_S)

    async def _again_later(self, line: "Line", body: bytes, part: str) -> None:
        steps = len(line.session.steps)
        await self._stage.sleep(self._chance.uniform(*LATE_S))
        if part == UNCOUNTED and len(line.session.steps) > steps:
            line.session.came_late = True
        await self._ask(line, self._any_node(line), body, part)

    def first_node(self) -> str:
        """Where a new session goes."""
        return self._chance.choice(self._stage.nodes)

    async def end(self, line: "Line") -> None:
        """The end-of-session event, where this gateway tells it."""
        if self._chance.random() < self._stage.plan.gateway.ended:
            await self._stage.within(self._gateways[line.node].raw(line.steps.ending(), b"/ussd/end"), ANSWER_S)


class Line:
    """One session of one subscriber."""

    def __init__(self, gateway: GatewayPeer, session: Session, stage: Stage, code: str) -> None:
        traits = stage.plan.gateway
        self.session, self.node = session, gateway.first_node()
        self.left = False  # it has moved to another node for good
        self.steps = Steps(session.msisdn, code, session.id, traits.mode, traits.step_field)
        self._gateway, self._stage, self._traits = gateway, stage, traits
        self._inputs: list[str] = []
        self._shown = Screen("", True)

    async def dial(self, inputs: str) -> Screen:
        """The first request, with what was dialled beyond the code."""
        return await self._send(inputs or None, "")

    async def type(self, text: str) -> Screen:
        """The next one."""
        asked = screens.consent(self._shown.text)
        agreed = asked is not None and text.strip() == asked.yes
        if agreed:
            self.session.consents.append(asked)
            self._stage.happens(CONFIRMED)
        return await self._send(text, self._part(text) if agreed else "")

    async def hang_up(self) -> None:
        """Leaves it."""
        await self._gateway.end(self)

    async def _send(self, typed: str | None, part: str) -> Screen:
        if typed is not None:
            self._inputs.append(typed)
        step = Step(self._stage.now_s, typed or "")
        self.session.steps.append(step)
        self._shown = await self._gateway.post(self, self.steps.body(typed), part)
        step.text, step.more, step.answered_s = self._shown.text or None, self._shown.more, self._stage.now_s
        return self._shown

    def _part(self, typed: str) -> str:
        """What makes the request its own, as docs/ussd-http.md tells: the step, or all that was typed."""
        if self._traits.step_field:
            return f"#{len(self.session.steps)}"
        return UNCOUNTED if self._traits.mode == "last" else "*".join([*self._inputs, typed])
