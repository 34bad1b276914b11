"""The PDUs of screens, by dialect: golden octets, letters, and that each gateway reads what was meant."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.ussd_smpp.heard import Address, Addresses
from tectonics.channels.ussd_smpp.said import END, GIVE_UP, MENU, NOTICE, Writer
from tectonics.domain import alphabet
from tectonics.domain.text import cut, shown
from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.pdus import DataSm, SubmitSm, message_octets
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag
from tests.channels.ussd_smpp.speaking import MSISDN, SHIPPED, shipped

BETWEEN = Addresses(Address(MSISDN, 1, 1), Address("*133#", 0, 0))
FROM = "5553534400" + "00002a3133332300" + "0101333336303030303030303100"  # USSD, from *133#, to the subscriber
REST = "000000" + "0000" + "0000"  # esm_class, protocol, priority; times; receipt and replacement
# dialect -> (kind, body): the text is "A", session 0x42 (or 0x4242), the PDU answered has unit 3
GOLDEN = {
    "standard": [(MENU, FROM + REST + "0000" + "0141" + "0501000102" + "138300024208"),
                 (END, FROM + REST + "0000" + "0141" + "0501000111" + "138300024209"),
                 (NOTICE, FROM + REST + "0000" + "0141" + "0501000103" + "138300024209"),
                 (GIVE_UP, FROM + REST + "0000" + "0141" + "0501000180" + "138300024209")],
    "its-session-only": [(MENU, FROM + REST + "0000" + "0141" + "0501000102" + "138300028484"),
                         (END, FROM + REST + "0000" + "0141" + "0501000102" + "138300028485")],
    "reference-correlated": [(MENU, FROM + REST + "0000" + "0141" + "0501000102" + "020400024242"),
                             (END, FROM + REST + "0000" + "0141" + "0501000117" + "020400024242")],
    "source-only": [(MENU, FROM + "00" + "00" + "00" + "0501000102" + "0424000141"),
                    (END, FROM + "00" + "00" + "00" + "0501000111" + "0424000141")],
}


@pytest.mark.parametrize("name, kind, body", [(name, *one) for name in SHIPPED for one in GOLDEN[name]])
def test_golden_octets(name, kind, body):
    correlator = 0x42 if name == "standard" else 0x4242
    pdu = Writer(shipped(name)).screen(kind, "A", BETWEEN, correlator, 3)
    assert encode(pdu)[16:].hex() == body
    assert type(pdu) is (DataSm if name == "source-only" else SubmitSm)


def screen(text, kind=MENU, unit=0, correlator=7, between=BETWEEN, **changes):
    return Writer(replace(shipped("standard"), **changes)).screen(kind, text, between, correlator, unit)


def test_addresses_go_back_as_they_came_unless_the_dialect_has_others():
    came = Addresses(Address("0600000001", 2, 8), Address("133", 3, 9))
    pdu = screen("x", between=came)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("0600000001", 2, 8)
    assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == ("133", 3, 9)
    only = Writer(shipped("its-session-only")).screen(MENU, "x", came, 7, None)
    assert (only.dest_addr_ton, only.dest_addr_npi, only.source_addr_ton, only.source_addr_npi) == (1, 1, 0, 0)


def test_units_go_round():
    assert [screen("x", unit=unit).tlv(Tag.ITS_SESSION_INFO).unit for unit in (None, 0, 126, 127)] == [0, 1, 127, 0]


def test_a_session_without_correlator_has_none_in_its_answers():
    assert [tlv.tag for tlv in screen("x", correlator=-1).tlvs] == [Tag.USSD_SERVICE_OP]
    assert [tlv.tag for tlv in Writer(shipped("its-session-only")).screen(GIVE_UP, "", BETWEEN, 7, 0).tlvs] == [
        Tag.ITS_SESSION_INFO]


@pytest.mark.parametrize("text, changes, expected", [
    ("é[€", {}, (0, bytes.fromhex("051b3c1b65"))),
    ("سلام", {}, (8, "سلام".encode("utf-16-be"))),
    ("سa", {"coding": "gsm"}, (0, b"?a")),
    ("ça", {"coding": "gsm", "gsm_data_coding": 15}, (15, b"ca")),
    ("a", {"coding": "ucs2", "ucs2_data_coding": 0x48}, (0x48, b"\0a")),
    ("é", {"gsm_packing": "latin1"}, (0, b"\xe9")),
    ("é", {"gsm_packing": "ascii"}, (8, b"\0\xe9")),
    ("é", {"gsm_packing": "ascii", "coding": "gsm"}, (0, b"?")),
])
def test_letters(text, changes, expected):
    pdu = screen(text, **changes)
    assert (pdu.data_coding, pdu.short_message) == expected


@given(st.text(max_size=300), st.sampled_from(SHIPPED), st.sampled_from([MENU, END]), st.integers(0, 127))
def test_what_a_dialogue_shows_arrives(text, name, kind, unit):
    dialect = shipped(name)
    text = cut(text, dialect.style("ussd_smpp", 8, 180, False))  # as every screen is cut
    writer = Writer(dialect)
    pdu = decode(encode(writer.screen(kind, text, BETWEEN, 0x55, unit)))
    letters = alphabet.GSM7 if pdu.data_coding == 0 else alphabet.UCS2
    octets = message_octets(pdu)
    assert len(octets) <= (2 * 182 if letters == alphabet.GSM7 else 160)
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert alphabet.decode(octets, letters) == shown(text, dialect.style("ussd_smpp", 8, 180, False))
    info = pdu.tlv(Tag.ITS_SESSION_INFO)
    assert not isinstance(info, ItsSessionInfo) or info.ends == (kind == END)
