"""What a screen may hold: a cut text fits, begins the whole one, and is kept and found again as it was."""

from tectonics.domain.screens import Screen, Style
from tectonics.domain.text import (
    SMS_SEPTETS_PART,
    SMS_UCS2_PART,
    cut,
    fits,
    septets,
    shown,
    sms_parts,
    transliterate,
    ucs2_units,
)

STYLES = [Style(septets_max=room, ucs2_max=room // 2, transliterate=plain) for room in (8, 40) for plain in (True, False)]
TOKENS = tuple(text.encode() for text in ("é", "e\u0301", "ç", "€", "[", "{", "ع", "😀", "\u1ebf", "’", "…", "\u0301" * 9,
                                          "œ", "\x1b", "\f", "Ω", "\u2126", "\ufb01"))


def check(data: bytes) -> None:
    text = data.decode(errors="replace")
    for style in STYLES:
        seen, short = shown(text, style), cut(text, style)
        assert seen.startswith(short) and _has_room(short, style)
        assert short == seen or not fits(text, style)
        assert Screen.decode(Screen(short, more=True).encode()) == Screen(short, more=True)
    if septets(text) is not None:
        assert transliterate(text) == text
    _parts(text)


def _has_room(text: str, style: Style) -> bool:
    """As it stands, without another look for plain letters."""
    length = septets(text)
    return ucs2_units(text) <= style.ucs2_max if length is None else length <= style.septets_max


def _parts(text: str) -> None:
    length, parts = septets(text), sms_parts(text)
    room, needed = (SMS_UCS2_PART, ucs2_units(text)) if length is None else (SMS_SEPTETS_PART, length)
    assert parts == 1 or (room - 1) * (parts - 1) < needed <= room * parts
