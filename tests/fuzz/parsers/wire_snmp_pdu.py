"""SNMP's PDUs and v3 messages: read or refused in one sentence; what is read and written again says the same."""

from tectonics.domain.errors import BadMessage
from tectonics.wire import snmp_v3
from tectonics.wire.snmp import PRIV, SET
from tectonics.wire.snmp_pdu import Pdu, binding, read_community, read_pdu, request, write_pdu
from tests.fuzz.contract import sentence
from tests.fuzz.parsers.wire_snmp import TOKENS as OUTSIDE

TOKENS = (*OUTSIDE, request(0xA5, 7, [(1, 3, 6, 1)], 0, 2**31 - 1), write_pdu(SET, 1, 0, 0, [binding((1, 3), 2, -1)]), b"\x46\x09\x00" + b"\xff" * 8,
          b"\x06\x03\x2b\x80\x01", b"\x06\x06\x2b\x8f\xff\xff\xff\x7f", b"\x80\x00", b"\x82\x00", b"\x40\x04\x7f\x00\x00\x01",
          snmp_v3.write(snmp_v3.Message(5, 484, 7, b"\x80\x00\x1f\x88\x05x", 1, 9, b"noc", b"saltsalt", b"x" * 20), True)[0])


def check(data: bytes) -> None:
    pdu = _read(lambda: read_pdu(data, 0, len(data)))
    if pdu is not None:
        _again(pdu)
    pdu = _read(lambda: read_community(data))
    if pdu is not None:
        _again(pdu)
    message = _read(lambda: snmp_v3.read(data))
    if message is not None:
        assert data[message.digest_at:message.digest_at + len(message.digest)] == message.digest and message.data in data
        if not message.flags & PRIV and (scoped := _read(lambda: snmp_v3.read_scoped(message.data))) is not None:
            _again(scoped.pdu)


def _read(how):
    try:
        return how()
    except BadMessage as error:
        sentence(error)
        return None


def _again(pdu: Pdu) -> None:
    octets = write_pdu(pdu.tag, pdu.request_id, pdu.first, pdu.second, [binding(*one) for one in pdu.variables])
    again = read_pdu(octets, 0, len(octets))
    assert (again.request_id, again.first, again.second, again.variables) == (pdu.request_id, pdu.first, pdu.second, pdu.variables)
