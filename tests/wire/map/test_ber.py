"""BER: against another implementation, the examples of X.690, every form of a length, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import namedtype, univ

from tectonics.domain.errors import BadMessage
from tectonics.wire.map.ber import DEPTH_MAX, INTEGER, OCTET_STRING, SEQUENCE, Element, encode, read_all


class Argument(univ.Sequence):
    """What MAP sends for an unstructured request."""

    componentType = namedtype.NamedTypes(
        namedtype.NamedType("scheme", univ.OctetString()), namedtype.NamedType("string", univ.OctetString()))


def argument(octets: bytes) -> Argument:
    made = Argument()
    made["scheme"], made["string"] = b"\x0f", octets
    return made


@given(st.binary(max_size=300))
def test_another_implementation_reads_what_is_written(octets):
    written = encode(SEQUENCE, encode(OCTET_STRING, b"\x0f"), encode(OCTET_STRING, octets))
    assert written == encoder.encode(argument(octets))
    read, rest = decoder.decode(written, asn1Spec=Argument())
    assert (bytes(read["scheme"]), bytes(read["string"]), rest) == (b"\x0f", octets, b"")


@given(st.binary(max_size=300))
def test_what_another_implementation_writes_with_indefinite_length_is_read(octets):
    written = encoder.encode(argument(octets), defMode=False)
    assert written.startswith(b"\x30\x80")
    [outer] = read_all(written)
    assert outer.elements == [Element(OCTET_STRING, b"\x0f"), Element(OCTET_STRING, octets)]


@pytest.mark.parametrize("octets, contents", [
    ("0203010203", "010203"),
    ("028103010203", "010203"),
    ("02820003010203", "010203"),
    ("0400", ""),
    ("30800201050000", "020105"),
    ("3080308002010500000401aa0000", "30800201050000 0401aa"),
])
def test_forms_of_a_length(octets, contents):
    [element] = read_all(bytes.fromhex(octets))
    assert element.contents == bytes.fromhex(contents)


@pytest.mark.parametrize("size, header", [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100")])
def test_the_shortest_length_is_written(size, header):
    octets = encode(OCTET_STRING, bytes(size))
    assert octets[:len(octets) - size].hex() == header
    assert read_all(octets) == [Element(OCTET_STRING, bytes(size))]


def test_elements_one_after_the_other():
    assert read_all(b"") == []
    assert read_all(bytes.fromhex("020105 0401aa")) == [Element(INTEGER, b"\x05"), Element(OCTET_STRING, b"\xaa")]


@pytest.mark.parametrize("octets, why", [
    ("02", "in the middle"),
    ("0201", "longer"),
    ("1f8101", "many octets"),
    ("0281", "length of too many"),
    ("02840000000105", "length of too many"),
    ("0280010000", "primitive"),
    ("3080020105", "in the middle"),
    ("308002010500", "in the middle"),
    ("3080" * (DEPTH_MAX + 1) + "0000" * (DEPTH_MAX + 1), "too deep"),
])
def test_refused(octets, why):
    with pytest.raises(BadMessage, match=why):
        read_all(bytes.fromhex(octets))


def test_the_deepest_nesting_is_read():
    octets = bytes.fromhex("3080" * DEPTH_MAX + "0000" * DEPTH_MAX)
    assert len(read_all(octets)) == 1


@given(st.binary(max_size=80) | st.lists(st.sampled_from([b"\x30\x80", b"\0\0", b"\x04\x01a", b"\x30\x03"])).map(b"".join))
def test_any_octets_are_elements_or_refused(data):
    try:
        elements = read_all(data)
    except BadMessage as error:
        assert str(error).isprintable()
    else:
        assert sum(len(element.contents) + 2 for element in elements) <= len(data)
