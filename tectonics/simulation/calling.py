"""What of call-backs there is in a world: a switch full of telephones, a price list, and people who want to be called back.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  The switch stands on the
machine of the people; every node is a third party that controls its calls over SIP, by datagrams.
"""

import random
from dataclasses import dataclass, field, replace

from tectonics.config import Settings
from tectonics.simulation.machine.datagrams import address_of

SWITCH_PORT, NODE_PORT = 5060, 5072  # a node's is that of its configuration
SHARE = 0.3  # of the seeds have it
CODE = "*144#"
FIRST, SPARE = "switch", "spare"  # trunks; the second stands on a machine of its own
KEEP_ALIVE_S = {"brisk": 120, "ordinary": 1800, "seldom": 3600}  # how soon the switch is asked whether it is there, by pace
NEAR, FAR, FREE = "near", "far", "free"  # destinations
AREAS = {NEAR: "1", FAR: "4", FREE: "5"}  # how their national numbers begin, behind the 0
LONG_S, SHORT_S = (300, 1200, 3600), (150, 300)  # the longest conversation; where it is held for no longer than that needs
RATES = {NEAR: {"minute": "0.07", "setup": "0.03", "first": "30s", "then": "6s"},
         FAR: {"minute": "0.40", "first": "1m", "then": "1m", "high_cost": True},
         FREE: {"minute": "0", "first": "1s", "then": "1s"}}


@dataclass(frozen=True)
class Calling:
    """Of one plan. Without `callers` there is none."""

    callers: float = 0.0  # share of people who want to be called back
    session_s: int = 120  # session timer, of both sides
    flow: str = "IV"
    rules: dict = field(default_factory=dict)  # the policy's section
    written: float = 0.0  # share of the requests by short message, where people write
    patience: float = 1.0  # how much longer than usual they talk
    spare: bool = False  # whether there is a second trunk, which is tried where the first does not answer
    beside: float = 0.0  # share of the dialled requests that go over GSUP or SMPP, where sessions do

    def __bool__(self) -> bool:
        return self.callers > 0

    def settings(self, pace: str, people: str) -> dict[str, object]:
        """Of every node; `people` is the machine where the switch stands."""
        if not self:
            return {}
        return {"call_server.kind": "sip", "call_server.sip.flow": self.flow,
                "call_server.sip.session_s": self.session_s, "call_server.sip.keep_alive_s": KEEP_ALIVE_S[pace],
                "call_server.sip.trunks": [{"name": name, "address": f"{address_of(machine)}:{SWITCH_PORT}"}
                                           for name, machine in ((FIRST, people), (SPARE, SPARE))[:1 + self.spare]]}

    def policy(self) -> dict:
        """What it adds to the operator's policy."""
        return {"call_back": self.rules} if self else {}


NO_CALLS = Calling()


def draw_calling(chance: random.Random) -> Calling:
    """Of a seed; most have none."""
    if chance.random() >= SHARE:
        return NO_CALLS
    return Calling(chance.choice((0.4, 0.8)), chance.choice((90, 120, 300)), chance.choice(("IV", "IV", "III")), _rules(chance),
                   chance.choice((0.2, 0.5)), chance.choice((1.0, 1.0, 4.0)))


def varied(calling: Calling, chance: random.Random) -> Calling:
    """What was added later, of a generator of its own: a second trunk, further ways to ask, the flow for a B who answers at once."""
    spare, beside, at_once = chance.random() < 0.4, chance.choice((0.0, 0.5, 1.0)), chance.random() < 0.15
    return replace(calling, spare=spare, beside=beside, flow="I" if at_once else calling.flow) if calling else calling


def _rules(chance: random.Random) -> dict:
    held_short = chance.random() < 0.25
    most_s = chance.choice(SHORT_S if held_short else LONG_S)
    return {
        "destinations": [{"name": name, "prefixes": [f"33{AREAS[name]}"], **rate} for name, rate in RATES.items()],
        "talk_first": chance.choice(("30s", "1m", "2m")), "talk_more": chance.choice(("30s", "1m")),
        "extend_before": chance.choice(("10s", "20s")), "talk_most": f"{most_s}s", "talk_least": chance.choice(("10s", "30s")),
        "ring_a": chance.choice(("20s", "45s")), "ring_b": chance.choice(("20s", "1m")),
        "hold": f"{most_s + 120}s" if held_short else "6h",
        "high_cost": {"talk_most": f"{min(most_s, 300)}s", "day_max": chance.choice((2, 5, None))},
        "limits": {"hour_max": chance.choice((3, 10)), "day_max": chance.choice((8, 30))},
        "subscription": chance.choice((["postpaid"], ["postpaid"], [], ["prepaid", "postpaid"])),
        "a_sees": chance.choice(("service", "b", "none")), "b_sees": chance.choice(("a", "none")),
        "service_number": "33144",
        "postpaid": {"allowance": chance.choice(("5m", "10h"))}}


def reached(settings: Settings, nodes: int) -> Settings:
    """Those of a node that knows where the others are: calls that they leave ringing are its own to end."""
    section = settings.call_server
    if section.kind == "none":
        return settings
    others = tuple(f"{address_of(name)}:{NODE_PORT}" for number in range(1, nodes + 1)
                   if (name := f"n{number}") != settings.node.name)
    sip = section.sip.model_copy(update={"siblings": others})
    return settings.model_copy(update={"call_server": section.model_copy(update={"sip": sip})})
