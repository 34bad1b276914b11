"""What an ESME and an SMSC say to each other (SMPP 3.4 section 4): one class a PDU, its fields in the order of the wire.

A field's annotation says how it is written and how long it may be; its default is the specification's empty value.
Every PDU carries its sequence number, a status (of meaning in answers alone) and its optional parameters.
submit_multi and broadcasts are not spoken: their command ids are unknown here.
"""

from typing import Annotated, ClassVar

from msgspec import Struct

from tectonics.wire.smpp.fields import CString, Integer, Octets
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv, Value

ANSWER = 0x80000000  # the bit that makes a request's command id its answer's
VERSION = 0x34
SHORT_MESSAGE_OCTETS_MAX = 254

Byte = Annotated[int, Integer()]
ServiceType = Annotated[str, CString(6, Status.RINVSERTYP)]
SystemId = Annotated[str, CString(16, Status.RINVSYSID)]
Password = Annotated[str, CString(9, Status.RINVPASWD)]
SystemType = Annotated[str, CString(13, Status.RINVSYSTYP)]
AddressRange = Annotated[str, CString(41)]
Source = Annotated[str, CString(21, Status.RINVSRCADR)]
Destination = Annotated[str, CString(21, Status.RINVDSTADR)]
LongSource = Annotated[str, CString(65, Status.RINVSRCADR)]
LongDestination = Annotated[str, CString(65, Status.RINVDSTADR)]
MessageId = Annotated[str, CString(65, Status.RINVMSGID)]
ScheduleTime = Annotated[str, CString(17, Status.RINVSCHED)]
ExpiryTime = Annotated[str, CString(17, Status.RINVEXPIRY)]
Text = Annotated[bytes, Octets(SHORT_MESSAGE_OCTETS_MAX)]


class Pdu(Struct, frozen=True, kw_only=True):
    """What every PDU has."""

    command: ClassVar[int]
    sequence: int = 0
    status: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def tlv(self, tag: int) -> Value | None:
        """The value of the first optional parameter with that tag."""
        return next((tlv.value for tlv in self.tlvs if tlv.tag == tag), None)


class Request(Pdu, frozen=True):
    """Has an answer."""


class Answer(Pdu, frozen=True):
    """Its body may be missing, as it is where the status is an error; the fields then have their defaults."""


class Notice(Pdu, frozen=True):
    """Has no answer."""


class GenericNack(Answer, frozen=True):
    """The answer to what is not understood."""

    command = 0x80000000


class Bind(Request, frozen=True):
    """An ESME introduces itself (section 4.1)."""

    system_id: SystemId = ""
    password: Password = ""
    system_type: SystemType = ""
    interface_version: Byte = VERSION
    addr_ton: Byte = 0
    addr_npi: Byte = 0
    address_range: AddressRange = ""


class BindAnswer(Answer, frozen=True):
    """An SMSC introduces itself."""

    system_id: SystemId = ""


class BindReceiver(Bind, frozen=True):
    """To be delivered to."""

    command = 0x01


class BindReceiverResp(BindAnswer, frozen=True):
    """Of bind_receiver."""

    command = ANSWER | 0x01


class BindTransmitter(Bind, frozen=True):
    """To submit."""

    command = 0x02


class BindTransmitterResp(BindAnswer, frozen=True):
    """Of bind_transmitter."""

    command = ANSWER | 0x02


class BindTransceiver(Bind, frozen=True):
    """Both."""

    command = 0x09


class BindTransceiverResp(BindAnswer, frozen=True):
    """Of bind_transceiver."""

    command = ANSWER | 0x09


class Outbind(Notice, frozen=True):
    """An SMSC asks an ESME to bind as a receiver (section 4.1.7)."""

    command = 0x0B
    system_id: SystemId = ""
    password: Password = ""


class Unbind(Request, frozen=True):
    """The end of the session (section 4.2)."""

    command = 0x06


class UnbindResp(Answer, frozen=True):
    """Of unbind."""

    command = ANSWER | 0x06


class EnquireLink(Request, frozen=True):
    """Are you there? (section 4.11)"""

    command = 0x15


class EnquireLinkResp(Answer, frozen=True):
    """Yes."""

    command = ANSWER | 0x15


class ShortMessage(Request, frozen=True):
    """The fields that submit_sm and deliver_sm share (sections 4.4 and 4.6)."""

    service_type: ServiceType = ""
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: Source = ""
    dest_addr_ton: Byte = 0
    dest_addr_npi: Byte = 0
    destination_addr: Destination = ""
    esm_class: Byte = 0
    protocol_id: Byte = 0
    priority_flag: Byte = 0
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ExpiryTime = ""
    registered_delivery: Byte = 0
    replace_if_present_flag: Byte = 0
    data_coding: Byte = 0
    sm_default_msg_id: Byte = 0
    short_message: Text = b""


class MessageAnswer(Answer, frozen=True):
    """Under which id a message was taken."""

    message_id: MessageId = ""


class SubmitSm(ShortMessage, frozen=True):
    """A message to a subscriber."""

    command = 0x04


class SubmitSmResp(MessageAnswer, frozen=True):
    """Of submit_sm."""

    command = ANSWER | 0x04


class DeliverSm(ShortMessage, frozen=True):
    """A message of a subscriber, or a delivery receipt."""

    command = 0x05


class DeliverSmResp(MessageAnswer, frozen=True):
    """Of deliver_sm; its message id is not used."""

    command = ANSWER | 0x05


class DataSm(Request, frozen=True):
    """A message either way, its text in message_payload (section 4.7)."""

    command = 0x0103
    service_type: ServiceType = ""
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: LongSource = ""
    dest_addr_ton: Byte = 0
    dest_addr_npi: Byte = 0
    destination_addr: LongDestination = ""
    esm_class: Byte = 0
    registered_delivery: Byte = 0
    data_coding: Byte = 0


class DataSmResp(MessageAnswer, frozen=True):
    """Of data_sm."""

    command = ANSWER | 0x0103


class QuerySm(Request, frozen=True):
    """What became of a message? (section 4.8)"""

    command = 0x03
    message_id: MessageId = ""
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: Source = ""


class QuerySmResp(MessageAnswer, frozen=True):
    """Of query_sm."""

    command = ANSWER | 0x03
    final_date: Annotated[str, CString(17)] = ""
    message_state: Byte = 0
    error_code: Byte = 0


class CancelSm(Request, frozen=True):
    """Takes a message back (section 4.9)."""

    command = 0x08
    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: Source = ""
    dest_addr_ton: Byte = 0
    dest_addr_npi: Byte = 0
    destination_addr: Destination = ""


class CancelSmResp(Answer, frozen=True):
    """Of cancel_sm."""

    command = ANSWER | 0x08


class ReplaceSm(Request, frozen=True):
    """Puts another text into a message (section 4.10)."""

    command = 0x07
    message_id: MessageId = ""
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: Source = ""
    schedule_delivery_time: ScheduleTime = ""
    validity_period: ExpiryTime = ""
    registered_delivery: Byte = 0
    sm_default_msg_id: Byte = 0
    short_message: Text = b""


class ReplaceSmResp(Answer, frozen=True):
    """Of replace_sm."""

    command = ANSWER | 0x07


class AlertNotification(Notice, frozen=True):
    """A subscriber is reachable again (section 4.12)."""

    command = 0x0102
    source_addr_ton: Byte = 0
    source_addr_npi: Byte = 0
    source_addr: LongSource = ""
    esme_addr_ton: Byte = 0
    esme_addr_npi: Byte = 0
    esme_addr: LongDestination = ""


PDUS: dict[int, type[Pdu]] = {pdu.command: pdu for pdu in (
    GenericNack, BindReceiver, BindReceiverResp, BindTransmitter, BindTransmitterResp, BindTransceiver,
    BindTransceiverResp, Outbind, Unbind, UnbindResp, EnquireLink, EnquireLinkResp, SubmitSm, SubmitSmResp, DeliverSm,
    DeliverSmResp, DataSm, DataSmResp, QuerySm, QuerySmResp, CancelSm, CancelSmResp, ReplaceSm, ReplaceSmResp,
    AlertNotification)}


def answer_to(command: int, sequence: int, status: int) -> Answer:
    """The answer to a request, with only a status; a generic_nack where the command is not known."""
    return PDUS.get(command | ANSWER, GenericNack)(sequence=sequence, status=status)


def message_octets(pdu: ShortMessage | DataSm) -> bytes:
    """The message, wherever the peer has put it: in message_payload, which goes first, or in short_message."""
    payload = pdu.tlv(Tag.MESSAGE_PAYLOAD)
    return getattr(pdu, "short_message", b"") if payload is None else payload
