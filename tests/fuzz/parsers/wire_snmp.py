"""The outside of an SNMP message: read or refused in one sentence; what is read stands in the octets."""

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp import GET, REPORT, V1, V2C, V3, peek
from tests.fuzz.contract import sentence

TOKENS = (b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00",
          b"\x02\x01\x01", b"\x02\x01\x03", b"\x04\x06public", b"\x30\x82", b"\x30\x80", b"\x04\x01\x07", b"\x02\x01\x03\x04",
          b"\xa5", b"\xa2", b"\x80\x00\x1f\x88\x05")


def check(data: bytes) -> None:
    try:
        header = peek(data)
    except BadMessage as error:
        sentence(error)
        return
    assert header.version in (V1, V2C, V3) and (header.pdu == 0 or GET <= header.pdu <= REPORT)
    assert header.community in data and header.engine_id in data and header.user in data
    assert len(header.user) <= 32 >= len(header.engine_id)
    for cut in (data[:-1], data + b"\0"):
        try:
            peek(cut)
        except BadMessage:
            continue
        raise AssertionError(f"{cut!r} was read too")
