"""Components: bytes captured at OsmoHLR 1.5 and of its demonstration entity, round trips, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.map import ber
from tectonics.wire.map.component import (
    COMPONENT_BYTES_MAX,
    FACILITY_NOT_SUPPORTED,
    PROCESS_USS_REQUEST,
    SYSTEM_FAILURE,
    USS_REQUEST,
    Invoke,
    Reject,
    ReturnError,
    ReturnResult,
    decode,
    encode,
)

ARGUMENT = bytes.fromhex("300a04010f0405aad86c3602")
GOLDEN = [
    ("a11202010102013b300a04010f0405aad86c3602", Invoke(1, PROCESS_USS_REQUEST, ARGUMENT)),
    ("a210020102300b02013c300604010f040132", ReturnResult(2, USS_REQUEST, bytes.fromhex("300604010f040132"))),
    ("a306020101020122", ReturnError(1, SYSTEM_FAILURE)),
    ("a306020100020115", ReturnError(0, FACILITY_NOT_SUPPORTED)),
    ("a203020101", ReturnResult(1)),
    ("a406020101810102", Reject(1, 0x81, 2)),
    ("a4050500800100", Reject(None, 0x80, 0)),
    ("a109020102 800101 02013c", Invoke(2, USS_REQUEST, linked=1)),
    ("a1060201ff02013d", Invoke(-1, 61)),
]


@pytest.mark.parametrize("octets, component", GOLDEN)
def test_golden(octets, component):
    assert decode(bytes.fromhex(octets)) == component
    assert encode(component) == bytes.fromhex(octets)


@pytest.mark.parametrize("octets", [
    "a1811202010102013b300a04010f0405aad86c3602",  # lengths of two and three octets
    "a182001302010102013b30810a04010f0405aad86c3602",
    "a18002010102013b300a04010f0405aad86c36020000",  # indefinite outside, inside, and both
    "a11402010102013b308004010f0405aad86c36020000",
    "a18002010102013b308004010f0405aad86c360200000000",
])
def test_any_form_of_length_is_the_same_component(octets):
    component = decode(bytes.fromhex(octets))
    assert (component.id, component.operation) == (1, PROCESS_USS_REQUEST)
    [argument] = ber.read_all(component.argument)
    assert argument.elements == ber.read_all(ARGUMENT)[0].elements


numbers = st.integers(-128, 127)
elements = st.just(b"") | st.binary(max_size=160).map(lambda contents: ber.encode(ber.OCTET_STRING, contents))
components = (st.builds(Invoke, numbers, numbers, elements, st.none() | numbers)
              | st.builds(ReturnResult, numbers) | st.builds(ReturnResult, numbers, numbers, elements)
              | st.builds(ReturnError, numbers, numbers, elements)
              | st.builds(Reject, st.none() | numbers, st.integers(0x80, 0x83), numbers))


@given(components)
def test_components_come_back(component):
    assert decode(encode(component)) == component


@pytest.mark.parametrize("octets, why", [
    ("", "0 components"),
    ("a203020101 a203020101", "2 components"),
    ("a003020101", "component 0xa0 is not known"),
    ("a100", "lacks"),
    ("a103020101", "lacks"),
    ("a10402020001", "one octet"),
    ("a1030401aa", "lacks"),
    ("a10a02010102013b05000500", "too many elements"),
    ("a2050201013000", "lacks"),
    ("a20a020101300302013b0500", "too many elements"),
    ("a406020101840102", "lacks"),
    ("a4080201018101020500", "too many elements"),
    ("04" * 2, "longer"),
    ("a1" + "00" * COMPONENT_BYTES_MAX, "too long"),
])
def test_refused(octets, why):
    with pytest.raises(BadMessage, match=why):
        decode(bytes.fromhex(octets))


@given(st.binary(max_size=40) | st.tuples(st.sampled_from(GOLDEN), st.integers(0, 20), st.binary(max_size=4)).map(
    lambda drawn: bytes.fromhex(drawn[0][0])[:drawn[1]] + drawn[2] + bytes.fromhex(drawn[0][0])[drawn[1]:]))
def test_any_octets_are_a_component_or_refused(data):
    try:
        component = decode(data)
    except BadMessage as error:
        assert str(error).isprintable()
    else:
        assert decode(encode(component)) == component
