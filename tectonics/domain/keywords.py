"""What a subscriber's short message asks for: one keyword, whatever language, case, accent or keyboard it came from.

The words of every language stand in its catalogue file (`word.sos: "SOS, PRET"`: several spellings, the first is the
one that is shown) and are all understood from everybody: who reads French may well write SOS.  Two texts are the
same word when they fold to the same letters: no case, no accents or Arabic vowel signs, one form of alef, yeh, heh and
kaf, Western digits, nothing that is neither letter nor digit.

YES is a consent, so it is one only when nothing stands in the message but the code of what is agreed to; STOP is a wish that must never
be missed, so it is one whatever follows it.  A message that is longer than TEXT_MAX is nobody's keyword.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from tectonics.domain.value import value

TEXT_MAX = 200  # characters; the longest request is a keyword with a number
SPELLINGS_MAX = 20
WORDS = ("sos", "debt", "call", "stop", "start", "yes", "no", "help", "lang", "account", "nocollect",
         "collect", "history")  # as keys: `word.<one>`

# Letters that keyboards and people use for one another: teh marbuta, alef maksura, Persian yeh and kaf, dotless i.
_ALIKE = str.maketrans({"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ٱ": "ا", "ı": "i", "ø": "o", "œ": "oe", "æ": "ae",
                        "ـ": ""})
_PIECE = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")
_AMOUNT = re.compile(r"\d{1,9}(?:[.,]\d{1,4})?")


@value
class Sos:
    """An advance; `choice` is the number of an offer, empty when none was named."""

    choice: str = ""


@value
class Debt:
    """What he owes."""


@value
class Call:
    """To be called back and connected with `number`, digits as written, with the plus sign that stood before them.

    Empty: he named nobody. LAST and FAVOURITE: whom he called last, or most often.
    """

    number: str


@value
class Stop:
    """No more advertising."""


@value
class Start:
    """Advertising again."""


@value
class Funds:
    """His balance, and what he owes."""


@value
class History:
    """His newest movements."""


@value
class NoCollect:
    """No more collect calls."""


@value
class Collect:
    """Collect calls again."""


@value
class Yes:
    """He agrees to what he was shown with this `code`; empty when he wrote none."""

    code: str = ""


@value
class No:
    """He does not."""


@value
class Help:
    """What he can write."""


@value
class Language:
    """To be addressed in another language; `code` empty when we have no such language."""

    code: str = ""


@value
class Choice:
    """A number alone: an offer, or an amount that was asked for."""

    text: str


@value
class Unknown:
    """Anything else."""


LAST, FAVOURITE = "last", "favourite"
Request = (Sos | Debt | Call | Stop | Start | Funds | History | NoCollect | Collect | Yes | No | Help | Language | Choice
           | Unknown)
_ALONE = {"debt": Debt(), "start": Start(), "no": No(), "help": Help(), "account": Funds(), "nocollect": NoCollect(),
          "collect": Collect(), "history": History()}


def fold(text: str) -> str:
    """The letters and digits of `text` as they are compared; other signs stay.

    >>> fold("Prêt"), fold("إيقافْ"), fold("٢")
    ('pret', 'ايقاف', '2')
    """
    letters = text
    for _ in range(2):  # some letters fold only when they are taken apart, and come apart only when they are folded
        letters = unicodedata.normalize("NFKD", letters.casefold())
    letters = letters.translate(_ALIKE)
    kept = [_western(c) for c in letters if unicodedata.category(c) not in ("Mn", "Cf", "Cc", "Me") or c.isspace()]
    return "".join(kept)


def _western(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def spellings(entry: str) -> tuple[str, ...]:
    """The words of one entry of the catalogue, as written."""
    return tuple(word for word in re.split(r"[\s,،;]+", entry) if word)


class Keywords:
    """The words of all languages; immutable once made. `texts` is that of a Catalogue."""

    __slots__ = ("_languages", "_words")

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._words = {fold(word): name for entries in texts.values() for name in WORDS
                       for word in spellings(entries.get(f"word.{name}", ""))}
        self._languages = {_joined(fold(name)): code for code, entries in texts.items()
                           for name in (entries.get("language.name", code), code)}

    def read(self, text: str) -> Request:
        """What the message asks for; never fails."""
        if len(text) > TEXT_MAX:
            return Unknown()
        pieces = _PIECE.findall(fold(text))
        if not pieces:
            return Unknown()
        name, rest = self._words.get(pieces[0]), pieces[1:]
        if name is None:
            return _number(text, pieces)
        if name == "stop":
            return Stop()
        if name in _ALONE:
            return _ALONE[name] if not rest else Unknown()
        if name == "call":
            return _call(text, rest)
        return self._with_rest(name, rest)

    def _with_rest(self, name: str, rest: list[str]) -> Request:
        if name == "lang":
            return Language(self._languages.get("".join(rest), ""))
        named = Yes if name == "yes" else Sos
        if not rest:
            return named()
        return named(rest[0]) if len(rest) == 1 and rest[0].isdecimal() else Unknown()


def _call(text: str, rest: list[str]) -> Request:
    number = "".join(rest).replace(".", "").replace(",", "")  # 06.12.34.56.78
    if number and not number.isdecimal():
        return Unknown()
    return Call(f"+{number}" if number and "+" in text else number)


def _joined(folded: str) -> str:
    return "".join(_PIECE.findall(folded))


def _number(text: str, pieces: list[str]) -> Request:
    """A number alone, with a decimal comma or point; a minus sign before it makes it nobody's choice."""
    if len(pieces) == 1 and _AMOUNT.fullmatch(pieces[0]) and "-" not in text:
        return Choice(pieces[0].replace(",", "."))
    return Unknown()


def faults(texts: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """(language, key, sentence) for each word that cannot be understood, or could be understood in two ways."""
    taken: dict[str, tuple[str, str]] = {}
    for language, entries in texts.items():
        for name in WORDS:
            words, key = spellings(entries.get(f"word.{name}", "")), f"word.{name}"
            if key in entries and not words:
                yield language, key, "expected words parted by commas"
            if len(words) > SPELLINGS_MAX:
                yield language, key, f"expected at most {SPELLINGS_MAX} spellings, found {len(words)}"
            for word in words:
                if not re.fullmatch(r"[^\W\d_]+", fold(word)):
                    yield language, key, f"expected words of letters alone, found {word!r}"
                meaning, where = taken.setdefault(fold(word), (name, language))
                if meaning != name:
                    yield language, key, f"{word!r} is word.{meaning} of {where} already"
