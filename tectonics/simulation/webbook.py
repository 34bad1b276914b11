"""What browsers saw of self-care: who signed in with which code, which forms pages showed and when they were sent; a part of the journal.

A form is known by the id that its page gave it.  It is sent `signed` where its browser is signed in, as far as anybody can know.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from tectonics.simulation.population.screens import Consent
from tectonics.simulation.postbook import Postbook

BORROW, CALL, CHANGE = "borrow", "call", "settings"  # kinds of forms
_CODE = re.compile(r"(\d{6}) is your code")


@dataclass(slots=True, eq=False)
class Form:
    """A form of a page that was shown to who was signed in as `msisdn`; of an offer with its terms."""

    id: str
    msisdn: str
    kind: str
    shown_s: float
    offer: Consent | None = None
    sent: list[tuple[float, bool]] = field(default_factory=list)  # when, whether signed
    told: set[str] = field(default_factory=set)  # what the pages said that answered it

    @property
    def agreed(self) -> bool:
        """Whether it may have had an effect."""
        return any(signed for _, signed in self.sent)


@dataclass(frozen=True, slots=True)
class Guess:
    """A code that was entered for a number; `status` 303: he is in, 422: it was wrong, 0: nobody saw the answer."""

    msisdn: str
    code: str
    sent_s: float
    answered_s: float
    status: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was shown to who was signed in as `msisdn`: the numbers of our people on it, and the balance before, on it and after."""

    msisdn: str
    path: str
    at_s: float
    numbers: frozenset[str]
    balances: tuple[int, int, int] | None = None


@dataclass(slots=True)
class Webbook:
    """All of them."""

    forms: dict[str, Form] = field(default_factory=dict)  # by id
    guesses: list[Guess] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    wishes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by subscriber, what he changed or may have
    unserved: list[str] = field(default_factory=list)  # nodes that showed no page when all was well

    def __bool__(self) -> bool:
        """Whether anybody had a look."""
        return bool(self.pages or self.guesses or self.forms)

    def shown(self, id: str, msisdn: str, kind: str, at_s: float, offer: Consent | None = None) -> Form:
        """A page with a form has come."""
        return self.forms.setdefault(id, Form(id, msisdn, kind, at_s, offer))

    def figures(self) -> dict[str, int]:
        """How many there were."""
        if not self:
            return {}
        return {"pages seen": len(self.pages), "forms sent": sum(len(form.sent) for form in self.forms.values()),
                "signed in": sum(guess.status == 303 for guess in self.guesses), "codes entered": len(self.guesses)}

    def entries(self):
        """Everything as plain values, for the digest."""
        for guess in self.guesses:
            yield guess.msisdn, guess.code, guess.sent_s, guess.answered_s, guess.status
        for form in self.forms.values():
            yield form.id, form.msisdn, form.kind, form.shown_s, *form.sent, *sorted(form.told)
        for page in self.pages:
            yield page.msisdn, page.path, page.at_s, *sorted(page.numbers), page.balances


def codes_of(post: Postbook, msisdn: str) -> list[tuple[float, str]]:
    """(when, code) of all codes that the message centre took for a number; one that came twice stands there twice."""
    found = ((one.at_s, _CODE.search(one.text)) for one in post.submitted.get(msisdn, ()))
    return [(at_s, code[1]) for at_s, code in found if code]


def code_in(text: str) -> str:
    """The code that a message tells; empty: none."""
    found = _CODE.search(text)
    return found[1] if found else ""
