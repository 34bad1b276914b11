"""What of rings there is in a world: carriers that call our numbers, what each number stands for, and people who ring.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  A ring is answered by a
message or by a call-back, so only seeds have it that have one of them.  Each carrier stands on a machine of its own, since who
calls is known by his address; so does somebody who is no carrier of ours.
"""

import random
from dataclasses import dataclass

from tectonics.simulation.machine.datagrams import address_of

SHARE = 0.35  # of the seeds in which people read messages or are called back
RING_PORT, TRUNK_PORT = 5070, 5060  # a node's is that of its configuration
OPEN, PROVEN, STRANGER = "carrier1", "carrier2", "stranger"  # machines
USER, PASSWORD, PASSWORD_FILE = "tectonics", "a carrier's secret", "carrier2.secret"
LEND, LAST, FAVOURITE, ASK, FIXED = "lend", "call_last", "call_favourite", "call_ask", "call_to"
NUMBERS = {LEND: "33800133000", LAST: "33800144001", FAVOURITE: "33800144002", ASK: "33800144003"}
FIXED_MAX = 100  # people who have a number of their own that leads to one fixed destination
PLACES = 100_000  # numbers that are no range together, as in peers/telephones.py


@dataclass(frozen=True)
class Ringing:
    """Of one plan. Without `callers` there is none."""

    callers: float = 0.0  # share of people who ring
    ring_s: int = 8
    status: int = 480
    repeat_s: int = 60
    per_hour: int = 10
    calls_max: int = 5000
    per_second: int = 200
    strangers: str = "drop"
    proven: float = 0.5  # share of the calls that come by the carrier that proves itself

    def __bool__(self) -> bool:
        return self.callers > 0

    def settings(self, people: int, calls: bool) -> dict[str, object]:
        """Of every node; `people` is how many there are, `calls` whether anybody is called back."""
        if not self:
            return {}
        trunks = [{"name": name, "sources": [address_of(name)], "cli": "pai", "per_second": self.per_second}
                  for name in (OPEN, PROVEN)]
        trunks[1] |= {"user": USER, "password_file": PASSWORD_FILE}
        fixed = [{"number": fixed_number(n), "service": FIXED, "to": fixed_to(n)} for n in range(min(people, FIXED_MAX))]
        numbers = [{"number": number, "service": service} for service, number in NUMBERS.items() if calls or service == LEND]
        section = {"trunks": trunks, "dids": numbers + (fixed if calls else []), "ring_s": self.ring_s, "status": self.status,
                   "repeat_s": self.repeat_s, "caller_per_hour": self.per_hour, "calls_max": self.calls_max,
                   "strangers": self.strangers}
        return {f"channels.did_sip.{key}": value for key, value in section.items()}

    @property
    def secrets(self) -> dict[str, str]:
        """What stands in files beside the configuration."""
        return {PASSWORD_FILE: PASSWORD} if self else {}


NO_RINGS = Ringing()


def draw_ringing(chance: random.Random, told: bool) -> Ringing:
    """Of a seed; most have none, and none has it in which nobody is told anything."""
    has = chance.random() < SHARE
    if not has or not told:
        return NO_RINGS
    return Ringing(chance.choice((0.3, 0.6)), chance.choice((4, 8, 20)), chance.choice((480, 486, 603)),
                   chance.choice((0, 30, 60)), chance.choice((3, 10)), chance.choice((1, 5000, 5000)), chance.choice((1, 200, 200)),
                   chance.choice(("drop", "drop", "refuse")), chance.choice((0.2, 0.7)))


def fixed_number(n: int) -> str:
    """The number of the n-th person that connects him with one destination."""
    return f"338001450{n:02d}"


def fixed_to(n: int) -> str:
    """Whom it connects him with: a number near by that nobody else ever asks for."""
    return f"3319{n * 7919 % PLACES:05d}00"
