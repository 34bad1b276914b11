"""What the switch saw: the sessions over GSUP, a part of the journal.

The daemon makes a session's identity of IMSI, number, the moment at which it began and a count (docs/ussd-gsup.md), and only its triggers
tell it.  The switch gives a number again after a restart, and a beginning may come twice, or late; so an identity is that of the
session with this IMSI and number of which an entity was told at about that moment, by the entity's clock.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from tectonics.simulation.population.screens import Consent

_IDENTITY = re.compile(r"(\d{6,15})-([0-9a-f]{8})-(\d+)-(\d+)", re.ASCII)


@dataclass(slots=True, eq=False)
class Switched:
    """A session of a handset."""

    msisdn: str
    number: int
    steps: list = field(default_factory=list)  # of journal.Step
    consents: list[Consent] = field(default_factory=list)  # that were accepted, in order
    agreed_s: list[float] = field(default_factory=list)  # when
    begun: list[int] = field(default_factory=list)  # when an entity was told, ms by its clock
    ids: list[str] = field(default_factory=list)  # under which something was lent


@dataclass(slots=True)
class Switchbook:
    """All of them."""

    sessions: dict[tuple[str, int], list[Switched]] = field(default_factory=lambda: defaultdict(list))  # by IMSI and number
    by_subscriber: dict[str, list[Switched]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[str, Switched] = field(default_factory=dict)
    unserved: list[str] = field(default_factory=list)  # who dialled when all was well, and saw nothing

    def __bool__(self) -> bool:
        """Whether anything goes over GSUP."""
        return bool(self.sessions)

    def began(self, imsi: str, msisdn: str, number: int) -> Switched:
        """Somebody dials."""
        switched = Switched(msisdn, number)
        self.sessions[imsi, number].append(switched)
        self.by_subscriber[msisdn].append(switched)
        return switched

    def told(self, imsi: str, number: int, at: int) -> None:
        """An entity is told of the newest session of that number, now or again."""
        self.sessions[imsi, number][-1].begun.append(at)

    def identify(self, id: str) -> Switched | None:
        """The session under an identity of the daemon's, which is remembered; None: there was none."""
        found = self.by_id.get(id) or self._matching(id)
        if found is not None and id not in self.by_id:
            self.by_id[id] = found
            found.ids.append(id)
        return found

    def _matching(self, id: str) -> Switched | None:
        parts = _IDENTITY.fullmatch(id)
        if parts is None:
            return None
        at = int(parts[3])
        there = [one for one in self.sessions.get((parts[1], int(parts[2], 16)), ()) if one.begun]
        return min(there, key=lambda one: min(abs(at - begun) for begun in one.begun), default=None)

    def figures(self) -> dict[str, int]:
        """How many there were."""
        return {"sessions over GSUP": sum(map(len, self.by_subscriber.values()))} if self else {}

    def entries(self):
        """Everything as plain values, for the digest."""
        for msisdn, sessions in self.by_subscriber.items():
            for one in sessions:
                for step in one.steps:
                    yield msisdn, one.number, step.at_s, step.typed, step.text, step.more, step.answered_s
