"""What a seed means, as plain data: people and their habits, policy, promises, misbehaviour, faults.

drawing.py makes it.  The same seed and the same options give the same plan on every machine; people decide
later with a generator of their own that begins with `Person.seed`.
"""

from dataclasses import dataclass

from tectonics.ports import Capabilities
from tectonics.simulation.browsing import NO_PAGES, Browsing
from tectonics.simulation.calling import NO_CALLS, Calling
from tectonics.simulation.mailing import NO_MAIL, Mailing
from tectonics.simulation.messaging import NONE, Messaging
from tectonics.simulation.population.person import Person
from tectonics.simulation.ringing import NO_RINGS, Ringing
from tectonics.simulation.switching import NO_SWITCH, Switching

DAY_S = 86_400
PROMISES = {  # what a billing system may promise: (deduplicates, readable back)
    "both": (True, True),
    "deduplicates": (True, False),
    "readable": (False, True),
    "neither": (False, False),
}


@dataclass(frozen=True)
class Options:
    """What may be asked for; None: the seed draws it."""

    days: float | None = None
    subscribers: int | None = None
    nodes: int | None = None
    ledger: str | None = None  # embedded (in the node's process) or process (of its own)
    promises: str | None = None  # a word of PROMISES
    faults: bool = True

    def arguments(self) -> str:
        """As they are given on the command line."""
        named = {"days": self.days, "subscribers": self.subscribers, "nodes": self.nodes,
                 "ledger": self.ledger, "promises": self.promises}
        given = "".join(f" --{name} {value:g}" if isinstance(value, float) else f" --{name} {value}"
                        for name, value in named.items() if value is not None)
        return given + ("" if self.faults else " --no-faults")


@dataclass(frozen=True)
class GatewayTraits:
    """How the USSD gateway speaks, and what of it goes wrong (shares of all requests)."""

    mode: str = "cumulative"  # or last
    step_field: str = ""
    doubled: float = 0.0  # the same POST twice at the same time, perhaps to both nodes
    answer_lost: float = 0.0  # the connection is dropped after the request: nobody hears the answer
    halved: float = 0.0  # only half of the request arrives
    late: float = 0.0  # an old POST is sent again minutes later
    ended: float = 0.5  # share of sessions of which the end is told


@dataclass(frozen=True)
class FeedTraits:
    """What goes wrong on the prepaid feed (shares of all records)."""

    doubled: float = 0.0  # sent again although it was answered
    delayed: float = 0.0  # sent up to DELAY_S_MAX after it happened
    backwards: float = 0.0  # a reversal overtakes its recharge


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong; what `target` and `size` mean is the kind's business (faults/)."""

    at_s: float
    kind: str
    target: str = ""
    lasts_s: float = 0.0
    size: float = 0.0


@dataclass(frozen=True)
class Plan:
    """Everything that a seed means."""

    seed: int
    options: Options
    days: float
    nodes: int
    ledger: str
    promises: str
    pace: str  # how often the daemon looks after things: brisk as in production, ordinary, seldom
    capabilities: Capabilities
    settings: dict[str, object]  # further keys of the configuration: tight bounds, so that they are met
    policy: dict
    gateway: GatewayTraits
    feed: FeedTraits
    people: tuple[Person, ...]
    faults: tuple[Fault, ...]
    theme: str = "none"  # what it is about (themes.py)
    messaging: Messaging = NONE  # what goes over SMPP
    switching: Switching = NO_SWITCH  # what goes over GSUP
    calling: Calling = NO_CALLS  # who is called back
    ringing: Ringing = NO_RINGS  # who rings
    mailing: Mailing = NO_MAIL  # who writes e-mails
    browsing: Browsing = NO_PAGES  # who visits his pages

    @property
    def lasts_s(self) -> float:
        """How long people live and faults happen; peace follows."""
        return self.days * DAY_S

    @property
    def quiet(self) -> bool:
        """Whether so little happens that everything is looked after seldom."""
        return self.pace == "seldom"

    @property
    def command(self) -> str:
        """What repeats this run."""
        return f"tectonics simulate --seed {self.seed}{self.options.arguments()}"
