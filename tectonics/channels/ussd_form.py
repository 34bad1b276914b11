"""The form of a USSD gateway's request: bytes of a body to `Dialled`, or one sentence saying why not.

Only the fields that are needed are decoded: `sessionId`, `phoneNumber`, `serviceCode`, `text` and,
where configured, the step counter; `networkCode` and whatever else a gateway adds are passed over.
A needed field that is missing, given twice, badly escaped (application/x-www-form-urlencoded, WHATWG
URL section 5.1), not UTF-8 or with control characters is the peer's fault and names the field.

What was dialled is brought to one form.  A service code may come alone (`*133#`) or whole
(`*133*1#`); `service_codes` splits it.  In mode `cumulative` its input stands before `text`, at every
step, because the gateway repeats the whole code at every step; in mode `last` it is the input only
where `text` is empty, because there `text` is the newest input.  So `*133*1#` + `` and `*133#` + `1`
are the same request.

Nothing is kept here but a cache of 1024 service codes, the least recently used forgotten.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from tectonics.channels.service_codes import INPUT_CHARS_MAX, ServiceCodes
from tectonics.domain.errors import BadMessage, BadNumber
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.screens import Dialled, Style

SESSION_BYTES_MAX = 128
INPUTS_MAX = 20
TEXT_BYTES_MAX = INPUT_CHARS_MAX * INPUTS_MAX
STEP_MAX = 9999

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_STEP = re.compile(r"\d{1,4}", re.ASCII)


def _unescape(name: str, value: bytes) -> str:
    """The text that a form field stands for."""
    if b"+" in value:
        value = value.replace(b"+", b" ")
    if b"%" in value:
        if _BROKEN_ESCAPE.search(value):
            raise BadMessage(f"{name}: a percent sign that is not followed by two hexadecimal digits")
        value = unquote_to_bytes(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise BadMessage(f"{name}: not UTF-8") from None
    if _CONTROL.search(text):
        raise BadMessage(f"{name}: holds a control character")
    return text


def parse_fields(body: bytes, wanted: frozenset[bytes]) -> dict[bytes, bytes]:
    """The wanted fields of a form, still escaped; BadMessage when one is given twice."""
    found: dict[bytes, bytes] = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        if b"%" in name:
            name = unquote_to_bytes(name)
        if name in wanted:
            if name in found:
                raise BadMessage(f"{name.decode()}: given twice")
            found[name] = value
    return found


class UssdForm:
    """Reads the requests of one gateway; `codes` are the service codes that are served (`*133#`)."""

    def __init__(self, style: Style, country_code: str = "", codes: Iterable[str] = (), step_field: str = ""):
        self._cumulative = style.mode == "cumulative"
        self._country_code = country_code
        self._codes = ServiceCodes(codes)
        self._step_field = step_field.encode()
        ending = frozenset((b"sessionId", b"phoneNumber"))
        self._ending = ending
        self._wanted = ending | {b"serviceCode", b"text"} | ({self._step_field} if step_field else frozenset())
        self._split = lru_cache(maxsize=1024)(self._split_code)

    def dialled(self, body: bytes, at: int) -> Dialled:
        """The request in a body that arrived at `at`; BadMessage says what is wrong with it."""
        fields = parse_fields(body, self._wanted)
        session, msisdn = self._who(fields)
        try:
            service_code, text = fields[b"serviceCode"], _unescape("text", fields[b"text"])
        except KeyError as missing:
            raise BadMessage(f"{missing.args[0].decode()}: missing") from None
        code, more = self._split(service_code)
        if more:
            text = self._joined(more, text)
        if len(text) > TEXT_BYTES_MAX or len(text.encode()) > TEXT_BYTES_MAX:
            raise BadMessage(f"text: longer than {TEXT_BYTES_MAX} bytes")
        return Dialled(session, msisdn, code, text, at, self._step(fields))

    def ended(self, body: bytes) -> tuple[str, str]:
        """(session, MSISDN) of an end-of-session event; BadMessage says what is wrong with it."""
        return self._who(parse_fields(body, self._ending))

    def _who(self, fields: dict[bytes, bytes]) -> tuple[str, str]:
        try:
            session = _unescape("sessionId", fields[b"sessionId"])
            number = _unescape("phoneNumber", fields[b"phoneNumber"])
        except KeyError as missing:
            raise BadMessage(f"{missing.args[0].decode()}: missing") from None
        if not session:
            raise BadMessage("sessionId: empty")
        if len(session) > SESSION_BYTES_MAX or len(session.encode()) > SESSION_BYTES_MAX:
            raise BadMessage(f"sessionId: longer than {SESSION_BYTES_MAX} bytes")
        try:
            return session, parse_msisdn(number, self._country_code)
        except BadNumber as error:
            raise BadMessage(f"phoneNumber: {error}") from None

    def _joined(self, more: str, text: str) -> str:
        """The input that stood in the service code, with `text`."""
        if not text:
            return more
        return f"{more}*{text}" if self._cumulative else text

    def _split_code(self, service_code: bytes) -> tuple[str, str]:
        """(code, input) of a service code as it stands in the form."""
        dialled = _unescape("serviceCode", service_code)
        try:
            return self._codes.split(dialled)
        except BadMessage as error:
            raise BadMessage(f"serviceCode: {error}") from None

    def _step(self, fields: dict[bytes, bytes]) -> int | None:
        if not self._step_field:
            return None
        given = fields.get(self._step_field)
        if given is None:
            raise BadMessage(f"{self._step_field.decode()}: missing")
        step = _unescape(self._step_field.decode(), given)
        if not _STEP.fullmatch(step):
            raise BadMessage(f"{self._step_field.decode()}: not a number from 0 to {STEP_MAX}")
        return int(step)
