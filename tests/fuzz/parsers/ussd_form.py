"""The form of a gateway: what was dialled, or BadMessage; written as a form again it is the same request."""

from urllib.parse import urlencode

from tectonics.channels.service_codes import INPUT_CHARS_MAX
from tectonics.channels.ussd_form import SESSION_BYTES_MAX, TEXT_BYTES_MAX, UssdForm
from tectonics.domain.errors import BadMessage
from tectonics.domain.screens import Dialled, Style
from tests.fuzz.contract import sentence

FORMS = [UssdForm(Style(mode=mode), "33", ("*133#", "*133*7#"), step) for mode in ("cumulative", "last")
         for step in ("", "hop")]
TOKENS = (b"sessionId=S1", b"&phoneNumber=%2B33600000001", b"&serviceCode=*133%23", b"&text=", b"&hop=3", b"*133*7*1#",
          b"%C3%A9", b"%ff", b"%zz", b"%00", b"%E2%80%A8", b"+", b"&", b"te%78t=1", b"0612345678", b"*#06#", b"%23")


def check(data: bytes) -> None:
    for form in FORMS:
        try:
            dialled = form.dialled(data, 1)
        except BadMessage as error:
            sentence(error, 200)
        else:
            _bounded(dialled)
            assert form.dialled(_written(dialled), 1) == dialled
    _ended(data)


def _bounded(dialled: Dialled) -> None:
    assert 0 < len(dialled.session.encode()) <= SESSION_BYTES_MAX
    assert len(dialled.text.encode()) <= TEXT_BYTES_MAX and len(dialled.code) <= INPUT_CHARS_MAX
    assert dialled.code.isascii() and dialled.msisdn.isdecimal()


def _written(dialled: Dialled) -> bytes:
    return urlencode({"sessionId": dialled.session, "phoneNumber": dialled.msisdn, "serviceCode": dialled.code,
                      "text": dialled.text, "hop": dialled.step}).encode()


def _ended(data: bytes) -> None:
    try:
        session, msisdn = FORMS[0].ended(data)
    except BadMessage as error:
        sentence(error, 200)
        return
    assert FORMS[0].ended(urlencode({"sessionId": session, "phoneNumber": msisdn}).encode()) == (session, msisdn)
