"""The menu of an advance as data: a snapshot and an input give the next snapshot and its screen.

    offers --number--> confirm --yes--> (the borrow workflow answers)
      | 0 owed: the end | back -> offers
      | 98 more
      +--number of a typed tier--> amount --amount--> confirm

A session is answered from its snapshot: the offers that were shown, with the policy version that
made them.  Only `confirm` can move money, and only when its screen has been shown before: inputs
that came with the first request (`*133*1*1#`), or that are replayed after a snapshot was lost, lead
up to the confirmation and never through it.  A wrong input is re-asked twice, then the session ends.
"""

from collections.abc import Sequence

from tectonics.domain.advance import Offer
from tectonics.domain.errors import BadMoney
from tectonics.domain.messages import Catalogue
from tectonics.domain.money import parse_minor
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Keys, Screen, Style, keys
from tectonics.domain.subscriber import Account
from tectonics.domain.text import fits
from tectonics.domain.value import replace, value
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Choice, typed_offer

OFFERS, AMOUNT, CONFIRM = "offers", "amount", "confirm"
WRONG_MAX = 2  # wrong inputs that are asked again


@value
class Snapshot:
    """Where a session stands, and everything that was shown in it."""

    place: str
    language: str
    choices: tuple[Choice, ...]
    policy: Policy  # that made the choices
    owed: Screen
    page: int = 0
    typing: Choice | None = None
    offer: Offer | None = None  # what the confirmation shows
    wrong: int = 0


@value
class Move:
    """What an input leads to: the next snapshot and its screen, or a confirmed offer."""

    snapshot: Snapshot | None  # None: the session is over
    screen: Screen | None
    confirmed: Offer | None = None


@value
class Menus:
    """The menus in one language for one channel; stateless."""

    context: Context
    style: Style

    @property
    def keys(self) -> Keys:
        return keys(self.style)

    @property
    def catalogue(self) -> Catalogue:
        return self.context.catalogue

    def open(self, account: Account, choices: Sequence[Choice]) -> Move:
        """The first screen of a subscriber who may borrow."""
        language = account.profile.language or self.catalogue.default
        policy = self.context.policy
        return self._show(Snapshot(OFFERS, language, tuple(choices), policy, self.owed(account)))

    def replay(self, move: Move, inputs: Sequence[str]) -> Move:
        """Feeds inputs that came together: back from a confirmation where he went back, never through it."""
        for text in inputs:
            if move.snapshot is None or move.snapshot.place == CONFIRM and text.strip() != self.keys.back:
                break
            move = self.enter(move.snapshot, text)
        return move

    def enter(self, snapshot: Snapshot, text: str) -> Move:
        """What the subscriber's input leads to."""
        text = text.strip()
        match snapshot.place:
            case "offers":
                return self._choose(snapshot, text)
            case "amount":
                return self._type(snapshot, text)
            case _:
                return self._answer(snapshot, text)

    def owed(self, account: Account) -> Screen:
        """What he owes, and by when the oldest debt is due."""
        language = account.profile.language
        if not account.exposed_minor:
            return Screen(self.catalogue.text("owe.none", language), more=False)
        due = min(a.due_at for a in account.mine)
        text = self.catalogue.text("owe.total", language, total=self.context.money(account.exposed_minor),
                                   due=self.context.date(due), currency=self.context.policy.currency)
        return Screen(text, more=False)

    def end(self, key: str, language: str = "") -> Screen:
        """A closing sentence without variables."""
        return Screen(self.catalogue.text(key, language), more=False)

    # --- inputs

    def _choose(self, snapshot: Snapshot, text: str) -> Move:
        if text == self.keys.more and self._pages(snapshot) > 1:
            page = (snapshot.page + 1) % self._pages(snapshot)
            return self._show(replace(snapshot, page=page, wrong=0))
        if text == self.keys.owe:
            return Move(None, snapshot.owed)
        choice = next((c for c in snapshot.choices if str(c.number) == text), None)
        if choice is None:
            return self._wrong(snapshot)
        if choice.offer is None:
            return self._show(replace(snapshot, place=AMOUNT, typing=choice, wrong=0))
        return self._show(replace(snapshot, place=CONFIRM, offer=choice.offer, wrong=0))

    def _type(self, snapshot: Snapshot, text: str) -> Move:
        if text == "0":
            return self._show(replace(snapshot, place=OFFERS, wrong=0))
        try:
            amount = parse_minor(text, snapshot.policy.currency)
        except BadMoney:
            return self._wrong(snapshot)
        offer = typed_offer(snapshot.typing, amount, snapshot.policy)
        if offer is None:
            return self._wrong(snapshot)
        return self._show(replace(snapshot, place=CONFIRM, offer=offer, wrong=0))

    def _answer(self, snapshot: Snapshot, text: str) -> Move:
        if text == self.keys.yes:
            return Move(None, None, confirmed=snapshot.offer)
        if text == self.keys.back:
            return self._show(replace(snapshot, place=OFFERS, offer=None, wrong=0))
        return self._wrong(snapshot)

    def _wrong(self, snapshot: Snapshot) -> Move:
        if snapshot.wrong >= WRONG_MAX:
            return Move(None, self.end("wrong.end", snapshot.language))
        move = self._show(replace(snapshot, wrong=snapshot.wrong + 1))
        hint = self.catalogue.text("wrong.again", snapshot.language)
        text = f"{hint}\n{move.screen.text}"
        return replace(move, screen=Screen(text if fits(text, self.style) else move.screen.text, more=True))

    # --- screens

    def _show(self, snapshot: Snapshot) -> Move:
        shown = {OFFERS: self._offers, AMOUNT: self._amount, CONFIRM: self._confirm}[snapshot.place]
        return Move(snapshot, Screen(shown(snapshot), more=True))

    def _offers(self, snapshot: Snapshot) -> str:
        return self._paged(snapshot)[snapshot.page]

    def _pages(self, snapshot: Snapshot) -> int:
        return len(self._paged(snapshot))

    def _paged(self, snapshot: Snapshot) -> list[str]:
        """The menu in as many screens as the channel's limit asks for, each filled with what fits."""
        def text(key: str, /, **variables: str) -> str:
            return self.catalogue.text(key, snapshot.language, **variables)

        title, owe = text("menu.title"), text("menu.owe", key=self.keys.owe)
        more = text("menu.more", key=self.keys.more)
        lines = [self._line(choice, snapshot.language) for choice in snapshot.choices]
        whole = "\n".join((title, *lines, owe))
        if fits(whole, self.style):
            return [whole]
        pages: list[list[str]] = [[]]
        for line in lines:
            if pages[-1] and not fits("\n".join((title, *pages[-1], line, more, owe)), self.style):
                pages.append([])
            pages[-1].append(line)
        return ["\n".join((title, *page, more, owe)) for page in pages]

    def _line(self, choice: Choice, language: str) -> str:
        money = self.context.money
        if choice.offer is None:
            low, high = money(choice.min_minor), money(choice.max_minor)
            return f"{choice.number}. {low}-{high}"
        return self.catalogue.text("menu.offer", language, key=str(choice.number),
                                   amount=money(choice.offer.amount_minor),
                                   fee=money(choice.offer.fee_minor))

    def _amount(self, snapshot: Snapshot) -> str:
        choice, money = snapshot.typing, self.context.money
        return self.catalogue.text(
            "amount.ask", snapshot.language, min=money(choice.min_minor), max=money(choice.max_minor),
            step=money(choice.tier.amount.step_minor), currency=self.context.policy.currency, back="0")

    def _confirm(self, snapshot: Snapshot) -> str:
        offer, money = snapshot.offer, self.context.money
        due = self.context.date(self.context.now + offer.due_s * 1000)
        return self.catalogue.text(
            "confirm", snapshot.language, amount=money(offer.amount_minor), fee=money(offer.fee_minor),
            total=money(offer.total_minor), due=due, currency=offer.currency,
            yes=self.keys.yes, back=self.keys.back)
