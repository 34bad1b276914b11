"""The menu of an advance as data: a snapshot and an input give the next snapshot and its screen.

    offers --number--> confirm --yes--> (the borrow workflow answers)
      | 0 owed: the end | back -> offers
      | 98 more
      | 97 languages --number--> offers, in that language
      +--number of a typed tier--> amount --amount--> confirm
    settings (96, dialled with the code) --number--> changed: the end
      +--5--> history --98 more, 0 back--> settings

A session is answered from its snapshot: the offers that were shown, with the policy version that
made them.  Only `confirm` can move money, and only when its screen has been shown before: inputs
that came with the first request (`*133*1*1#`), or that are replayed after a snapshot was lost, lead
up to the confirmation and never through it.  A wrong input is re-asked twice, then the session ends.

Who redials after a session that ended at `amount` or `confirm` is shown that place first, examined anew and
as today's policy makes it.  The keys of the confirmation are others then (99 accepts, 0 leads to the offers), and
every other input means what it means among the offers: who types ahead without looking chooses and never
agrees, and a node that does not know of the earlier session lends nothing for the same inputs.
"""

from collections.abc import Sequence

from tectonics.domain.advance import Offer
from tectonics.domain.errors import BadMoney
from tectonics.domain.messages import Catalogue
from tectonics.domain.money import parse_minor
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.screens import Keys, Screen, Style
from tectonics.domain.self_care import Movement
from tectonics.domain.subscriber import Account
from tectonics.domain.text import fits
from tectonics.domain.value import replace, value
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Choice, typed_offer
from tectonics.workflows.menu_screens import MenuScreens
from tectonics.workflows.replies import language_of
from tectonics.workflows.snapshot import (
    AMOUNT,
    CONFIRM,
    HISTORY,
    HISTORY_KEY,
    LANGUAGES,
    OFFERS,
    SETTINGS,
    SETTINGS_KEYS,
    Owed,
    Snapshot,
)

WRONG_MAX = 2  # wrong inputs that are asked again


@value
class Left:
    """Where an earlier session ended: at this tier, at the confirmation of `amount_minor` or before it."""

    tier: str
    amount_minor: int | None = None

    @classmethod
    def at(cls, snapshot: Snapshot | None) -> "Left | None":
        """What is worth resuming of a session that stands there."""
        if snapshot is None or snapshot.place not in (AMOUNT, CONFIRM):
            return None
        if snapshot.place == AMOUNT:
            return cls(snapshot.typing.tier.id)
        return cls(snapshot.offer.tier, snapshot.offer.amount_minor)


@value
class Move:
    """What an input leads to: the next snapshot and its screen, or a confirmed offer."""

    snapshot: Snapshot | None  # None: the session is over
    screen: Screen | None
    confirmed: Offer | None = None
    language: str = ""  # that he has chosen for himself with this input
    setting: str = ""  # what else he has changed for himself, one of SETTINGS_KEYS

    @property
    def change(self) -> tuple[str, str] | None:
        """What is written to his profile because of this input."""
        if self.language:
            return "language", self.language
        return (self.setting, "") if self.setting else None


@value
class Menus:
    """The menus in one language for one channel; stateless."""

    context: Context
    style: Style
    account: Account | None = None  # needed where offers are shown by message

    @property
    def shown(self) -> MenuScreens:
        return MenuScreens(self.context, self.style, self.account)

    @property
    def keys(self) -> Keys:
        return self.shown.keys()

    @property
    def catalogue(self) -> Catalogue:
        return self.context.catalogue

    def open(self, account: Account, choices: Sequence[Choice]) -> Move:
        """The first screen of a subscriber who may borrow."""
        return self._show(Snapshot(OFFERS, language_of(account, self.context), tuple(choices),
                                   self.context.policy, Owed.by(account)))

    def resume(self, account: Account, choices: Sequence[Choice], left: Left) -> Move:
        """The first screen of one whose earlier session ended before its end: that place, if it still exists."""
        move = self.open(account, choices)
        choice = next((one for one in choices if one.tier.id == left.tier), None)
        if choice is None:
            return move
        if left.amount_minor is None:
            typed = choice.offer is None
            return self._show(replace(move.snapshot, place=AMOUNT, typing=choice, resumed=True)) if typed else move
        offer = choice.offer or typed_offer(choice, left.amount_minor, self.context.policy)
        if offer is None or offer.amount_minor != left.amount_minor:
            return move
        return self._show(replace(move.snapshot, place=CONFIRM, offer=offer, resumed=True))

    def settings(self, account: Account, balance: Balance | Unavailable, movements: Sequence[Movement] = ()) -> Move:
        """What he has, and what he can change for himself, whether he may borrow or not."""
        profile = account.profile
        if account.version == 0:
            return Move(None, self.shown.end("refused.unknown_subscriber"))
        offered = ("2" if profile.adverts_stopped_at else "1", "4" if profile.collect_refused_at else "3")
        told = self.context.money(balance.amount_minor) if isinstance(balance, Balance) else ""
        return self._show(Snapshot(SETTINGS, language_of(account, self.context), (), self.context.policy,
                                   settings=offered, balance=told, movements=tuple(movements)))

    def replay(self, move: Move, inputs: Sequence[str]) -> Move:
        """Feeds inputs that came together: back from a confirmation where he went back, never through it."""
        language = ""
        for text in inputs:
            if move.snapshot is None or move.snapshot.place == CONFIRM and text.strip() != self.keys.back:
                break
            move = self.enter(move.snapshot, text)
            language = move.language or language
        return replace(move, language=language)  # a setting ends the session, so it is the last input's

    def enter(self, snapshot: Snapshot, text: str) -> Move:
        """What the subscriber's input leads to."""
        text = text.strip()
        match snapshot.place:
            case "offers":
                return self._choose(snapshot, text)
            case "amount":
                return self._type(snapshot, text)
            case "languages":
                return self._speak(snapshot, text)
            case "settings":
                return self._set(snapshot, text)
            case "history":
                return self._leaf(snapshot, text)
            case _:
                return self._answer(snapshot, text)

    def again(self, snapshot: Snapshot) -> Move:
        """What was shown, once more."""
        return self._show(snapshot)

    def owed(self, account: Account) -> Screen:
        """What he owes, and by when the oldest debt is due."""
        return self.shown.owed(Owed.by(account), language_of(account, self.context))

    # --- inputs

    def _choose(self, snapshot: Snapshot, text: str) -> Move:
        if text == self.keys.more and self.shown.pages(snapshot) > 1:
            return self._turn(snapshot)
        if text == self.keys.owe:
            return Move(None, self.shown.owed(snapshot.owed, snapshot.language))
        if text == self.keys.language and self.shown.speaks_several:
            return self._show(replace(snapshot, place=LANGUAGES, page=0, wrong=0))
        choice = next((c for c in snapshot.choices if str(c.number) == text), None)
        if choice is None:
            return self._wrong(snapshot)
        if choice.offer is None:
            return self._show(replace(snapshot, place=AMOUNT, typing=choice, wrong=0))
        return self._show(replace(snapshot, place=CONFIRM, offer=choice.offer, wrong=0))

    def _turn(self, snapshot: Snapshot) -> Move:
        page = (snapshot.page + 1) % self.shown.pages(snapshot)
        return self._show(replace(snapshot, page=page, wrong=0))

    def _type(self, snapshot: Snapshot, text: str) -> Move:
        if text == "0":
            return self._show(replace(snapshot, place=OFFERS, resumed=False, wrong=0))
        try:
            amount = parse_minor(text, snapshot.policy.currency)
        except BadMoney:
            return self._wrong(snapshot)
        offer = typed_offer(snapshot.typing, amount, snapshot.policy)
        if offer is None:
            return self._wrong(snapshot)
        return self._show(replace(snapshot, place=CONFIRM, offer=offer, wrong=0))

    def _speak(self, snapshot: Snapshot, text: str) -> Move:
        if text == self.keys.more and self.shown.pages(snapshot) > 1:
            return self._turn(snapshot)
        if text == "0":
            return self._show(replace(snapshot, place=OFFERS, page=0, wrong=0))
        language = next((one for number, one in enumerate(self.catalogue.languages, 1) if str(number) == text), "")
        if not language:
            return self._wrong(snapshot)
        move = self._show(replace(snapshot, place=OFFERS, language=language, page=0, wrong=0))
        return replace(move, language=language)

    def _leaf(self, snapshot: Snapshot, text: str) -> Move:
        if text == self.keys.more and self.shown.pages(snapshot) > 1:
            return self._turn(snapshot)
        if text == "0":
            return self._show(replace(snapshot, place=SETTINGS, page=0, wrong=0))
        return self._wrong(snapshot)

    def _set(self, snapshot: Snapshot, text: str) -> Move:
        if text == HISTORY_KEY:
            return self._show(replace(snapshot, place=HISTORY, page=0, wrong=0))
        setting = SETTINGS_KEYS.get(text)
        if setting is None:
            return self._wrong(snapshot)
        return Move(None, self.shown.end("settings.saved", snapshot.language), setting=setting)

    def _answer(self, snapshot: Snapshot, text: str) -> Move:
        typed = self.shown.keys(snapshot)
        if text == typed.yes:
            return Move(None, None, confirmed=snapshot.offer)
        offers = replace(snapshot, place=OFFERS, offer=None, resumed=False)
        if text == typed.back:
            return self._show(replace(offers, wrong=0))
        return self._choose(offers, text) if snapshot.resumed else self._wrong(snapshot)

    def _wrong(self, snapshot: Snapshot) -> Move:
        if snapshot.wrong >= WRONG_MAX:
            return Move(None, self.shown.end("wrong.end", snapshot.language))
        move = self._show(replace(snapshot, wrong=snapshot.wrong + 1))
        hint = self.catalogue.text("wrong.again", snapshot.language)
        text = f"{hint}\n{move.screen.text}"
        return replace(move, screen=Screen(text if fits(text, self.style) else move.screen.text, more=True))

    def _show(self, snapshot: Snapshot) -> Move:
        return Move(snapshot, self.shown.screen(snapshot))
