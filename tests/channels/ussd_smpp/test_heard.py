"""What PDUs of gateways mean, by dialect: golden octets, and that nothing is understood that should not be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.ussd_smpp.heard import (
    ABORT,
    BEGIN,
    EITHER,
    INPUT,
    SHOWN,
    Address,
    Reader,
    Unreadable,
)
from tectonics.wire.smpp.codec import decode
from tectonics.wire.smpp.pdus import DataSm, DeliverSm
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv
from tests.channels.ussd_smpp.speaking import MSISDN, SHIPPED, its, op, reference, said, shipped
from tests.wire.smpp.making import pdus_of

HEAD = "555353440001013333363030303030303031000000"  # USSD, 1/1, the subscriber, to ton 0 npi 0
CODE, REST = "2a31333323", "000000000000000000"  # esm_class to sm_default_msg_id: nothing

# dialect -> PDUs of the gateway, each written by hand, and (kind, correlator, unit, text, dialled)
GOLDEN = {
    "standard": [
        (HEAD + CODE + "00" + REST + "05" + CODE + "0501000101" + "138300024200", (BEGIN, 0x42, 0, "*133#", "*133#")),
        (HEAD + CODE + "00" + REST + "0131" + "0501000112" + "138300024204", (INPUT, 0x42, 2, "1", "1")),
        (HEAD + CODE + "00" + REST + "00" + "0501000181" + "138300024205", (ABORT, 0x42, 2, "", "")),
    ],
    "its-session-only": [
        (HEAD + CODE + "00" + REST + "05" + CODE + "0501000101" + "13830002aab4", (BEGIN, 0x555A, None, "*133#", "*133#")),
        (HEAD + CODE + "00" + REST + "0131" + "0501000102" + "13830002aab4", (INPUT, 0x555A, None, "1", "1")),
        (HEAD + CODE + "00" + REST + "00" + "0501000112" + "13830002aab5", (ABORT, 0x555A, None, "", "")),
    ],
    "reference-correlated": [
        (HEAD + "313333" + "00" + REST + "00" + "0501000101" + "02040002beef", (BEGIN, 0xBEEF, None, "", "*133#")),
        (HEAD + CODE + "00" + REST + "0131" + "0501000112" + "02040002beef", (INPUT, 0xBEEF, None, "1", "*133#")),
        (HEAD + CODE + "00" + REST + "00" + "0501000113" + "02040002beef", (SHOWN, 0xBEEF, None, "", "*133#")),
    ],
    "source-only": [
        (HEAD + CODE + "00" + REST + "00" + "0501000101" + "04240005" + CODE, (BEGIN, -1, None, "*133#", "*133#")),
        (HEAD + CODE + "00" + REST + "0131", (EITHER, -1, None, "1", "1")),
        (HEAD + CODE + "00" + REST + "00" + "0501000111", (ABORT, -1, None, "", "")),
    ],
}


def octets(body):
    """A deliver_sm of that body."""
    data = bytes.fromhex(body)
    return (16 + len(data)).to_bytes(4) + bytes.fromhex("000000050000000000000007") + data


@pytest.mark.parametrize("name, body, expected", [(name, *one) for name in SHIPPED for one in GOLDEN[name]])
def test_golden_octets(name, body, expected):
    heard = Reader(shipped(name)).read(decode(octets(body)))
    assert (heard.kind, heard.correlator, heard.unit, heard.text, heard.dialled) == expected
    assert heard.msisdn == MSISDN and heard.between.subscriber == Address(MSISDN, 1, 1)


def read(pdu, country_code="33", **changes):
    return Reader(replace(shipped("standard"), **changes), country_code).read(pdu)


@pytest.mark.parametrize("number, ton, msisdn", [
    ("0600000001", 0, MSISDN), ("600000001", 2, MSISDN), ("+33600000001", 0, MSISDN), ("0600000001", 2, MSISDN)])
def test_numbers_become_international(number, ton, msisdn):
    assert read(said("1", op(18), source_addr=number, source_addr_ton=ton)).msisdn == msisdn


@pytest.mark.parametrize("pdu, status", [
    (said("1", op(77)), Status.RINVOPTPARAMVAL),
    (said("1", op(18), source_addr="Bank"), Status.RINVSRCADR),
    (said("1", op(18), data_coding=4), Status.RX_P_APPN),
    (said("1\x1b\x00\x07" + "é" * 183, op(18), data_coding=3), Status.RX_P_APPN),
    (said("a\tb", op(18), data_coding=1), Status.RX_P_APPN),
    (DataSm(source_addr=MSISDN, destination_addr="1" * 21, tlvs=(op(1),)), Status.RINVDSTADR),
])
def test_what_cannot_be_served_has_a_status(pdu, status):
    with pytest.raises(Unreadable) as caught:
        read(pdu)
    assert caught.value.status == status and MSISDN not in str(caught.value)


def test_a_receipt_is_nothing():
    assert read(said("id:1 stat:DELIVRD", esm_class=4)) is None


def test_letters():
    assert read(said("", op(18), short_message="٣".encode("utf-16-be"), data_coding=8)).text == "٣"
    assert read(said("", op(18), short_message=b"\x00", data_coding=0)).text == "@"  # GSM 03.38
    assert read(said("", op(18), short_message=b" 1\x00", data_coding=0), gsm_packing="ascii").text == "1"
    assert read(said("", op(18), short_message=b"\xe9"), gsm_packing="latin1").text == "é"
    assert read(said("", op(18), short_message=b"1", data_coding=0x0F)).text == "1"


def test_message_payload_goes_before_short_message_and_data_sm_is_read_alike():
    payload = Tlv(Tag.MESSAGE_PAYLOAD, b"2")
    assert read(said("1", op(18), payload)).text == "2"
    heard = read(DataSm(source_addr=MSISDN, destination_addr="133", tlvs=(op(18), its(7, 3), payload)))
    assert (heard.kind, heard.correlator, heard.unit, heard.text) == (INPUT, 7, 3, "2")


def test_without_the_end_bit_a_session_ends_by_its_op_alone():
    assert read(said("1", op(18), its(7, 3, ends=True)), end_bit=False).kind == INPUT
    assert read(said("1", op(18), its(7, 3, ends=True))).kind == ABORT


def test_a_correlator_that_is_missing_or_of_another_dialect_leaves_the_number():
    assert (read(said("1", op(18))).correlator, read(said("1", op(18), reference(7))).correlator) == (-1, -1)
    assert read(said("1", op(18), its(7, 3)), correlator="source").correlator == -1
    assert read(said("1", op(18), Tlv(Tag.ITS_REPLY_TYPE, 1), reference(7)), correlator="user_message_reference").correlator == 7


@given(st.one_of(pdus_of(DeliverSm), pdus_of(DataSm)), st.sampled_from(SHIPPED))
def test_any_pdu_is_read_or_refused(pdu, name):
    try:
        heard = Reader(shipped(name), "33").read(pdu)
    except Unreadable as error:
        assert error.status != Status.ROK and str(error)
        return
    if heard is not None:
        assert heard.msisdn.isdigit() and len(heard.text) <= 182
        assert -1 <= heard.correlator <= 0xFFFF and (heard.unit is None or 0 <= heard.unit < 128)
