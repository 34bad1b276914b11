"""What a mail asks for: the address that it came to says what, its subject or first line say which.

    sos@      offers of an advance; the one of which the number of one or two digits is written
    call@     to be called back and connected with the number that is written
    balance@  what is owed
Nothing else that is written is looked at.  So no mail can agree to anything: an offer waits for the answer to its SMS, and
a call-back rings the telephone of who asked before it costs anything.
"""

import re

from tectonics.domain.keywords import Call, Debt, Request, Sos

SOS, CALL, BALANCE = "sos", "call", "balance"
SERVICES = (SOS, CALL, BALANCE)
_PIN = re.compile(r"\bPIN\s*[:=]?\s*([0-9]{4,16})\b", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"(?<![\w+])\+?[0-9][0-9 ./()-]{3,22}[0-9](?!\w)", re.ASCII)
_CHOICE = re.compile(r"\W*(?:[^\W\d]+\W+)?([0-9]{1,2})\W*")


def pin_of(subject: str) -> str:
    """The digits of `PIN 123456` in a subject; empty where there are none."""
    found = _PIN.search(subject)
    return found[1] if found else ""


def request(service: str, subject: str, line: str) -> Request:
    """What is asked for; to be called back with nobody where no number is written."""
    subject = _PIN.sub(" ", subject)
    if service == BALANCE:
        return Debt()
    if service == SOS:
        choice = _CHOICE.fullmatch(subject) or _CHOICE.fullmatch(line)
        return Sos(str(int(choice[1]))) if choice else Sos()
    return Call(_number(subject) or _number(line))


def _number(text: str) -> str:
    """The first number, as a telephone takes it: digits, with the plus sign that stands before them."""
    found = _NUMBER.search(text)
    return re.sub(r"[^0-9+]", "", found[0]) if found else ""
