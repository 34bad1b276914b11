"""One PDU and its octets: a header of four numbers, the fields of its class, its optional parameters.

Header (SMPP 3.4 section 3.2): command_length (all of the PDU), command_id, command_status, sequence_number.
"""

from functools import cache
from struct import Struct
from typing import get_type_hints

from tectonics.wire.smpp import tlvs
from tectonics.wire.smpp.fields import CString, Integer, Malformed, Octets, Unsendable
from tectonics.wire.smpp.pdus import PDUS, Answer, Pdu
from tectonics.wire.smpp.status import Status

HEADER = Struct(">IIII")
SEQUENCE_MAX = 0x7FFFFFFF

Field = CString | Integer | Octets


@cache
def fields(pdu: type[Pdu]) -> tuple[tuple[str, Field], ...]:
    """The mandatory parameters of a class and how each is written, in the order of the wire."""
    hints = get_type_hints(pdu, include_extras=True)
    return tuple((name, hint.__metadata__[0]) for name, hint in hints.items() if hasattr(hint, "__metadata__"))


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU; Unsendable where a value does not fit into its field.

    An answer that is an error and says nothing else has no body (sections 4.1.2, 4.4.2).

    >>> encode(PDUS[0x15](sequence=7)).hex()
    '00000010000000150000000000000007'
    """
    if not (0 <= pdu.sequence < 2**32 and 0 <= pdu.status < 2**32):
        raise Unsendable("a sequence number and a status have 32 bits")
    body = b"".join([field.write(name, getattr(pdu, name)) for name, field in fields(type(pdu))])
    if pdu.tlvs:
        body += tlvs.write(pdu.tlvs)
    if pdu.status and isinstance(pdu, Answer) and not pdu.tlvs and not any(body):
        body = b""
    return HEADER.pack(HEADER.size + len(body), pdu.command, pdu.status, pdu.sequence) + body


def decode(octets: bytes) -> Pdu:
    """The PDU whose octets these are, all of them; Malformed with the status that answers it.

    What stands behind the mandatory parameters is optional parameters, in any PDU.
    """
    if len(octets) < HEADER.size:
        raise Malformed("shorter than a header", Status.RINVCMDLEN)
    length, command, status, sequence = HEADER.unpack_from(octets)
    if length != len(octets):
        raise Malformed(f"says it has {length} octets", Status.RINVCMDLEN)
    made = PDUS.get(command)
    if made is None:
        raise Malformed(f"command 0x{command:08x} is not known", Status.RINVCMDID)
    if length == HEADER.size and issubclass(made, Answer):
        return made(sequence=sequence, status=status)
    values, at = {}, HEADER.size
    for name, field in fields(made):
        values[name], at = field.read(name, octets, at)
    return made(**values, sequence=sequence, status=status, tlvs=tlvs.read(octets, at))
