"""The message catalogue: every sentence that a subscriber reads, by key and language.

`MESSAGES` lists each key that the program uses and the variables that it supplies.  A text names
them as `$amount` (`$$` is a dollar sign; Python's string.Template).  `examine` holds a catalogue
against that list, so that a missing text, language or variable is found by check-config and not by
a subscriber; at run time a language that nobody translated falls back to the default.
"""

from string import Template

from tectonics.domain import keywords
from tectonics.domain.errors import OurFault
from tectonics.domain.screens import Style
from tectonics.domain.text import fits
from tectonics.domain.value import value
from tectonics.domain.web_texts import WEB_TEXTS

_VARIABLES = {
    "menu.title": "",
    "menu.offer": "key amount fee",
    "menu.more": "key",
    "menu.owe": "key",
    "menu.language": "key",
    "menu.back": "key",
    "language.name": "",
    "settings.balance": "balance currency",
    "settings.advert_stop": "key",
    "settings.advert_start": "key",
    "settings.collect_refuse": "key",
    "settings.collect_allow": "key",
    "settings.history": "key",
    "settings.saved": "",
    "history.title": "currency",
    "history.advance": "date amount fee",
    "history.payment": "date amount",
    "history.callback": "date amount",
    "history.none": "",
    "amount.ask": "min max step currency back",
    "confirm": "amount fee total due currency yes back",
    "owe.none": "",
    "owe.total": "total due currency",
    "result.granted": "amount total due currency",
    "result.pending": "",
    "result.failed": "",
    "wrong.again": "",
    "wrong.end": "",
    "session.gone": "",
    "busy": "",
    "code.unknown": "",
    "refused.not_prepaid": "",
    "refused.tenure": "days",
    "refused.recharges": "count days",
    "refused.balance": "max",
    "refused.open_advance": "outstanding currency",
    "refused.ceiling": "",
    "refused.barred": "",
    "refused.black_list": "",
    "refused.unknown_subscriber": "",
    "refused.cooling_off": "",
    "refused.limit": "",
    "refused.billing_refused": "",
    "refused.busy": "",
    "refused.stopped": "",
    "refused.rollout": "",
    "refused.billing_unavailable": "",
    "refused.offer_changed": "",
    "callback.ask": "",
    "callback.coming": "number",
    "callback.refused.not_offered": "",
    "callback.refused.busy": "",
    "callback.refused.not_subscribed": "",
    "callback.refused.unknown_subscriber": "",
    "callback.refused.black_list": "",
    "callback.refused.bad_number": "",
    "callback.refused.own_number": "",
    "callback.refused.emergency": "number",
    "callback.refused.destination": "number",
    "callback.refused.call_in_progress": "",
    "callback.refused.call_limit": "",
    "callback.refused.destination_limit": "number",
    "callback.refused.credit": "available currency",
    "callback.refused.allowance": "",
    "callback.refused.billing_unavailable": "",
    "reply.choose": "",
    "reply.confirm": "amount fee total due currency yes",
    "reply.expired": "",
    "reply.declined": "",
    "reply.help": "sos account debt history call nocollect collect stop lang",
    "reply.stopped": "start",
    "reply.started": "stop",
    "reply.language": "",
    "reply.languages": "lang languages",
    "reply.account": "balance currency",
    "reply.account_unknown": "",
    "reply.nocollect": "collect",
    "reply.collect": "nocollect",
    "reply.call_ask": "call",
    "word.sos": "",
    "word.debt": "",
    "word.call": "",
    "word.stop": "",
    "word.start": "",
    "word.yes": "",
    "word.no": "",
    "word.help": "",
    "word.lang": "",
    "word.account": "",
    "word.nocollect": "",
    "word.collect": "",
    "word.history": "",
    "advert.offer": "balance amount fee total currency code",
    "sms.granted": "amount fee total due currency",
    "sms.failed": "",
    "sms.recovered_full": "paid currency",
    "sms.recovered_partial": "paid outstanding currency",
    "sms.recovery_failed": "outstanding currency",
    "sms.overdue": "outstanding currency",
    "sms.barred": "",
    "sms.unbarred": "",
    "sms.reversed": "paid outstanding currency",
    "sms.written_off": "outstanding currency",
    "sms.callback.a_unreached": "number",
    "sms.callback.b_busy": "number",
    "sms.callback.b_no_answer": "number",
    "sms.callback.b_unreached": "number",
    "sms.callback.failed": "number",
    "sms.callback.credit": "number",
    "sms.callback.account": "number",
    "sms.callback.subscribed": "",
    "sms.callback.subscribed_money": "available currency",
    "sms.callback.subscribed_minutes": "minutes",
    "sms.callback.unsubscribed": "",
    "sms.login_code": "login minutes",
} | WEB_TEXTS
MESSAGES = {key: frozenset(names.split()) for key, names in _VARIABLES.items()}
_PROMISED = ("sms.callback.", "sms.login_code")  # who asked waits for these: they are sent whatever notices are wanted
NOTICES = tuple(key.removeprefix("sms.") for key in MESSAGES if key.startswith("sms.") and not key.startswith(_PROMISED))

# The longest value that each variable is expected to have; a screen filled with them must fit.
LONGEST = {
    "key": "98", "yes": "99", "back": "2", "amount": "1500.00", "fee": "150.00", "total": "1650.00",
    "due": "31/12", "date": "31/12", "currency": "EUR", "min": "100.00", "max": "1500.00", "step": "100.00",
    "days": "365", "count": "100", "outstanding": "1650.00", "paid": "1650.00",
    "balance": "0.50", "available": "1500.00", "code": "*133#", "number": "+33612345678901", "minutes": "1500",
    "sos": "ANTICIPO", "debt": "DEUDA", "call": "LLAMAR", "stop": "STOP", "start": "EMPEZAR", "lang": "IDIOMA",
    "languages": "en, fr, ar, es", "login": "123456",
    "collect": "COLLECT", "nocollect": "NOCOLLECT", "account": "BALANCE", "history": "HISTORIQUE",
}

# What is no screen of a menu: parts of one, short messages, and the words that are understood.
_NO_SCREEN = ("menu.", "language.", "history.", "sms.", "advert.", "reply.", "word.", "web.")
_MOVEMENTS = ("history.advance", "history.payment", "history.callback")


def required(key: str) -> frozenset[str]:
    """The variables that a text of `key` must show.

    Amounts, dates and keys are part of the consent or of the account given of it; the currency and
    the figures of a refusal are the operator's choice.
    """
    if key.startswith(("refused.", "callback.")):
        return frozenset()
    if key == "history.advance":  # the fee, where a screen has room for it
        return frozenset({"date", "amount"})
    if key == "advert.offer":
        return frozenset({"amount", "fee", "code"})
    return MESSAGES[key] - {"currency", "number"}


@value
class Problem:
    """What is wrong with one text; without `key` it concerns the whole language."""

    language: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.language, self.key, self.text) if part)


@value
class Form:
    """A text that is ready to be filled in: what stands between its variables, and their names."""

    literals: str | None  # with %s for each variable; None where a $ stands alone
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Form":
        """The form of a string.Template."""
        literals, names, end = [], [], 0
        for found in Template.pattern.finditer(text):
            literals.append(text[end:found.start()].replace("%", "%%"))
            end = found.end()
            if found["invalid"] is not None:
                return cls(None, ())
            name = found["named"] or found["braced"]
            literals.append("%s" if name else "$")
            names += [name] if name else []
        return cls("".join(literals) + text[end:].replace("%", "%%"), tuple(names))

    def filled(self, key: str, variables: dict[str, str]) -> str:
        """The text; OurFault when a variable is not supplied or the text is none."""
        if self.literals is None:
            raise OurFault(f"the text {key} cannot be filled in: a $ stands alone")
        try:
            return self.literals % tuple([variables[name] for name in self.names])
        except KeyError as missing:
            raise OurFault(f"the text {key} cannot be filled in: {missing} is not supplied") from missing


class Catalogue:
    """The texts of every language; immutable once made.

    `texts` is {language: {key: text}}; `default` the language of whoever has none of these.
    """

    __slots__ = ("_forms", "default", "texts")

    def __init__(self, texts: dict[str, dict[str, str]], default: str) -> None:
        self.texts = texts
        self.default = default
        self._forms = {language: {key: Form.of(text) for key, text in entries.items()}
                       for language, entries in texts.items()}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are, in the order given."""
        return tuple(self.texts)

    def text(self, key: str, language: str, /, **variables: str) -> str:
        """The text of `key` in `language` with its variables filled in.

        A language may carry a region (`fr-CI`); one that is not there falls back to the default.
        OurFault when the default lacks the key too or a variable is not supplied.
        """
        for choice in (language, language.partition("-")[0], self.default):
            form = self._forms.get(choice, {}).get(key)
            if form is not None:
                return form.filled(key, variables)
        raise OurFault(f"the message catalogue has no text {key}")


def examine(catalogue: Catalogue) -> list[Problem]:
    """Everything that is wrong with the catalogue, language by language."""
    found = []
    if catalogue.default not in catalogue.texts:
        found.append(Problem(catalogue.default, "", "the default language has no texts"))
    for language, entries in catalogue.texts.items():
        found += [Problem(language, key, "the text is missing") for key in MESSAGES if key not in entries]
        for key, text in entries.items():
            found += [Problem(language, key, sentence) for sentence in _wrong(key, text)]
    return found + [Problem(*fault) for fault in keywords.faults(catalogue.texts)]


def problems(catalogue: Catalogue) -> list[str]:
    """The sentences of `examine`."""
    return [str(problem) for problem in examine(catalogue)]


def _wrong(key: str, text: str) -> list[str]:
    if key not in MESSAGES:
        return ["no such message exists"]
    template = Template(text)
    if not template.is_valid():
        return ["a $ stands alone; write $name for a variable or $$ for the sign"]
    if not text.strip():
        return ["the text is empty"]
    used = frozenset(template.get_identifiers())
    supplied = ", ".join(f"${name}" for name in sorted(MESSAGES[key])) or "none"
    return [f"${name} is not a variable of this message (it has: {supplied})"
            for name in sorted(used - MESSAGES[key])] \
        + [f"the text does not show ${name}" for name in sorted(required(key) - used)]


def screens(catalogue: Catalogue, language: str) -> dict[str, str]:
    """Key -> the longest screen that begins with, or consists of, that message.

    The screens are put together as the dialogue does: wrong input repeats the screen below a line
    that says so, and the smallest page of a menu has title, one offer, `more` and `owe`; one of languages has
    a language, `more` and `back`.
    """
    def filled(key: str) -> str:
        return catalogue.text(key, language, **{name: LONGEST[name] for name in MESSAGES[key]})

    again = filled("wrong.again") + "\n"
    alone = {key: filled(key) for key in MESSAGES if not key.startswith(_NO_SCREEN)}
    repeated = {key: again + filled(key) for key in ("amount.ask", "confirm")}
    menu = "\n".join(map(filled, ("menu.title", "menu.offer", "menu.more", "menu.owe")))
    languages = "\n".join((f"12. {filled('language.name')}", filled("menu.more"), filled("menu.back")))
    settings = "\n".join(map(filled, ("settings.balance", "settings.advert_start", "settings.collect_refuse",
                                      "settings.history")))
    history = {key: "\n".join(map(filled, ("history.title", key, "menu.more", "menu.back"))) for key in _MOVEMENTS}
    return alone | repeated | history | {"menu.title": again + menu, "language.name": again + languages,
                               "settings.balance": settings}


def messages(catalogue: Catalogue, language: str) -> dict[str, str]:
    """Key -> the longest short message that begins with, or consists of, that message."""
    words = {name: keywords.spellings(catalogue.text(f"word.{name}", language))[0] for name in keywords.WORDS}

    def filled(key: str) -> str:
        coded = {"yes": f"{words['yes']} 99"} if key == "reply.confirm" else {}
        return catalogue.text(key, language, **({name: LONGEST[name] for name in MESSAGES[key]} | words | coded))

    alone = {key: filled(key) for key in MESSAGES
             if key.startswith(("sms.", "reply.", "refused.", "callback.", "owe.", "amount.", "advert."))}
    menu = map(filled, ("reply.expired", "menu.title", "menu.offer", "menu.more", "reply.choose"))
    history = {key: "\n".join(map(filled, ("history.title", key))) for key in _MOVEMENTS}
    return alone | history | {"menu.title": "\n".join(menu)}


def too_long(catalogue: Catalogue, style: Style) -> list[Problem]:
    """The screens that may not fit the channel when their values are long. Needs a whole catalogue."""
    room = f"{style.septets_max} septets or {style.ucs2_max} UCS-2 characters"
    return [Problem(language, key, f"a screen with this text may not fit {style.channel} ({room})")
            for language in catalogue.languages
            for key, screen in (messages if style.by_message else screens)(catalogue, language).items()
            if not fits(screen, style)]
