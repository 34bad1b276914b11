"""What becomes of a message, told as message centres tell it: each in its own spelling (SMPP 3.4 appendix B).

An id stands in submit_sm_resp in one spelling and in the receipt in the same or another:

    decimal 1234    padded 0000001234    hex 4d2    HEX 4D2    padded_hex 000004D2    text m-1234
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from tectonics.wire.data_coding import UCS2, code
from tectonics.wire.smpp.pdus import DataSm, DeliverSm, ShortMessage
from tectonics.wire.smpp.tlvs import NetworkError, Tag, Tlv

RECEIPT, INTERMEDIATE = 0x04, 0x20  # esm_class, section 5.2.12
WANTED, FAILURE_ONLY = 0x01, 0x02  # registered_delivery, section 5.2.17
SPELLINGS: Mapping[str, Callable[[int], str]] = {
    "decimal": str, "padded": "{:010d}".format, "hex": "{:x}".format, "HEX": "{:X}".format,
    "padded_hex": "{:08X}".format, "text": "m-{}".format}
NUMBERS = {"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7,
           "REJECTD": 8}  # message_state, section 5.2.28
LONG_WORDS = {"DELIVRD": "Delivered", "UNDELIV": "Undelivered", "EXPIRED": "Expired", "REJECTD": "Rejected",
              "DELETED": "Deleted", "ACCEPTD": "Accepted", "ENROUTE": "Enroute", "UNKNOWN": "Unknown"}
TEXT = "id:{id} sub:001 dlvrd:{dlvrd} submit date:2611220800 done date:2611220801 stat:{stat} err:{err} text:{text}"
SHORT = "id:{id} stat:{stat} err:{err}"
SHOUTED = "ID:{id} SUB:1 DLVRD:{dlvrd} SUBMIT DATE:261122080000 DONE DATE:261122080100 STAT:{stat} ERR:{err} TEXT:{text}"
REORDERED = "stat:{stat} id:{id} done_date:2611220801 err:{err}"


class Style(Struct, frozen=True):
    """How a centre writes its receipts."""

    answered: str = "decimal"  # the id in submit_sm_resp, one of SPELLINGS
    receipted: str = "decimal"  # the id in the receipt
    format: str = TEXT  # of the text; empty: none
    long_words: bool = False  # Delivered for DELIVRD
    parameters: bool = True  # receipted_message_id and message_state
    network_error: bool = False
    data_sm: bool = False
    ucs2: bool = False
    before_answer: bool = False  # the receipt goes out before submit_sm_resp


def wanted(registered_delivery: int, state: str) -> bool:
    """Whether the ESME has asked to be told of that end."""
    asked = registered_delivery & 0x03
    return asked == WANTED or asked == FAILURE_ONLY and state != "DELIVRD"


def receipt(style: Style, number: int, state: str, error: int, of: ShortMessage | DataSm) -> DeliverSm | DataSm:
    """The receipt of message `number`; `state` is one of NUMBERS."""
    id = SPELLINGS[style.receipted](number)
    word = LONG_WORDS[state] if style.long_words else state
    text = style.format.format(id=id, stat=word, err=f"{error:03d}", dlvrd="001" if state == "DELIVRD" else "000",
                               text=getattr(of, "short_message", b"")[:20].decode("latin-1"))
    octets, coding = (text.encode("utf-16-be"), code(UCS2)) if style.ucs2 else (text.encode("latin-1"), 0)
    tlvs: tuple[Tlv, ...] = ()
    if style.parameters:
        tlvs = Tlv(Tag.RECEIPTED_MESSAGE_ID, id), Tlv(Tag.MESSAGE_STATE, NUMBERS[state])
    if style.network_error:
        tlvs += (Tlv(Tag.NETWORK_ERROR_CODE, NetworkError(3, error)),)
    addresses = {"source_addr": of.destination_addr, "source_addr_ton": of.dest_addr_ton,
                 "source_addr_npi": of.dest_addr_npi, "destination_addr": of.source_addr,
                 "dest_addr_ton": of.source_addr_ton, "dest_addr_npi": of.source_addr_npi}
    if style.data_sm or len(octets) > 254:
        payload = (Tlv(Tag.MESSAGE_PAYLOAD, octets),) if octets else ()
        made = DataSm if style.data_sm else DeliverSm
        return made(esm_class=RECEIPT, data_coding=coding, tlvs=tlvs + payload, **addresses)
    return DeliverSm(esm_class=RECEIPT, data_coding=coding, short_message=octets, tlvs=tlvs, **addresses)
