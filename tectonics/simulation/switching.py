"""What of GSUP there is in a world: a home location register with its switch, to which every node is an external USSD entity.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  The register stands on the
machine of the people; each node has its own name there, and the route of the code leads to one of them.
"""

import random
from dataclasses import dataclass

from tectonics.config import Settings

GSUP_PORT, CTRL_PORT = 4222, 4259
SHARE = 0.3  # of the seeds have it
CODE, CALL_CODE = "*133", "*144"
CHANNEL = "ussd_gsup"
NETWORK = "20801"  # whose IMSIs begin so


@dataclass(frozen=True)
class Switching:
    """Of one plan. Without `dialers` there is none."""

    dialers: float = 0.0  # share of sessions that go through it
    session_s: int = 30  # ncss-guard-timeout, of both sides
    imsi_keep_s: int = 300

    def __bool__(self) -> bool:
        return self.dialers > 0

    def settings(self, people: str) -> dict[str, object]:
        """Of every node; `people` is the machine where the register stands."""
        if not self:
            return {}
        section = {"address": f"tcp:{people}:{GSUP_PORT}", "control": f"tcp:{people}:{CTRL_PORT}", "session_s": self.session_s,
                   "imsi_keep_s": self.imsi_keep_s}
        return {f"channels.{CHANNEL}.{key}": value for key, value in section.items()}


NO_SWITCH = Switching()


def draw_switching(chance: random.Random) -> Switching:
    """Of a seed; most have none."""
    if chance.random() >= SHARE:
        return NO_SWITCH
    return Switching(chance.choice((0.3, 0.8)), chance.choice((15, 30, 30, 120)), chance.choice((0, 300, 86_400)))


def known_as(settings: Settings, name: str) -> Settings:
    """Those of a node that has this name at the register: the first of a name would get the sessions of all."""
    if not settings.channels.ussd_gsup.address:
        return settings
    section = settings.channels.ussd_gsup.model_copy(update={"name": name})
    return settings.model_copy(update={"channels": settings.channels.model_copy(update={CHANNEL: section})})


def imsi_of(msisdn: str) -> str:
    """A subscriber's."""
    return NETWORK + msisdn[-10:]


def name_of(node: str) -> str:
    """What a node says that it is."""
    return f"EUSE-{node}"
