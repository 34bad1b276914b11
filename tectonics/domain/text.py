"""What a screen or a short message may hold: the GSM 7-bit alphabet, its extension, and UCS-2.

A text whose every character stands in the GSM 7-bit default alphabet (3GPP TS 23.038 section
6.2.1) is counted in septets, where a character of the extension table costs two, because an
escape goes before it.  One character outside makes the whole text UCS-2, counted in UTF-16 code
units, with less than half the room.  So a channel may transliterate: French and Spanish letters
that the alphabet lacks lose their accent, typographic signs become plain ones, and what has no
plain form (Arabic) is left as it is and forces UCS-2.
"""

import re
import unicodedata
from collections.abc import Callable

from tectonics.domain.alphabet import ALPHABET, ESCAPE, EXTENSION
from tectonics.domain.screens import Style

_SEPTETS = {c: 1 for c in ALPHABET if c != chr(ESCAPE)} | dict.fromkeys(EXTENSION.values(), 2)
_ALL_ONE_SEPTET = re.compile(f"[{re.escape(''.join(c for c, cost in _SEPTETS.items() if cost == 1))}]*").fullmatch

# 3GPP TS 23.040 section 9.2.3.24.1: a part of a long message loses 6 octets to its header.
SMS_SEPTETS, SMS_SEPTETS_PART = 160, 153
SMS_UCS2, SMS_UCS2_PART = 70, 67

_PLAIN = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "‹": "'", "›": "'", "´": "'", "`": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "•": "-", "·": "-",
    "…": "...", "œ": "oe", "Œ": "OE", "ª": "a", "º": "o", "°": "o", "×": "x",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " ", "\u00ad": "", "\u200b": "",
})


def septets(text: str) -> int | None:
    """How many septets `text` takes in GSM 7-bit; None when it cannot be written in it."""
    if _ALL_ONE_SEPTET(text):
        return len(text)
    total = 0
    for character in text:
        cost = _SEPTETS.get(character)
        if cost is None:
            return None
        total += cost
    return total


def ucs2_units(text: str) -> int:
    """How many UTF-16 code units `text` takes; a character outside the basic plane takes two."""
    return sum(map(_units, text))


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def transliterate(text: str) -> str:
    """`text` with what GSM 7-bit lacks in its nearest plain form; what has none stays.

    >>> transliterate("Prêt reçu à l’instant")
    "Pret recu à l'instant"
    """
    if septets(text) is not None:
        return text
    composed = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(c if c in _SEPTETS else _without_accent(c) for c in composed)


def _without_accent(character: str) -> str:
    letter = unicodedata.normalize("NFD", character)[0]
    return letter if letter in _SEPTETS else character


def shown(text: str, style: Style) -> str:
    """What the channel will really show: transliterated where the style asks and it spares UCS-2."""
    if style.transliterate:
        plain = transliterate(text)
        if septets(plain) is not None:
            return plain
    return text


def fits(text: str, style: Style) -> bool:
    """Whether `text`, as it will be shown, keeps within one screen of the channel."""
    if len(text) <= style.septets_max and _ALL_ONE_SEPTET(text):
        return True
    seen = shown(text, style)
    length = septets(seen)
    return ucs2_units(seen) <= style.ucs2_max if length is None else length <= style.septets_max


def cut(text: str, style: Style) -> str:
    """The longest beginning of `text`, as shown, that fits: the last resort.

    Never splits an extension character, a surrogate pair, or a letter from its combining marks.
    """
    if len(text) <= style.septets_max and _ALL_ONE_SEPTET(text):
        return text
    seen = shown(text, style)
    if fits(seen, style):
        return seen
    gsm = septets(seen) is not None
    room, end = (style.septets_max if gsm else style.ucs2_max), 0
    for character in seen:
        room -= _SEPTETS[character] if gsm else _units(character)
        if room < 0:
            break
        end += 1
    while 0 < end < len(seen) and unicodedata.combining(seen[end]):
        end -= 1
    return seen[:end]


def sms_style(parts: int = 3, coding: str = "auto", session_s: int = 900) -> Style:
    """A channel whose answers are short messages of at most so many parts.

    `coding` is that of channels.sms_smpp: auto, gsm (transliterated) or ucs2. A menu may be answered for `session_s`.
    """
    room, ucs2_room = (SMS_SEPTETS, SMS_UCS2) if parts == 1 else (parts * SMS_SEPTETS_PART, parts * SMS_UCS2_PART)
    return Style("sms", "last", False, ucs2_room if coding == "ucs2" else room, ucs2_room, coding == "gsm",
                 session_s=session_s, by_message=True)


def sms_parts(text: str) -> int:
    """How many short messages `text` needs (3GPP TS 23.040): 160 or 153 septets, 70 or 67 UCS-2."""
    length = septets(text)
    if length is not None:
        return 1 if length <= SMS_SEPTETS else _parts(text, SMS_SEPTETS_PART, _SEPTETS.__getitem__)
    return 1 if ucs2_units(text) <= SMS_UCS2 else _parts(text, SMS_UCS2_PART, _units)


def _parts(text: str, room: int, cost: Callable[[str], int]) -> int:
    parts, used = 1, 0
    for character in text:
        if used + cost(character) > room:
            parts, used = parts + 1, 0
        used += cost(character)
    return parts
