"""PDUs against the specification's own examples, what peers sent, and what cannot be read or written."""

import pytest
from hypothesis import given

from tectonics.wire.smpp.codec import decode, encode, fields
from tectonics.wire.smpp.fields import Malformed, Unsendable
from tectonics.wire.smpp.pdus import (
    PDUS,
    AlertNotification,
    BindReceiver,
    BindTransceiverResp,
    BindTransmitter,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    answer_to,
    message_octets,
)
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import TLVS_MAX, ItsSessionInfo, NetworkError, Tag, Tlv
from tests.wire.smpp.making import pdus

GOLDEN = [
    # SMPP 5.0 section 3.2.1: the bind that the specification takes apart.
    ("0000002f 00000002 00000000 00000001 534d50503354455354 00 7365637265743038 00 5355424d495431 00 50 01 01 00",
     BindTransmitter("SMPP3TEST", "secret08", "SUBMIT1", 0x50, 1, 1, "", sequence=1)),
    ("00000010 00000015 00000000 00000002", EnquireLink(sequence=2)),
    ("00000010 80000000 00000003 00000000", GenericNack(status=3)),
    ("00000010 80000009 0000000e 00000001", BindTransceiverResp(status=Status.RINVPASWD, sequence=1)),
    ("00000015 80000004 00000000 00000003 31323334 00", SubmitSmResp("1234", sequence=3)),
    # A dial over USSD: PSSR indication of dialogue 5, its first unit.
    ("00000049 00000005 00000000 00000007 5553534400 01 01 333336303030303030303100 00 00 31333300 00 00 00 00 00 "
     + "00 00 0f 00 05 2a31333323 0501 0001 01 1383 0002 0500 0204 0002 1234",
     DeliverSm("USSD", 1, 1, "33600000001", 0, 0, "133", data_coding=0x0F, short_message=b"*133#", sequence=7, tlvs=(
         Tlv(Tag.USSD_SERVICE_OP, 1), Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(5, 0)),
         Tlv(Tag.USER_MESSAGE_REFERENCE, 0x1234)))),
    ("00000023 00000102 00000000 00000009 01 01 333336303000 00 00 31333300 0422 0001 00",
     AlertNotification(1, 1, "33600", 0, 0, "133", sequence=9, tlvs=(Tlv(Tag.MS_AVAILABILITY_STATUS, 0),))),
]


def octets_of(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def octets(pdu: type[Pdu], body: bytes, length: int | None = None) -> bytes:
    return (16 + len(body) if length is None else length).to_bytes(4) + pdu.command.to_bytes(4) + bytes(8) + body


def refused(data: bytes) -> tuple[int, str]:
    with pytest.raises(Malformed) as error:
        decode(data)
    return error.value.status, str(error.value)


@pytest.mark.parametrize(("written", "pdu"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden_pdus(written, pdu):
    data = octets_of(written)
    assert int.from_bytes(data[:4]) == len(data)
    assert decode(data) == pdu
    assert encode(pdu) == data


@pytest.mark.parametrize(("written", "tlv"), [
    ("0007 0001 04", Tlv(Tag.DEST_BEARER_TYPE, 4)),  # SMPP 3.4 section 3.2.4.1
    ("001e 0005 3132333400", Tlv(Tag.RECEIPTED_MESSAGE_ID, "1234")),
    ("0423 0003 030001", Tlv(Tag.NETWORK_ERROR_CODE, NetworkError(3, 1))),
    ("1383 0002 0503", Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(5, 1, ends=True))),
    ("0017 0004 00000e10", Tlv(Tag.QOS_TIME_TO_LIVE, 3600)),
    ("130c 0000", Tlv(Tag.ALERT_ON_MESSAGE_DELIVERY, b"")),
    ("1400 0002 abcd", Tlv(0x1400, b"\xab\xcd"))])
def test_golden_parameters(written, tlv):
    data = octets(EnquireLink, octets_of(written))
    assert decode(data).tlvs == (tlv,)
    assert encode(EnquireLink(tlvs=(tlv,))) == data


def test_text_may_lack_its_final_zero():
    assert decode(octets(EnquireLink, octets_of("001e 0004 31323334"))).tlv(Tag.RECEIPTED_MESSAGE_ID) == "1234"


def test_an_answer_may_lack_its_body_and_a_request_may_not():
    assert decode(octets(SubmitSmResp, b"")) == SubmitSmResp()
    assert len(encode(SubmitSmResp(status=Status.RTHROTTLED))) == 16
    zeros = SubmitSmResp(status=Status.RTHROTTLED, tlvs=(Tlv(0, b""),))
    assert decode(encode(zeros)) == zeros
    assert refused(octets(SubmitSm, b"")) == (Status.RINVCMDLEN, "ends before service_type")


@pytest.mark.parametrize(("data", "status", "why"), [
    (b"\0\0\0\x10", Status.RINVCMDLEN, "shorter than a header"),
    (octets(EnquireLink, b"", 17), Status.RINVCMDLEN, "says it has 17 octets"),
    (octets(EnquireLink, b"\0")[:-1], Status.RINVCMDLEN, "says it has 17 octets"),
    (octets_of("00000010 00000021 00000000 00000001"), Status.RINVCMDID, "command 0x00000021 is not known"),
    (octets(BindReceiver, b"x" * 16), Status.RINVSYSID, "system_id is not ended within 16 octets"),
    (octets(BindReceiver, b"x" * 15 + b"\0" + b"y" * 9), Status.RINVPASWD, "password is not ended within 9 octets"),
    (octets(BindReceiver, b"\0\0\0"), Status.RINVCMDLEN, "ends before interface_version"),
    (octets(SubmitSm, b"CMTXXX\0"), Status.RINVSERTYP, "service_type is not ended within 6 octets"),
    (octets(SubmitSm, b"\0\0\0" + b"9" * 21), Status.RINVSRCADR, "source_addr is not ended within 21 octets"),
    (octets(SubmitSm, b"\0\0\0\0\0\0" + b"9" * 21), Status.RINVDSTADR, "destination_addr is not ended within 21 octets"),
    (octets(SubmitSm, bytes(10) + b"1" * 17), Status.RINVSCHED, "schedule_delivery_time is not ended within 17 octets"),
    (octets(SubmitSm, bytes(11) + b"1" * 17), Status.RINVEXPIRY, "validity_period is not ended within 17 octets"),
    (octets(SubmitSm, bytes(16) + b"\x05abcd"), Status.RINVMSGLEN, "short_message says it has 5 octets"),
    (octets(SubmitSm, bytes(16) + b"\xff" + bytes(255)), Status.RINVMSGLEN, "short_message says it has 255 octets"),
    (octets(SubmitSm, bytes(16)), Status.RINVCMDLEN, "ends before short_message"),
    (octets(SubmitSmResp, b"x" * 65), Status.RINVMSGID, "message_id is not ended within 65 octets"),
    (octets(DataSm, b"\0\0\0" + b"9" * 65), Status.RINVSRCADR, "source_addr is not ended within 65 octets"),
    (octets(EnquireLink, b"\x05"), Status.RINVOPTPARSTREAM, "ends within an optional parameter"),
    (octets(EnquireLink, octets_of("0501 0001")), Status.RINVOPTPARSTREAM, "ussd_service_op is longer than its PDU"),
    (octets(EnquireLink, octets_of("0424 ffff 00")), Status.RINVOPTPARSTREAM, "message_payload is longer than its PDU"),
    (octets(EnquireLink, octets_of("0501 0002 0001")), Status.RINVPARLEN, "ussd_service_op cannot have 2 octets"),
    (octets(EnquireLink, octets_of("1383 0001 00")), Status.RINVPARLEN, "its_session_info cannot have 1 octets"),
    (octets(EnquireLink, octets_of("001e 0003 310032")), Status.RINVPARLEN, "receipted_message_id cannot have 3 octets"),
    (octets(EnquireLink, bytes.fromhex("14000000") * (TLVS_MAX + 1)), Status.RINVOPTPARSTREAM,
     f"has more than {TLVS_MAX} optional parameters"),
])
def test_what_cannot_be_read_has_its_status_and_a_sentence(data, status, why):
    assert refused(data) == (status, why)


@pytest.mark.parametrize(("pdu", "why"), [
    (BindReceiver("x" * 16), "system_id: at most 15 characters"),
    (BindReceiver("a\0b"), "system_id: at most 15 characters, none of them zero"),
    (BindReceiver("ا"), "system_id: only Latin-1"),
    (SubmitSm(esm_class=256), "esm_class: 256 does not fit into 1 octets"),
    (SubmitSm(short_message=bytes(255)), "short_message: 255 octets, at most 254"),
    (EnquireLink(sequence=2**32), "32 bits"),
    (EnquireLink(tlvs=(Tlv(Tag.USSD_SERVICE_OP, 256),)), "ussd_service_op"),
    (EnquireLink(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, bytes(65536)),)), "message_payload: 0 to 65535 octets"),
    (EnquireLink(tlvs=(Tlv(Tag.RECEIPTED_MESSAGE_ID, "x" * 65),)), "receipted_message_id: at most 64 characters"),
    (EnquireLink(tlvs=(Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(1, 128)),)), "its_session_info"),
    (EnquireLink(tlvs=(Tlv(0x1400, b""),) * (TLVS_MAX + 1)), "at most 64 optional parameters"),
])
def test_what_does_not_fit_is_not_sent(pdu, why):
    with pytest.raises(Unsendable, match=why):
        encode(pdu)


def test_the_longest_message_fits():
    pdu = SubmitSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"\xff" * 65535),))
    assert decode(encode(pdu)) == pdu
    assert message_octets(pdu) == b"\xff" * 65535


def test_the_message_is_where_the_peer_has_put_it():
    assert message_octets(DeliverSm(short_message=b"here")) == b"here"
    assert message_octets(DeliverSm(short_message=b"here", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"there"),))) == b"there"
    assert message_octets(DataSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"there"),))) == b"there"
    assert message_octets(DataSm()) == b""


def test_every_request_has_its_answer():
    requests = [pdu for pdu in PDUS.values() if pdu.__mro__[1].__name__ in ("Request", "Bind", "ShortMessage")]
    assert len(requests) == 11
    for pdu in requests:
        assert type(answer_to(pdu.command, 1, 2)).__name__ == pdu.__name__ + "Resp"
    assert answer_to(0x21, 5, 3) == GenericNack(sequence=5, status=3)


def test_the_order_of_the_wire_is_the_specification_s():
    assert [name for name, _ in fields(SubmitSm)] == ["service_type", "source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton", "dest_addr_npi", "destination_addr", "esm_class", "protocol_id", "priority_flag", "schedule_delivery_time", "validity_period", "registered_delivery", "replace_if_present_flag", "data_coding", "sm_default_msg_id", "short_message"]


@given(pdus)
def test_what_is_written_is_read(pdu):
    assert decode(encode(pdu)) == pdu
