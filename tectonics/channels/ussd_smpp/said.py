"""The PDU of a screen, by the gateway's dialect: to whom, in which session, whether it is the last, in which letters. Pure.

The service answers from the address that was dialled.  Where the dialect counts units, an answer has the number after
that of the PDU that it answers (SMPP 3.4 section 5.3.2.43).
"""

from tectonics.channels.ussd_smpp.heard import UNCORRELATED, Address, Addresses
from tectonics.domain import alphabet
from tectonics.domain.dialects import (
    DATA_SM,
    ITS_DIALOG,
    MESSAGE_PAYLOAD,
    REFERENCE,
    SOURCE,
    Dialect,
    Numbering,
)
from tectonics.domain.text import transliterate
from tectonics.wire.smpp.pdus import DataSm, SubmitSm
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag, Tlv

MENU, END, NOTICE, GIVE_UP = "menu", "end", "notice", "abort"
UNITS = 128  # of its_session_info; the next is 0 again


class Writer:
    """Writes the PDUs of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        ops = {MENU: dialect.ops_out.menu, END: dialect.ops_out.end, NOTICE: dialect.ops_out.notice,
               GIVE_UP: dialect.ops_out.abort}
        self._ops = {kind: () if op is None else (Tlv(Tag.USSD_SERVICE_OP, op),) for kind, op in ops.items()}

    @property
    def gives_up(self) -> bool:
        """Whether the gateway can be told that a session is given up."""
        return bool(self._ops[GIVE_UP])

    def screen(self, kind: str, text: str, between: Addresses, correlator: int, unit: int | None) -> SubmitSm | DataSm:
        """The PDU; `unit` is the number of the PDU that it answers."""
        dialect = self._dialect
        coding, octets = self._letters(text)
        service = _numbered(between.service, dialect.service_numbering)
        subscriber = _numbered(between.subscriber, dialect.subscriber_numbering)
        tlvs = (*self._ops[kind], *self._session(kind, correlator, unit))
        fields = {"service_type": dialect.service_type, "data_coding": coding,
                  "source_addr": service.number, "source_addr_ton": service.ton, "source_addr_npi": service.npi,
                  "destination_addr": subscriber.number, "dest_addr_ton": subscriber.ton,
                  "dest_addr_npi": subscriber.npi}
        if dialect.text_out == MESSAGE_PAYLOAD:
            tlvs += (Tlv(Tag.MESSAGE_PAYLOAD, octets),)
        else:
            fields["short_message"] = octets
        made = DataSm if dialect.answer_with == DATA_SM else SubmitSm
        return made(**fields, tlvs=tlvs)

    def _session(self, kind: str, correlator: int, unit: int | None) -> tuple[Tlv, ...]:
        dialect = self._dialect
        if correlator == UNCORRELATED or dialect.correlator == SOURCE:
            return ()
        if dialect.correlator == REFERENCE:
            return (Tlv(Tag.USER_MESSAGE_REFERENCE, correlator),)
        ends = dialect.end_bit and kind != MENU
        if dialect.correlator == ITS_DIALOG:
            return (Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(correlator >> 7, correlator & 0x7F, ends)),)
        number = 0 if unit is None else (unit + 1) % UNITS
        return (Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(correlator, number, ends)),)

    def _letters(self, text: str) -> tuple[int, bytes]:
        """data_coding and octets: UCS-2 where nothing else has the letters, unless the dialect knows only one."""
        dialect = self._dialect
        octets = None if dialect.coding == "ucs2" else self._gsm(text)
        if octets is None:
            return dialect.ucs2_data_coding, text.encode("utf-16-be", "replace")
        return dialect.gsm_data_coding, octets

    def _gsm(self, text: str) -> bytes | None:
        """The text as data_coding 0 wants it; None when it has not these letters, and UCS-2 may be used."""
        dialect = self._dialect
        only, packing = dialect.coding == "gsm", dialect.gsm_packing
        if packing == "octets":
            octets = alphabet.encode(text, alphabet.GSM7)
            if octets is None and only:
                octets = b"".join(alphabet.encode(c, alphabet.GSM7) or b"?" for c in transliterate(text))
            return octets
        return text.encode(packing, "replace") if only else alphabet.encode(text, packing)


def _numbered(address: Address, numbering: Numbering | None) -> Address:
    return address if numbering is None else Address(address.number, numbering.ton, numbering.npi)
