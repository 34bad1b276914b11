"""What a mail asks for: the address that it came to says what, its subject or first line say which.

    sos@      SOS, or SOS 2 where it says a number of one or two digits
    call@     CALL and the number to call, in international form; CALL alone where none is written
    balance@  DEBT
Nothing else that is written is passed on.  So no mail can agree to anything: YES is not among these words, and an
offer waits for the answer to its SMS.  The words are those of the catalogue's default language.
"""

import re
from collections.abc import Mapping

from tectonics.domain.errors import BadNumber
from tectonics.domain.keywords import spellings
from tectonics.domain.msisdn import parse_msisdn

SOS, CALL, BALANCE = "sos", "call", "balance"
SERVICES = (SOS, CALL, BALANCE)
_WORDS = {SOS: "word.sos", CALL: "word.call", BALANCE: "word.debt"}
_PIN = re.compile(r"\bPIN\s*[:=]?\s*([0-9]{4,16})\b", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"(?<![\w+])(\+?[0-9](?:[0-9 ./()-]{5,22})[0-9])(?!\w)", re.ASCII)
_CHOICE = re.compile(r"\W*(?:[^\W\d]+\W+)?([0-9]{1,2})\W*")


def words(texts: Mapping[str, Mapping[str, str]], language: str) -> dict[str, str]:
    """Service -> its word; `texts` is that of the catalogue, `language` its default."""
    return {service: spellings(texts[language][key])[0] for service, key in _WORDS.items()}


def pin_of(subject: str) -> str:
    """The digits of `PIN 123456` in a subject; empty where there are none."""
    found = _PIN.search(subject)
    return found[1] if found else ""


def request(service: str, word: str, subject: str, line: str, country_code: str) -> str:
    """The words for the engine."""
    without_pin = _PIN.sub(" ", subject)
    if service == BALANCE:
        return word
    if service == SOS:
        choice = _CHOICE.fullmatch(without_pin) or _CHOICE.fullmatch(line)
        return f"{word} {int(choice[1])}" if choice else word
    number = _number(without_pin, country_code) or _number(line, country_code)
    return f"{word} {number}" if number else word


def _number(text: str, country_code: str) -> str:
    for found in _NUMBER.findall(text):
        try:
            return parse_msisdn(found, country_code)
        except BadNumber:
            continue
    return ""
