"""Optional parameters: tag, length, value (SMPP 3.4 section 5.3, 5.0 section 4.8).

A parameter that stands in KINDS is read as what it is: a number, text, octets, or one of the two structures
below.  Any other tag, a vendor's (0x1400 to 0x3FFF) or a newer one, is kept as its octets.  Text may lack its
final zero, as many peers leave it out; a number of the wrong length is refused, since its meaning is a guess.
"""

from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from tectonics.wire.smpp.fields import Malformed, Unsendable
from tectonics.wire.smpp.status import Status

TLVS_MAX = 64  # in one PDU
VALUE_OCTETS_MAX = 0xFFFF


class Tag(IntEnum):
    """The tags of the specification that this side gives a meaning."""

    DEST_ADDR_SUBUNIT = 0x0005
    DEST_NETWORK_TYPE = 0x0006
    DEST_BEARER_TYPE = 0x0007
    DEST_TELEMATICS_ID = 0x0008
    SOURCE_ADDR_SUBUNIT = 0x000D
    SOURCE_NETWORK_TYPE = 0x000E
    SOURCE_BEARER_TYPE = 0x000F
    SOURCE_TELEMATICS_ID = 0x0010
    QOS_TIME_TO_LIVE = 0x0017
    PAYLOAD_TYPE = 0x0019
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MS_MSG_WAIT_FACILITIES = 0x0030
    PRIVACY_INDICATOR = 0x0201
    SOURCE_SUBADDRESS = 0x0202
    DEST_SUBADDRESS = 0x0203
    USER_MESSAGE_REFERENCE = 0x0204
    USER_RESPONSE_CODE = 0x0205
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    LANGUAGE_INDICATOR = 0x020D
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    CALLBACK_NUM_PRES_IND = 0x0302
    CALLBACK_NUM_ATAG = 0x0303
    NUMBER_OF_MESSAGES = 0x0304
    CALLBACK_NUM = 0x0381
    DPF_RESULT = 0x0420
    SET_DPF = 0x0421
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    CONGESTION_STATE = 0x0428
    USSD_SERVICE_OP = 0x0501
    BILLING_IDENTIFICATION = 0x060B
    DISPLAY_TIME = 0x1201
    SMS_SIGNAL = 0x1203
    MS_VALIDITY = 0x1204
    ALERT_ON_MESSAGE_DELIVERY = 0x130C
    ITS_REPLY_TYPE = 0x1380
    ITS_SESSION_INFO = 0x1383


class ItsSessionInfo(Struct, frozen=True):
    """Which dialogue, which unit of it, and whether it is the last (SMPP 3.4 section 5.3.2.43)."""

    session: int  # 0 to 255, the same in all units
    unit: int  # 0 to 127
    ends: bool = False


class NetworkError(Struct, frozen=True):
    """Of which network (1 ANSI-136, 2 IS-95, 3 GSM, 4 reserved to vendors), and its code (section 5.3.2.31)."""

    network: int
    code: int


Value = int | str | bytes | ItsSessionInfo | NetworkError


class Tlv(Struct, frozen=True):
    """One parameter; octets where the tag is not of KINDS."""

    tag: int
    value: Value


class _Number:
    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, octets: bytes) -> int | None:
        return int.from_bytes(octets) if len(octets) == self.size else None

    def write(self, value: int) -> bytes:
        return value.to_bytes(self.size)


class _Text:
    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, octets: bytes) -> str | None:
        text = octets.removesuffix(b"\0")
        return text.decode("latin-1") if len(text) < self.size and 0 not in text else None

    def write(self, value: str) -> bytes:
        if len(value) >= self.size or "\0" in value:
            raise ValueError(f"at most {self.size - 1} characters, none of them zero")
        return value.encode("latin-1") + b"\0"


class _Octets:
    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def read(self, octets: bytes) -> bytes | None:
        return octets if self.least <= len(octets) <= self.most else None

    def write(self, value: bytes) -> bytes:
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"{self.least} to {self.most} octets")
        return bytes(value)


class _Session:
    def read(self, octets: bytes) -> ItsSessionInfo | None:
        return ItsSessionInfo(octets[0], octets[1] >> 1, bool(octets[1] & 1)) if len(octets) == 2 else None

    def write(self, value: ItsSessionInfo) -> bytes:
        return bytes([value.session, value.unit << 1 | value.ends])


class _Network:
    def read(self, octets: bytes) -> NetworkError | None:
        return NetworkError(octets[0], int.from_bytes(octets[1:])) if len(octets) == 3 else None

    def write(self, value: NetworkError) -> bytes:
        return bytes([value.network]) + value.code.to_bytes(2)


_NUMBERS = {
    1: (Tag.DEST_ADDR_SUBUNIT, Tag.DEST_NETWORK_TYPE, Tag.DEST_BEARER_TYPE, Tag.SOURCE_ADDR_SUBUNIT,
        Tag.SOURCE_NETWORK_TYPE, Tag.SOURCE_BEARER_TYPE, Tag.SOURCE_TELEMATICS_ID, Tag.PAYLOAD_TYPE,
        Tag.MS_MSG_WAIT_FACILITIES, Tag.PRIVACY_INDICATOR, Tag.USER_RESPONSE_CODE, Tag.LANGUAGE_INDICATOR,
        Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM, Tag.SC_INTERFACE_VERSION, Tag.CALLBACK_NUM_PRES_IND,
        Tag.NUMBER_OF_MESSAGES, Tag.DPF_RESULT, Tag.SET_DPF, Tag.MS_AVAILABILITY_STATUS,
        Tag.DELIVERY_FAILURE_REASON, Tag.MORE_MESSAGES_TO_SEND, Tag.MESSAGE_STATE, Tag.CONGESTION_STATE,
        Tag.USSD_SERVICE_OP, Tag.DISPLAY_TIME, Tag.ITS_REPLY_TYPE),
    2: (Tag.DEST_TELEMATICS_ID, Tag.USER_MESSAGE_REFERENCE, Tag.SOURCE_PORT, Tag.DESTINATION_PORT,
        Tag.SAR_MSG_REF_NUM, Tag.SMS_SIGNAL),
    4: (Tag.QOS_TIME_TO_LIVE,),
}
KINDS = {int(tag): _Number(size) for size, tags in _NUMBERS.items() for tag in tags} | {
    Tag.ADDITIONAL_STATUS_INFO_TEXT: _Text(256),
    Tag.RECEIPTED_MESSAGE_ID: _Text(65),
    Tag.SOURCE_SUBADDRESS: _Octets(2, 23),
    Tag.DEST_SUBADDRESS: _Octets(2, 23),
    Tag.CALLBACK_NUM: _Octets(4, 19),
    Tag.CALLBACK_NUM_ATAG: _Octets(1, 65),
    Tag.MESSAGE_PAYLOAD: _Octets(0, VALUE_OCTETS_MAX),
    Tag.BILLING_IDENTIFICATION: _Octets(1, 1024),
    Tag.MS_VALIDITY: _Octets(1, 4),  # one octet in 3.4, four in 5.0
    Tag.ALERT_ON_MESSAGE_DELIVERY: _Octets(0, 1),  # none in 3.4, one in 5.0
    Tag.ITS_SESSION_INFO: _Session(),
    Tag.NETWORK_ERROR_CODE: _Network(),
}
_RAW = _Octets(0, VALUE_OCTETS_MAX)


def name(tag: int) -> str:
    """The specification's name, else the number.

    >>> name(0x0501), name(0x1400)
    ('ussd_service_op', 'parameter 0x1400')
    """
    known = Tag._value2member_map_.get(tag)
    return f"parameter 0x{tag:04x}" if known is None else known.name.lower()


def read(data: bytes, at: int) -> tuple[Tlv, ...]:
    """The parameters from `at` to the end of the PDU."""
    return tuple(_read(data, at)) if at < len(data) else ()


def _read(data: bytes, at: int) -> Iterator[Tlv]:
    count = 0
    while at < len(data):
        tag, start = int.from_bytes(data[at:at + 2]), at + 4
        if start > len(data):
            raise Malformed("ends within an optional parameter", Status.RINVOPTPARSTREAM)
        at = start + int.from_bytes(data[at + 2:start])
        if at > len(data):
            raise Malformed(f"{name(tag)} is longer than its PDU", Status.RINVOPTPARSTREAM)
        count += 1
        if count > TLVS_MAX:
            raise Malformed(f"has more than {TLVS_MAX} optional parameters", Status.RINVOPTPARSTREAM)
        value = KINDS.get(tag, _RAW).read(data[start:at])
        if value is None:
            raise Malformed(f"{name(tag)} cannot have {at - start} octets", Status.RINVPARLEN)
        yield Tlv(tag, value)


def write(tlvs: tuple[Tlv, ...]) -> bytes:
    """The octets of the parameters."""
    if len(tlvs) > TLVS_MAX:
        raise Unsendable(f"at most {TLVS_MAX} optional parameters")
    return b"".join(map(_write, tlvs))


def _write(tlv: Tlv) -> bytes:
    try:
        octets = KINDS.get(tlv.tag, _RAW).write(tlv.value)
        return tlv.tag.to_bytes(2) + len(octets).to_bytes(2) + octets
    except (ValueError, OverflowError) as error:
        raise Unsendable(f"{name(tlv.tag)}: {error}") from None
