"""What was written, read, and dialled over SMPP: the part of the journal that the message centre and the gateway keep.

`Written` is a message of a subscriber with every delivery of it, `Submitted` a part that the centre has taken,
`Read` a whole message as a handset shows it, `Call` a USSD session over SMPP.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tectonics.simulation.population.screens import Consent

Life = tuple[str, int]  # a node, and which life of it


@dataclass(slots=True)
class Written:
    """A message that somebody wrote; `numbered`: his handset gives it a reference of its own."""

    msisdn: str
    text: str
    at_s: float
    numbered: bool
    offers: tuple[tuple[float, Consent], ...] = ()  # that he had been shown, and when
    tries: list[tuple[float, Life, int]] = field(default_factory=list)  # when, to whom, generation of his number
    waiting: int = 0  # copies whose fate is open
    taken_s: float | None = None  # when a copy was acknowledged first
    done_s: float | None = None  # when nothing of it was under way any more
    generation_after: int = 0  # of the number when it was acknowledged first

    @property
    def word(self) -> str:
        """The first word, in capitals."""
        return (self.text.upper().split() or [""])[0]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A part of a message that the centre has; `part` of `parts`."""

    at_s: float
    text: str
    reference: int
    part: int
    parts: int


@dataclass(frozen=True, slots=True)
class Read:
    """A message that a handset shows."""

    at_s: float
    text: str


@dataclass(slots=True)
class Call:
    """A session over SMPP."""

    msisdn: str
    steps: list = field(default_factory=list)  # of journal.Step
    consents: list[Consent] = field(default_factory=list)  # that were accepted, in order
    begun: list[float] = field(default_factory=list)  # when a node was told that it begins


@dataclass(slots=True)
class Postbook:
    """By subscriber."""

    written: dict[str, list[Written]] = field(default_factory=lambda: defaultdict(list))
    submitted: dict[str, list[Submitted]] = field(default_factory=lambda: defaultdict(list))
    read: dict[str, list[Read]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))
    offer_s: float = 0.0  # how long an offer may be answered

    def __bool__(self) -> bool:
        """Whether anything goes over SMPP."""
        return bool(self.written or self.submitted or self.calls)

    def everybody(self) -> list[str]:
        """Whoever stands in it."""
        return sorted({*self.written, *self.submitted, *self.read, *self.calls})

    def figures(self) -> dict[str, int]:
        """How much there is of each."""
        return {name: count for name, of_all in (
            ("messages written", self.written), ("messages submitted", self.submitted), ("sessions over SMPP", self.calls))
            if (count := sum(map(len, of_all.values())))}

    def entries(self, msisdn: str):
        """Everything of one as plain values, for the digest."""
        for one in self.written.get(msisdn, ()):
            yield one.at_s, one.text, one.taken_s, one.done_s, len(one.tries)
        for one in self.submitted.get(msisdn, ()):
            yield one.at_s, one.text, one.reference, one.part, one.parts
        for call in self.calls.get(msisdn, ()):
            for step in call.steps:
                yield step.at_s, step.typed, step.text, step.more, step.answered_s
