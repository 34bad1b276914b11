"""What a snapshot looks like: the texts of its language, filled in, in screens that the channel can show.

A menu that is too long for one screen becomes several, each with as many lines as fit, and a key for the next.
By short message there is no screen around an offer: the menu asks for a number, the confirmation for a
word and the code of its offer.
"""

from collections.abc import Sequence

from tectonics.domain.messages import Catalogue
from tectonics.domain.screens import RESUMED, Keys, Screen, Style, keys
from tectonics.domain.subscriber import Account
from tectonics.domain.text import fits
from tectonics.domain.value import value
from tectonics.workflows import history_words
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Choice
from tectonics.workflows.replies import code_of, word
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


@value
class MenuScreens:
    """The screens of one channel; stateless."""

    context: Context
    style: Style
    account: Account | None = None  # whose codes stand in offers by message

    @property
    def catalogue(self) -> Catalogue:
        return self.context.catalogue

    def keys(self, snapshot: Snapshot | None = None) -> Keys:
        """What is typed at this place."""
        return RESUMED if snapshot is not None and snapshot.resumed else keys(self.style)

    @property
    def speaks_several(self) -> bool:
        """Whether the menu offers another language; who writes messages has a word for that."""
        return len(self.catalogue.languages) > 1 and not self.style.by_message

    def screen(self, snapshot: Snapshot) -> Screen:
        """What the place shows."""
        return Screen(_SHOWN[snapshot.place](self, snapshot), more=True)

    def pages(self, snapshot: Snapshot) -> int:
        """How many screens the menu of this place has."""
        return len(_PAGES[snapshot.place](self, snapshot))

    def owed(self, owed: Owed, language: str) -> Screen:
        """What he owes."""
        if not owed.total_minor:
            return self.end("owe.none", language)
        text = self.catalogue.text("owe.total", language, total=self.context.money(owed.total_minor),
                                   due=self.context.date(owed.due_at), currency=self.context.policy.currency)
        return Screen(text, more=False)

    def end(self, key: str, language: str = "") -> Screen:
        """A closing sentence without variables."""
        return Screen(self.catalogue.text(key, language), more=False)

    # --- the places

    def _offers(self, snapshot: Snapshot) -> str:
        return self._offer_pages(snapshot)[snapshot.page]

    def _offer_pages(self, snapshot: Snapshot) -> list[str]:
        def text(key: str, /, **variables: str) -> str:
            return self.catalogue.text(key, snapshot.language, **variables)

        used = self.keys()
        lines = [self._line(choice, snapshot.language) for choice in snapshot.choices]
        if self.speaks_several:
            lines.append(text("menu.language", key=used.language))
        last = text("reply.choose") if self.style.by_message else text("menu.owe", key=used.owe)
        return self._filled([text("menu.title")], lines, text("menu.more", key=used.more), last)

    def _line(self, choice: Choice, language: str) -> str:
        money = self.context.money
        if choice.offer is None:
            low, high = money(choice.min_minor), money(choice.max_minor)
            return f"{choice.number}. {low}-{high}"
        return self.catalogue.text("menu.offer", language, key=str(choice.number),
                                   amount=money(choice.offer.amount_minor),
                                   fee=money(choice.offer.fee_minor))

    def _languages(self, snapshot: Snapshot) -> str:
        return self._language_pages(snapshot)[snapshot.page]

    def _language_pages(self, snapshot: Snapshot) -> list[str]:
        """Each language in its own words, since who is lost in a strange one looks for his."""
        lines = [f"{number}. {self.catalogue.text('language.name', language)}"
                 for number, language in enumerate(self.catalogue.languages, 1)]
        return self._filled([], lines, self.catalogue.text("menu.more", snapshot.language, key=self.keys().more),
                            self.catalogue.text("menu.back", snapshot.language, key="0"))

    def _filled(self, title: list[str], lines: Sequence[str], more: str, last: str) -> list[str]:
        """The menu in as many screens as the channel's limit asks for, each filled with what fits."""
        whole = "\n".join((*title, *lines, last))
        if fits(whole, self.style):
            return [whole]
        pages: list[list[str]] = [[]]
        for line in lines:
            if pages[-1] and not fits("\n".join((*title, *pages[-1], line, more, last)), self.style):
                pages.append([])
            pages[-1].append(line)
        return ["\n".join((*title, *page, more, last)) for page in pages]

    def _amount(self, snapshot: Snapshot) -> str:
        choice, money = snapshot.typing, self.context.money
        return self.catalogue.text(
            "amount.ask", snapshot.language, min=money(choice.min_minor), max=money(choice.max_minor),
            step=money(choice.tier.amount.step_minor), currency=self.context.policy.currency, back="0")

    def _confirm(self, snapshot: Snapshot) -> str:
        offer, money, language = snapshot.offer, self.context.money, snapshot.language
        told = {"amount": money(offer.amount_minor), "fee": money(offer.fee_minor), "currency": offer.currency,
                "total": money(offer.total_minor), "due": self.context.date(self.context.now + offer.due_s * 1000)}
        if self.style.by_message:
            yes = f"{word(self.context, language, 'yes')} {code_of(self.account, offer)}"
            return self.catalogue.text("reply.confirm", language, yes=yes, **told)
        typed = self.keys(snapshot)
        return self.catalogue.text("confirm", language, yes=typed.yes, back=typed.back, **told)


    def _history(self, snapshot: Snapshot) -> str:
        return self._history_pages(snapshot)[snapshot.page]

    def _history_pages(self, snapshot: Snapshot) -> list[str]:
        def text(key: str, typed: str) -> str:
            return self.catalogue.text(key, snapshot.language, key=typed)

        lines = history_words.lines(snapshot.movements, snapshot.language, self.context)
        return self._filled([history_words.title(snapshot.language, self.context)], lines,
                            text("menu.more", self.keys().more), text("menu.back", "0"))

    def _settings(self, snapshot: Snapshot) -> str:
        lines = [self.catalogue.text(f"settings.{SETTINGS_KEYS[key]}", snapshot.language, key=key)
                 for key in snapshot.settings]
        if snapshot.balance:
            lines.insert(0, self.catalogue.text("settings.balance", snapshot.language, balance=snapshot.balance,
                                                currency=snapshot.policy.currency))
        lines.append(self.catalogue.text("settings.history", snapshot.language, key=HISTORY_KEY))
        return "\n".join(lines)


_SHOWN = {OFFERS: MenuScreens._offers, AMOUNT: MenuScreens._amount, CONFIRM: MenuScreens._confirm,
          LANGUAGES: MenuScreens._languages, SETTINGS: MenuScreens._settings, HISTORY: MenuScreens._history}
_PAGES = {OFFERS: MenuScreens._offer_pages, LANGUAGES: MenuScreens._language_pages, HISTORY: MenuScreens._history_pages}
