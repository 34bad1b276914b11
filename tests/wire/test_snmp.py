"""The outside of SNMP messages: what is told of good ones, and that bad ones are refused and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp import DEPTH_MAX, ELEMENTS_MAX, GET, V2C, V3, Header, peek

V2C_GET = bytes.fromhex("3026" "020101" "04067075626c6963" "a019" "020107" "020100" "020100" "300e300c" "0608" "2b06010201010500" "0500")


def tlv(tag, *contents):
    octets = b"".join(contents)
    head = bytes([len(octets)]) if len(octets) < 128 else b"\x82" + len(octets).to_bytes(2)
    return bytes([tag]) + head + octets


def v3(flags=7, engine=b"\x80\0\x1f\x88\x05x", user=b"noc", data=None):
    security = tlv(0x30, tlv(4, engine), tlv(2, b"\1"), tlv(2, b"\2"), tlv(4, user), tlv(4, b"a" * 24), tlv(4, b"p" * 8))
    head = tlv(0x30, tlv(2, b"\5"), tlv(2, b"\x20\0"), tlv(4, bytes([flags])), tlv(2, b"\3"))
    return tlv(0x30, tlv(2, b"\3"), head, tlv(4, security), tlv(4, b"x" * 40) if data is None else data)


def test_who_speaks():
    assert peek(V2C_GET) == Header(V2C, GET, b"public")
    assert peek(V2C_GET.replace(b"\2\1\1\4", b"\2\1\0\4")).version == 0
    assert peek(v3()) == Header(V3, 0, flags=7, engine_id=b"\x80\0\x1f\x88\x05x", user=b"noc")
    plain = tlv(0x30, tlv(4), tlv(4), tlv(0xA0, tlv(2, b"\1"), tlv(2, b"\0"), tlv(2, b"\0"), tlv(0x30)))
    assert peek(v3(flags=4, engine=b"", user=b"", data=plain)) == Header(V3, GET, flags=4)


@pytest.mark.parametrize("octets", [
    b"", b"\x30", b"\x30\x80\0\0", b"\x30\x84\0\0\0\1\0", V2C_GET + b"\0", tlv(0x30, tlv(2, b"\1")), tlv(0x30, tlv(2, b"")),
    tlv(0x30, tlv(2, b"\2"), tlv(4, b"x"), tlv(0xA0)), tlv(0x30, tlv(2, b"\1"), tlv(4, b"x"), tlv(0x30)),
    tlv(0x30, tlv(2, b"\1"), tlv(4, b"x"), tlv(0xA0), tlv(0xA0)), v3(flags=2), v3(flags=0), v3(data=tlv(0x30, tlv(4), tlv(4), tlv(0xA0))),
    v3(engine=b"x" * 33), v3(user=b"x" * 33), v3(data=b"\x30\0"),
    tlv(0x30, tlv(2, b"\1"), tlv(4, b"x"), tlv(0xA0, *[tlv(5)] * ELEMENTS_MAX)),
], ids=lambda octets: octets[:12].hex())
def test_what_is_refused(octets):
    with pytest.raises(BadMessage):
        peek(octets)


def test_a_bomb_of_nested_sequences_is_refused():
    nested = b""
    for _ in range(DEPTH_MAX + 2):
        nested = tlv(0x30, nested)
    with pytest.raises(BadMessage, match="deep"):
        peek(tlv(0x30, tlv(2, b"\1"), tlv(4, b"x"), tlv(0xA0, nested)))


@given(st.binary(max_size=200))
def test_garbage_is_refused_in_words(octets):
    try:
        peek(octets)
    except BadMessage:
        pass


@pytest.mark.parametrize("good", [V2C_GET, v3()], ids=["v2c", "v3"])
def test_every_message_that_is_cut_off_is_refused(good):
    for end in range(len(good)):
        with pytest.raises(BadMessage):
            peek(good[:end])


@given(st.sampled_from([V2C_GET, v3()]), st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_message_is_read_or_refused(good, place, change):
    damaged = bytearray(good)
    damaged[place % len(good)] ^= change
    try:
        peek(bytes(damaged))
    except BadMessage:
        pass
