"""A short message: always some request; consent and choices are never read into what says something else."""

from pathlib import Path

import yaml

from tectonics.domain.keywords import TEXT_MAX, Call, Choice, Keywords, Language, Sos, Yes, fold, spellings

FOLDER = Path(__file__).parents[3] / "etc" / "messages"
TEXTS = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("en", "fr", "ar", "es")}
KEYWORDS = Keywords(TEXTS)
AGREEING = {fold(word) for entries in TEXTS.values() for word in spellings(entries["word.yes"])}
TOKENS = (b"SOS ", b"2", b"YES", b"oui", "sí".encode(), "نعم".encode(), "٢".encode(), "سُلفَة".encode(), b"LANG ", b"fr", b"CALL +",
          b"stop", b".", b",5", b"-", "\u200f".encode(), "\u0301".encode(), b" ", b"\n")


def check(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    folded = fold(text)
    assert fold(folded) == folded
    request = KEYWORDS.read(text)
    assert KEYWORDS.read(f" {text}\n") == request or len(text) + 2 > TEXT_MAX
    match request:
        case Yes(code):
            assert "".join(c for c in folded if c.isalnum()) in {word + code for word in AGREEING}
        case Choice(number):
            assert number.isascii() and number.replace(".", "", 1).isdecimal()
        case Sos(number) | Call(number):
            number = number.removeprefix("+") if isinstance(request, Call) else number
            assert not number or number.isascii() and number.isdecimal()
        case Language(code):
            assert code in ("", *TEXTS)
