"""What a gateway of one dialect says, and how it reads what it is told: PDUs to and from words.

A gateway counts the units of a session in one of two ways: it goes on from the number of the screen that is answered
(`echo=False`: screen 1, answer 2), or says that number again (`echo=True`).
"""

from msgspec import Struct

from tectonics.domain import alphabet
from tectonics.domain.dialects import (
    CUMULATIVE,
    DESTINATION,
    ITS_DIALOG,
    ITS_SESSION,
    REFERENCE,
    SOURCE,
    Dialect,
)
from tectonics.wire import data_coding
from tectonics.wire.smpp.pdus import DataSm, DeliverSm, SubmitSm, message_octets
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag, Tlv

UNCORRELATED = -1
_CORRELATORS = {ITS_SESSION: 0x80, ITS_DIALOG: 0x4000, REFERENCE: 0x8000}  # how many a gateway uses before the first again
_DEFAULT = {"octets": alphabet.GSM7, "ascii": alphabet.ASCII, "latin1": alphabet.LATIN1}


class Screen(Struct, frozen=True):
    """What a handset shows; `more`: it has a field to type in; `notice`: nobody waits for an answer."""

    text: str
    more: bool
    notice: bool = False
    unit: int = 0


class Voice:
    """One dialect, from the gateway's end."""

    def __init__(self, dialect: Dialect, echo: bool = False) -> None:
        self.dialect, self._echo = dialect, echo

    def correlator(self, number: int) -> int:
        """The name of the session that began as the `number`th."""
        return number % _CORRELATORS[self.dialect.correlator] if self.dialect.correlator != SOURCE else UNCORRELATED

    def dial(self, msisdn: str, code: str, correlator: int) -> DeliverSm:
        """Somebody dials."""
        to, text = (code, "") if self.dialect.code_in == DESTINATION else (code.split("*")[1].rstrip("#"), code)
        return self._said(msisdn, to, text, self.dialect.ops_in.begin[0], correlator, 0)

    def typed(self, msisdn: str, code: str, inputs: list[str], correlator: int, seen: Screen) -> DeliverSm:
        """He answers the screen that he sees."""
        text = "*".join(inputs) if self.dialect.input == CUMULATIVE else inputs[-1]
        unit = seen.unit if self._echo else (seen.unit + 1) % 128
        return self._said(msisdn, code.split("*")[1].rstrip("#"), text, self.dialect.ops_in.input[-1], correlator, unit)

    def confirmed(self, msisdn: str, correlator: int) -> DeliverSm:
        """He has seen a notice."""
        return self._said(msisdn, "", "", self.dialect.ops_in.shown[0], correlator, 0)

    def hung_up(self, msisdn: str, correlator: int) -> DeliverSm:
        """He is gone; where the dialect has it, bit 0 of its_session_info says so too."""
        return self._said(msisdn, "", "", self.dialect.ops_in.abort[-1], correlator, 0, ends=self.dialect.end_bit)

    def read(self, pdu: SubmitSm | DataSm) -> tuple[str, int, Screen | None]:
        """(MSISDN, correlator, screen) of what we are told; no screen where the session is given up."""
        op, its = pdu.tlv(Tag.USSD_SERVICE_OP), pdu.tlv(Tag.ITS_SESSION_INFO)
        dialect, out = self.dialect, self.dialect.ops_out
        ends = dialect.end_bit and isinstance(its, ItsSessionInfo) and its.ends
        more = op == out.menu and not ends
        letters, octets = data_coding.read(message_octets(pdu), pdu.data_coding, _DEFAULT[dialect.gsm_packing])
        screen = Screen(alphabet.decode(octets, letters), more, op == out.notice, its.unit if its else 0)
        given_up = out.abort is not None and op == out.abort
        return pdu.destination_addr, self._correlated(pdu, its), None if given_up else screen

    def _correlated(self, pdu: SubmitSm | DataSm, its: ItsSessionInfo | None) -> int:
        match self.dialect.correlator:
            case "its_session_info":
                return its.session if its else UNCORRELATED
            case "its_dialog":
                return its.session << 7 | its.unit if its else UNCORRELATED
            case "user_message_reference":
                named = pdu.tlv(Tag.USER_MESSAGE_REFERENCE)
                return UNCORRELATED if named is None else named
        return UNCORRELATED

    def _said(self, msisdn: str, to: str, text: str, op: int, correlator: int, unit: int, ends: bool = False) -> DeliverSm:
        letters, octets = alphabet.choose(text)
        tlvs = [Tlv(Tag.USSD_SERVICE_OP, op)]
        match self.dialect.correlator:
            case "its_session_info":
                tlvs.append(Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(correlator, unit, ends)))
            case "its_dialog":
                tlvs.append(Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(correlator >> 7, correlator & 0x7F, ends)))
            case "user_message_reference":
                tlvs.append(Tlv(Tag.USER_MESSAGE_REFERENCE, correlator))
        return DeliverSm(service_type="USSD", source_addr_ton=1, source_addr_npi=1, source_addr=msisdn, destination_addr=to,
                         data_coding=data_coding.code(letters), short_message=octets, tlvs=tuple(tlvs))
