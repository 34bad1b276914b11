"""What a deliver_sm says: a place in a longer message, a receipt, letters; read, or refused in one sentence."""

from tectonics.domain import alphabet
from tectonics.domain.errors import BadMessage
from tectonics.wire import data_coding, gsm0338, udh
from tectonics.wire.smpp.parts import UDHI, WAYS, cut, split
from tectonics.wire.smpp.pdus import DeliverSm
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tectonics.wire.smpp.receipts import candidates, canonical, fields, receipt_of
from tests.fuzz.contract import sentence

TOKENS = (b"\x05\0\x03\x2a\x02\x01", b"\x06\x08\x04\x12\x34\x02\x02", b"\x05\0\x03\x2a\x02\0", b"\x0b", b"\x1b\x65", b"\x1b\x1b",
          b"\x0d", b"\xd8\x3d\xde\0", b"id:", b"stat:DELIVRD ", b"sub:001 ", b"done date:2611221031 ", b"err:", b"text:",
          b"1a2b", b"0000006699", b"DONE_DATE: ", b"\t", b"x" * 161)


def check(data: bytes) -> None:
    _header(data)
    _receipt(data)
    _letters(data)
    for way in WAYS:
        parts = split(data[:1000], alphabet.GSM7, way, 7)
        assert parts[0].esm_class in (0, UDHI) and all(len(part.short_message) <= 160 for part in parts)


def _header(data: bytes) -> None:
    reassembly = Reassembly(messages_max=2, octets_max=400)
    for octets in (data[:254], data[254:508], data[:254]):
        try:
            found = reassembly.add(DeliverSm(esm_class=UDHI, short_message=octets), 0.0)
        except BadMessage as error:
            sentence(error)
            continue
        assert len(reassembly) <= 2 and reassembly._octets <= 400
        place, words = udh.read(octets)
        assert octets.endswith(words) and (place is None or udh.read(udh.header(place, wide=True)) == (place, b""))
        assert place is not None or found == [Whole(DeliverSm(esm_class=UDHI, short_message=octets), words)]


def _receipt(data: bytes) -> None:
    assert all(" " not in value for value in fields(data.decode("latin-1")).values())
    try:
        found = receipt_of(DeliverSm(esm_class=4, short_message=data[:254]))
    except BadMessage as error:
        sentence(error)
        return
    for spelling in ("text", "decimal", "hexadecimal"):
        assert canonical(found.id, spelling) == canonical(canonical(found.id, spelling), "text") or spelling == "text"
    assert candidates(found.id)[0] == canonical(found.id)


def _letters(data: bytes) -> None:
    for value in (0, 3, 8, 0x0F, 0x11, 0x48):
        name, words = data_coding.read(data, value)
        text = alphabet.decode(words, name)
        written, octets = alphabet.choose(text)
        assert alphabet.decode(octets, written) == text
        assert b"".join(cut(octets, written, 10)) == octets
    septets = bytes(octet & 0x7F for octet in data)
    assert gsm0338.unpack_ussd(gsm0338.pack_ussd(septets)) in (septets, septets + b"\r")
    assert gsm0338.unpack(gsm0338.pack(septets), len(septets)) == septets
