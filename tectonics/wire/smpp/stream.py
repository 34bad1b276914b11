"""PDUs out of a stream of octets, bounded: what arrives in any pieces comes out the same.

A PDU that cannot be read comes out as a Fault that says how the peer is told and whether the stream can still
be followed.  It can wherever command_length was believable, because the next PDU then begins behind it; a
length below a header's or over the bound is a lie, or no SMPP at all, and nothing after it is listened to.

Bound: one unfinished PDU of PDU_OCTETS_MAX, which is a message_payload of 64 kB and all other parameters.
"""

from msgspec import Struct

from tectonics.wire.smpp.codec import HEADER, decode
from tectonics.wire.smpp.fields import Malformed
from tectonics.wire.smpp.pdus import ANSWER, Pdu
from tectonics.wire.smpp.status import Status

PDU_OCTETS_MAX = 70_000


class Fault(Struct, frozen=True):
    """A PDU that could not be read."""

    command: int
    sequence: int
    status: int  # what the peer is told
    text: str
    fatal: bool  # the stream cannot be followed any more

    @property
    def is_answer(self) -> bool:
        """Whether it was meant as an answer, and so gets none."""
        return bool(self.command & ANSWER) and not self.fatal


class Stream:
    """Splits what arrives on one connection."""

    def __init__(self, pdu_octets_max: int = PDU_OCTETS_MAX) -> None:
        self._pdu_octets_max = pdu_octets_max
        self._begun = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> list[Pdu | Fault]:
        """What `data` completes, in order."""
        if self._lost:
            return []
        self._begun += data
        found, at = [], 0
        while not self._lost and (length := self._length(at)):
            found.append(self._read(at, length))
            at += length
        del self._begun[:at]
        if self._lost:
            self._begun.clear()
        return found

    @property
    def unfinished(self) -> bool:
        """Whether the stream has stopped in the middle of a PDU."""
        return bool(self._begun)

    def _length(self, at: int) -> int:
        """How many octets of a PDU can be taken: none while it is not whole, the header of one that lies."""
        there = len(self._begun) - at
        if there < 4:
            return 0
        length = int.from_bytes(self._begun[at:at + 4])
        if not HEADER.size <= length <= self._pdu_octets_max:
            return HEADER.size if there >= HEADER.size else 0
        return length if there >= length else 0

    def _read(self, at: int, length: int) -> Pdu | Fault:
        octets = bytes(self._begun[at:at + length])
        said, command, _, sequence = HEADER.unpack_from(octets)
        if said != length:
            self._lost = True
            return Fault(command, sequence, Status.RINVCMDLEN, f"a PDU cannot have {said} octets", True)
        try:
            return decode(octets)
        except Malformed as error:
            return Fault(command, sequence, error.status, str(error), False)
