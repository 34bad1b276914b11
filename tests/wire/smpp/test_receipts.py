"""Delivery receipts in the spellings that message centres use, by parameters, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.smpp.pdus import DataSm, DeliverSm
from tectonics.wire.smpp.receipts import (
    ACCEPTED,
    DELIVERED,
    ENROUTE,
    EXPIRED,
    REJECTED,
    UNDELIVERABLE,
    UNKNOWN,
    Receipt,
    candidates,
    canonical,
    fields,
    receipt_of,
    state_of,
)
from tectonics.wire.smpp.tlvs import NetworkError, Tag, Tlv

STANDARD = ("id:0123456789 sub:001 dlvrd:001 submit date:2611221030 done date:2611221031 stat:DELIVRD err:000 "
            "text:Your credit of 1.00")


def receipt(text: str, *tlvs: Tlv, esm_class: int = 0x04, **fields) -> Receipt | None:
    return receipt_of(DeliverSm(esm_class=esm_class, short_message=text.encode("latin-1"), tlvs=tlvs, **fields))


def test_the_specification_s_form():
    assert receipt(STANDARD) == Receipt("0123456789", DELIVERED, "000", None, "2611221031")


@pytest.mark.parametrize(("text", "id", "state"), [
    ("id:1a2b3c sub:1 dlvrd:1 submit date:261122103000 done date:261122103100 stat:DELIVRD err:0 Text:", "1a2b3c", DELIVERED),
    ("ID:12 STAT:UNDELIV ERR:045", "12", UNDELIVERABLE),
    ("Id: 12 Stat: EXPIRED", "12", EXPIRED),
    ("stat:REJECTD id:12", "12", REJECTED),
    ("id:12 stat:DELIVERED", "12", DELIVERED),
    ("id:12 sub: dlvrd: stat:ACCEPTD err: text:", "12", ACCEPTED),
    ("id:12 submit_date:26 done_date:27 stat:ENROUTE", "12", ENROUTE),
    ("id:12", "12", UNKNOWN),
    ("id:12 stat:WHATEVER", "12", UNKNOWN),
    ("id:12\tstat:DELIVRD\r\n", "12", DELIVERED),
    ("id:550e8400-e29b-41d4-a716-446655440000 stat:FAILED", "550e8400-e29b-41d4-a716-446655440000", UNDELIVERABLE),
    ("id:12 text:hello stat:DELIVRD", "12", DELIVERED),
    ("id:12 stat:DELIVRD text:id:99 stat:UNDELIV", "12", DELIVERED)])
def test_other_spellings(text, id, state):
    found = receipt(text)
    assert (found.id, found.state) == (id, state)


def test_a_missing_value_does_not_take_the_next_field_s():
    assert fields("id: sub:001 dlvrd: done date:26 stat: err:1") == {
        "id": "", "sub": "001", "dlvrd": "", "donedate": "26", "stat": "", "err": "1"}


def test_parameters_go_before_the_text():
    found = receipt(STANDARD, Tlv(Tag.RECEIPTED_MESSAGE_ID, "abc"), Tlv(Tag.MESSAGE_STATE, 5),
                    Tlv(Tag.NETWORK_ERROR_CODE, NetworkError(3, 27)))
    assert (found.id, found.state, found.network) == ("abc", UNDELIVERABLE, NetworkError(3, 27))


@pytest.mark.parametrize(("number", "state"), [(0, ENROUTE), (1, ENROUTE), (2, DELIVERED), (3, EXPIRED), (8, REJECTED),
                                               (9, UNDELIVERABLE), (77, UNKNOWN)])
def test_parameters_alone_make_a_receipt(number, state):
    tlvs = Tlv(Tag.RECEIPTED_MESSAGE_ID, "abc"), Tlv(Tag.MESSAGE_STATE, number)
    assert receipt("", *tlvs, esm_class=0) == Receipt("abc", state)
    assert receipt_of(DataSm(esm_class=0x04, tlvs=tlvs)) == Receipt("abc", state)


def test_an_intermediate_notification_is_told():
    assert receipt("id:12 stat:ENROUTE", esm_class=0x20) == Receipt("12", ENROUTE, intermediate=True)


def test_a_receipt_in_ucs2_and_in_the_payload():
    assert receipt_of(DeliverSm(esm_class=4, data_coding=8, short_message="id:12 stat:DELIVRD".encode("utf-16-be"))) == (
        Receipt("12", DELIVERED))
    assert receipt("", Tlv(Tag.MESSAGE_PAYLOAD, b"id:12 stat:DELIVRD")) == Receipt("12", DELIVERED)


@pytest.mark.parametrize("esm_class", [0x00, 0x40, 0x08, 0x10])
def test_a_subscriber_s_message_is_none(esm_class):
    assert receipt("id:12 stat:DELIVRD", esm_class=esm_class) is None


@pytest.mark.parametrize("text", ["", "SOS", "id: stat:DELIVRD", "delivered 12"])
def test_a_receipt_of_nothing_is_no_subscriber_s_message(text):
    with pytest.raises(BadMessage, match="without the id of its message"):
        receipt(text)


def test_words_of_the_specification():
    words = {"ENROUTE": ENROUTE, "DELIVRD": DELIVERED, "EXPIRED": EXPIRED, "DELETED": "deleted", "UNDELIV": UNDELIVERABLE,
             "ACCEPTD": ACCEPTED, "UNKNOWN": UNKNOWN, "REJECTD": REJECTED}
    assert {word: state_of(word) for word in words} == words


@pytest.mark.parametrize(("answered", "received", "spellings"), [
    ("1a2b", "6699", ("hexadecimal", "decimal")), ("0x1a2b".removeprefix("0x"), "0000006699", ("hexadecimal", "decimal")),
    ("6699", "00001A2B", ("decimal", "hexadecimal")), ("12", "0000000012", ("text", "text")), ("AB-1", "AB-1", ("text",) * 2),
    ("1A2B", "1a2b", ("text", "text")), ("a-1", "a-1", ("decimal", "hexadecimal")), ("0", "0000", ("text", "text"))])
def test_two_spellings_of_one_id_agree(answered, received, spellings):
    assert canonical(answered, spellings[0]) == canonical(received, spellings[1])


@pytest.mark.parametrize(("answered", "received"), [
    ("1a2b", "6699"), ("6699", "1A2B"), ("1A2B", "0000006699"), ("12", "0012"), ("x-1", "x-1")])
def test_where_the_peer_s_spelling_is_not_known_it_is_among_the_candidates(answered, received):
    assert canonical(answered) in candidates(received)


def test_the_likeliest_candidate_is_the_id_itself():
    assert candidates("10") == ("10", "a", "16")
    assert candidates("x-1") == ("x-1",)


@given(st.integers(0, 2**64))
def test_any_number_in_any_spelling(number):
    written = {str(number): "decimal", f"{number:020}": "decimal", f"{number:x}": "hexadecimal",
               f"{number:018X}": "hexadecimal"}
    assert {canonical(id, spelling) for id, spelling in written.items()} == {str(number)}
    for id in written:
        assert canonical(f"{number:x}") in candidates(id) or canonical(str(number)) in candidates(id)


@given(st.text(max_size=200), st.sampled_from(["", "id:1 ", "stat:DELIVRD "]))
def test_any_text_is_read(text, before):
    found = fields(before + text)
    assert before != "id:1 " or found["id"] == "1"
    assert all(" " not in value for value in found.values())
