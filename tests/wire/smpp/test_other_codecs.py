"""The same PDUs through two codecs that share no code with ours: smpp34 (Rust) and smpplib (Python)."""

import smpp34
import smpplib.gsm
from hypothesis import given
from hypothesis import strategies as st
from smpplib import command_codes, consts, smpp

from tectonics.domain.alphabet import GSM7
from tectonics.domain.alphabet import encode as letters
from tectonics.wire.smpp.codec import decode, encode, fields
from tectonics.wire.smpp.pdus import PDUS, BindTransceiver, DeliverSm, EnquireLink, SubmitSm, SubmitSmResp
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv

bytes_ = st.integers(0, 255)
addresses = st.text("0123456789", max_size=20)
texts = st.binary(max_size=254)


@st.composite
def messages(draw, made):
    """A message of the fields that all three codecs know."""
    return made(draw(st.sampled_from(["", "USSD", "CMT"])), draw(bytes_), draw(bytes_), draw(addresses), draw(bytes_),
                draw(bytes_), draw(addresses), draw(bytes_), draw(bytes_), draw(bytes_), "", "000001000000000R",
                draw(bytes_), draw(bytes_), draw(bytes_), draw(bytes_), draw(texts),
                sequence=draw(st.integers(1, 0x7FFFFFFF)))


def in_rust(pdu, tlvs=()):
    """The same message, made by smpp34."""
    names = [name for name, _ in fields(type(pdu)) if name not in ("source_addr", "destination_addr", "short_message")]
    made = smpp34.SubmitSm if isinstance(pdu, SubmitSm) else smpp34.DeliverSm
    return made(pdu.source_addr, pdu.destination_addr, pdu.short_message, sequence_number=pdu.sequence,
                tlvs=[smpp34.Tlv(tag, value) for tag, value in tlvs], **{name: getattr(pdu, name) for name in names})


@given(messages(SubmitSm) | messages(DeliverSm))
def test_rust_writes_and_reads_the_same_message(pdu):
    data = bytes(in_rust(pdu).encode())
    assert encode(pdu) == data
    assert decode(data) == pdu
    theirs = smpp34.decode(encode(pdu))
    assert {name: getattr(theirs, name) for name, _ in fields(type(pdu))} == {
        name: getattr(pdu, name) for name, _ in fields(type(pdu))}


@given(st.lists(st.tuples(st.integers(0x1400, 0x3FFF), st.binary(max_size=30)), max_size=5))
def test_rust_writes_and_reads_the_same_vendor_parameters(tlvs):
    pdu = DeliverSm(sequence=1, tlvs=tuple(Tlv(*tlv) for tlv in tlvs))
    assert encode(pdu) == bytes(in_rust(pdu, tlvs).encode())
    assert [(tlv.tag, bytes(tlv.value)) for tlv in smpp34.decode(encode(pdu)).tlvs] == tlvs


def test_rust_knows_the_tags_by_the_same_numbers():
    theirs = {name.removeprefix("TLV_"): getattr(smpp34, name) for name in dir(smpp34) if name.startswith("TLV_")}
    common = {name: tag for name, tag in theirs.items() if name in Tag.__members__}
    assert len(common) > 40
    assert {name: int(Tag[name]) for name in common} == common


class Sequence:
    """What smpplib asks its client for."""

    sequence = 7

    def next_sequence(self):
        return 7


def in_smpplib(data: bytes):
    """What smpplib reads."""
    return smpp.parse_pdu(data, client=Sequence(), allow_unknown_opt_params=True)


def test_smpplib_writes_a_bind_that_we_read():
    theirs = smpp.make_pdu("bind_transceiver", client=Sequence(), system_id="tectonics", password="secret",
                           system_type="lend", interface_version=0x34, addr_ton=1, addr_npi=2, address_range="133")
    ours = BindTransceiver("tectonics", "secret", "lend", 0x34, 1, 2, "133", sequence=7)
    assert theirs.generate() == encode(ours)
    assert decode(theirs.generate()) == ours
    read = in_smpplib(encode(ours))
    assert (read.system_id, read.password, read.address_range) == (b"tectonics", b"secret", b"133")


def test_smpplib_reads_what_we_answer():
    assert in_smpplib(encode(SubmitSmResp("1a2b", sequence=7))).message_id == b"1a2b"
    assert in_smpplib(encode(EnquireLink(sequence=7))).command == "enquire_link"


@given(messages(SubmitSm).filter(lambda pdu: pdu.short_message))
def test_smpplib_reads_the_same_message(pdu):
    read = in_smpplib(encode(pdu))
    assert (read.source_addr.decode(), read.destination_addr.decode()) == (pdu.source_addr, pdu.destination_addr)
    assert (read.short_message, read.data_coding, read.esm_class) == (pdu.short_message, pdu.data_coding, pdu.esm_class)


def test_smpplib_has_the_same_numbers():
    theirs = {name.removeprefix("SMPP_ESME_"): getattr(consts, name) for name in dir(consts)
              if name.startswith("SMPP_ESME_")}
    assert set(PDUS) <= set(command_codes.commands.values())
    assert theirs == {status.name: status.value for status in Status if status < 0x100}
    tags = {name.upper(): tag for name, tag in consts.OPTIONAL_PARAMS.items() if name.upper() in Tag.__members__}
    assert len(tags) > 40
    assert {name: int(Tag[name]) for name in tags} == tags


@given(st.text(st.sampled_from("abé€[]{}\\~^|@£\n Δ"), max_size=100))
def test_smpplib_writes_the_same_septets(text):
    assert bytes(smpplib.gsm.gsm_encode(text)) == letters(text, GSM7)
