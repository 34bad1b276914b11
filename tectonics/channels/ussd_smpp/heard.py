"""What a PDU of a USSD gateway means, by its dialect: a deliver_sm or data_sm becomes Heard. Pure.

A ussd_service_op that the dialect does not list is refused; one that is missing leaves it to the session what the PDU
means.  A parameter that the dialect correlates by and that is missing leaves the subscriber's number alone to tell the
session.  What cannot be read carries the status that answers it (SMPP 3.4 section 5.1.3).
"""

import re

from tectonics.domain import alphabet
from tectonics.domain.dialects import CUMULATIVE, DESTINATION, ITS_DIALOG, ITS_SESSION, REFERENCE, Dialect
from tectonics.domain.errors import BadMessage, BadNumber
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.value import value
from tectonics.wire import data_coding
from tectonics.wire.smpp.pdus import DataSm, DeliverSm
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag

BEGIN, INPUT, SHOWN, ABORT, EITHER = "begin", "input", "shown", "abort", "either"
UNCORRELATED = -1
INPUT_CHARS_MAX = 182  # of one USSD string, 3GPP TS 23.038 section 6.1.2.3
INPUTS_MAX = 20
RECEIPT = 0x3C  # esm_class: a receipt or an acknowledgement, SMPP 3.4 section 5.2.12
NATIONAL = 2  # type of number, section 5.2.5
ADDRESS_CHARS_MAX = 20  # of submit_sm and deliver_sm; data_sm has longer ones, which could not be answered

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT = {"octets": alphabet.GSM7, "ascii": alphabet.ASCII, "latin1": alphabet.LATIN1}


class Unreadable(BadMessage):
    """A PDU that says nothing that can be served; `status` is the gateway's answer."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@value
class Address:
    """An address as it stands in a PDU."""

    number: str
    ton: int
    npi: int


@value
class Addresses:
    """Between whom a session is."""

    subscriber: Address
    service: Address


@value
class Heard:
    """What a gateway says."""

    kind: str
    msisdn: str
    correlator: int  # UNCORRELATED: nothing but the number
    unit: int | None  # the number of this PDU in its session, where the dialect counts
    text: str  # what was typed
    dialled: str  # the code, of a PDU that begins a session
    between: Addresses


class Reader:
    """Reads the PDUs of one dialect."""

    def __init__(self, dialect: Dialect, country_code: str = "") -> None:
        self._dialect, self._country_code = dialect, country_code
        ops = dialect.ops_in
        self._kinds: dict[object, str] = {None: EITHER}
        for kind, numbers in ((ABORT, ops.abort), (SHOWN, ops.shown), (INPUT, ops.input), (BEGIN, ops.begin)):
            self._kinds |= dict.fromkeys(numbers, kind)
        self._default = _DEFAULT[dialect.gsm_packing]
        self._chars_max = INPUT_CHARS_MAX * (INPUTS_MAX if dialect.input == CUMULATIVE else 1)

    def read(self, pdu: DeliverSm | DataSm) -> Heard | None:
        """What the PDU means; None for a receipt, which nobody asked for. Unreadable."""
        if pdu.esm_class & RECEIPT:
            return None
        said = {tlv.tag: tlv.value for tlv in reversed(pdu.tlvs)}  # the first of each tag counts
        correlator, unit, ends = self._session(said)
        kind = ABORT if ends else self._kinds.get(said.get(Tag.USSD_SERVICE_OP))
        if kind is None:
            raise Unreadable(f"ussd_service_op {said[Tag.USSD_SERVICE_OP]} is not of this dialect", Status.RINVOPTPARAMVAL)
        if len(pdu.source_addr) > ADDRESS_CHARS_MAX or len(pdu.destination_addr) > ADDRESS_CHARS_MAX:
            raise Unreadable(f"an address is longer than {ADDRESS_CHARS_MAX} characters", Status.RINVDSTADR)
        msisdn = self._msisdn(pdu.source_addr, pdu.source_addr_ton)
        text = "" if kind in (ABORT, SHOWN) else self._text(pdu, said.get(Tag.MESSAGE_PAYLOAD))
        dialled = text if self._dialect.code_in != DESTINATION else _code(pdu.destination_addr)
        between = Addresses(Address(pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi),
                            Address(pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi))
        return Heard(kind, msisdn, correlator, unit, text, dialled, between)

    def _session(self, said: dict) -> tuple[int, int | None, bool]:
        """(correlator, unit, whether the gateway says that the session ends)."""
        dialect = self._dialect
        if dialect.correlator == REFERENCE:
            return said.get(Tag.USER_MESSAGE_REFERENCE, UNCORRELATED), None, False
        its = said.get(Tag.ITS_SESSION_INFO)
        if not dialect.joins_its or not isinstance(its, ItsSessionInfo):
            return UNCORRELATED, None, False
        ends = its.ends and dialect.end_bit
        if dialect.correlator == ITS_DIALOG:
            return its.session << 7 | its.unit, None, ends
        return its.session, its.unit if dialect.correlator == ITS_SESSION else None, ends

    def _msisdn(self, number: str, ton: int) -> str:
        country_code = self._country_code
        if ton == NATIONAL and country_code and not number.startswith(("0", "+")):
            number = country_code + number
        try:
            return parse_msisdn(number, country_code)
        except BadNumber as error:
            raise Unreadable(f"source_addr: {error}", Status.RINVSRCADR) from None

    def _text(self, pdu: DeliverSm | DataSm, payload: bytes | None) -> str:
        octets = getattr(pdu, "short_message", b"") if payload is None else payload
        letters, octets = data_coding.read(octets, pdu.data_coding, self._default)
        if letters == alphabet.BINARY and octets:
            raise Unreadable(f"data_coding {pdu.data_coding:#04x} has no letters", Status.RX_P_APPN)
        text = alphabet.decode(octets, letters).strip(" \0\r\n") if octets else ""
        if len(text) > self._chars_max or _CONTROL.search(text):
            raise Unreadable("no USSD string: too long, or with control characters", Status.RX_P_APPN)
        return text


def _code(address: str) -> str:
    """A dialled code from an address, which may lack what makes it one: 133 is `*133#`."""
    return address if address.startswith(("*", "#")) else f"*{address}#"
