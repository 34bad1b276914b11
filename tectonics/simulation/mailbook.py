"""What the mail servers saw, a part of the journal: each mail that was written, each time that it was brought, and each answer.

A mail is known by its Message-ID, which names nobody but the mail; so a trigger of the daemon's, and an answer, say which
mail they are of.
"""

from collections import defaultdict
from dataclasses import dataclass, field

HEARD, IGNORED, UNHEARD = "heard", "ignored", "unheard"  # what should become of a mail


@dataclass(frozen=True, slots=True)
class Attempt:
    """A mail was brought to a node; `code` is its answer, 0: none came.

    `owns`: whether the address in From spoke for whoever had the number all the while; None: nobody knows, or it changed.
    """

    at_s: float
    node: str
    life: int
    told_s: float
    code: int
    owns: bool | None


@dataclass(slots=True, eq=False)
class Letter:
    """A mail that somebody wrote. `msisdn` is whose address stands in From, empty: nobody's."""

    id: str  # Message-ID
    msisdn: str
    sender: str
    service: str
    manner: str
    fate: str
    at_s: float
    attempts: list[Attempt] = field(default_factory=list)
    over: bool = False  # nobody brings it any more

    @property
    def trigger(self) -> str:
        """Under which the daemon knows it."""
        return f"{self.service}:{self.id}"

    @property
    def taken(self) -> list[Attempt]:
        """Those that were answered 250."""
        return [one for one in self.attempts if one.code == 250]


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail that the smarthost took from a node."""

    at_s: float
    node: str
    life: int
    envelope_sender: str
    recipient: str
    id: str
    refers_to: str
    automatic: str  # Auto-Submitted
    text: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """No answer may have got through to the smarthost; `refused`: nor later."""

    from_s: float
    until_s: float
    refused: bool = False


@dataclass(slots=True)
class Mailbook:
    """All of them."""

    letters: dict[str, Letter] = field(default_factory=dict)  # by id
    by_subscriber: dict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))  # by the id that they refer to
    troubles: list[Trouble] = field(default_factory=list)
    owed: list[Letter] = field(default_factory=list)  # that were taken by who has lived since: their answers must be there
    untold: list[Letter] = field(default_factory=list)  # that were decided, and nothing was commanded for it
    answers_per_hour: int = 0
    sender_per_hour: int = 0
    tries_max: int = 0
    answered: bool = False  # whether there is a smarthost

    def __bool__(self) -> bool:
        """Whether anybody writes mails."""
        return bool(self.letters)

    def wrote(self, letter: Letter) -> None:
        """Somebody writes."""
        self.letters[letter.id] = letter
        self.by_subscriber[letter.msisdn].append(letter)

    def answer(self, answer: Answer) -> None:
        """The smarthost takes an answer."""
        self.answers[answer.refers_to].append(answer)

    def figures(self) -> dict[str, int]:
        """How many there were."""
        if not self:
            return {}
        return {"mails written": len(self.letters), "mails brought": sum(len(one.attempts) for one in self.letters.values()),
                "mails answered": sum(map(len, self.answers.values()))}

    def entries(self):
        """Everything as plain values, for the digest."""
        for one in self.letters.values():
            yield one.id, one.msisdn, one.sender, one.service, one.manner, one.at_s
            for each in one.attempts:
                yield each.at_s, each.node, each.life, each.told_s, each.code
        for answers in self.answers.values():
            for each in answers:
                yield each.at_s, each.node, each.recipient, each.id, each.refers_to, each.text
