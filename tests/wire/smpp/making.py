"""Any PDU that can be sent, for hypothesis; and the pieces in which a stream may arrive."""

from hypothesis import strategies as st

from tectonics.wire.smpp.codec import fields
from tectonics.wire.smpp.fields import CString, Integer
from tectonics.wire.smpp.pdus import PDUS, Pdu
from tectonics.wire.smpp.tlvs import KINDS, ItsSessionInfo, NetworkError, Tag, Tlv

NUMBER_SIZES = {tag: kind.size for tag, kind in KINDS.items() if type(kind).__name__ == "_Number"}
words = st.integers(0, 2**32 - 1)


def text(size: int) -> st.SearchStrategy[str]:
    """What a C-octet string of that size holds."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=size - 1)


def values(field) -> st.SearchStrategy:
    """What a mandatory parameter holds."""
    match field:
        case Integer(size=size):
            return st.integers(0, 256**size - 1)
        case CString(size=size):
            return text(size)
    return st.binary(max_size=field.size)


numbers = st.sampled_from(sorted(NUMBER_SIZES)).flatmap(
    lambda tag: st.builds(Tlv, st.just(tag), st.integers(0, 256**NUMBER_SIZES[tag] - 1)))
tlvs = st.one_of(
    numbers,
    st.builds(Tlv, st.just(int(Tag.RECEIPTED_MESSAGE_ID)), text(65)),
    st.builds(Tlv, st.just(int(Tag.MESSAGE_PAYLOAD)), st.binary(max_size=400)),
    st.builds(Tlv, st.just(int(Tag.ITS_SESSION_INFO)),
              st.builds(ItsSessionInfo, st.integers(0, 255), st.integers(0, 127), st.booleans())),
    st.builds(Tlv, st.just(int(Tag.NETWORK_ERROR_CODE)),
              st.builds(NetworkError, st.integers(0, 255), st.integers(0, 65535))),
    st.builds(Tlv, st.integers(0x1400, 0x3FFF), st.binary(max_size=20)))


def pdus_of(made: type[Pdu]) -> st.SearchStrategy[Pdu]:
    """Any PDU of one class."""
    return st.builds(made, **{name: values(field) for name, field in fields(made)}, sequence=words, status=words,
                     tlvs=st.lists(tlvs, max_size=4).map(tuple))


pdus = st.sampled_from(list(PDUS.values())).flatmap(pdus_of)


def pieces(data: bytes, size: int) -> list[bytes]:
    """The data in pieces of that size."""
    return [data[start:start + size] for start in range(0, len(data), size)]
