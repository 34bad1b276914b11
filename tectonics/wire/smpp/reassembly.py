"""Long messages of subscribers put together again, whichever way their parts say what they are.

Parts may come in any order and twice.  What is not complete `age_s` after its first part is given up.

Bounds: `messages_max` unfinished messages with `octets_max` octets together; the oldest is given up first.
What is given up is reported, never lost in silence.
"""

from msgspec import Struct

from tectonics.wire import udh
from tectonics.wire.smpp.parts import UDHI
from tectonics.wire.smpp.pdus import DataSm, ShortMessage, message_octets
from tectonics.wire.smpp.tlvs import Tag
from tectonics.wire.udh import Place

Message = ShortMessage | DataSm


class Whole(Struct, frozen=True):
    """A message: its only or first part, and the octets of all."""

    pdu: Message
    octets: bytes


class Incomplete(Struct, frozen=True):
    """A message that was given up: a part of it, how many there were and should have been."""

    pdu: Message
    parts: int
    total: int
    why: str


class _Begun(Struct):
    until: float
    total: int
    octets: int = 0
    parts: dict[int, tuple[Message, bytes]] = {}


class Reassembly:
    """The unfinished messages of one peer."""

    def __init__(self, messages_max: int = 1000, octets_max: int = 1_000_000, age_s: float = 600.0) -> None:
        self._messages_max, self._octets_max, self._age_s = messages_max, octets_max, age_s
        self._begun: dict[tuple, _Begun] = {}  # in the order of `until`
        self._octets = 0

    def __len__(self) -> int:
        return len(self._begun)

    def add(self, pdu: Message, now: float) -> list[Whole | Incomplete]:
        """The message that `pdu` completes, if it does, and what had to be given up for it.

        BadMessage when its user data header cannot be read.
        """
        place, octets = place_of(pdu)
        if place is None or place.total == 1:
            return [Whole(pdu, octets)]
        key = (pdu.source_addr, pdu.destination_addr, place.reference, place.total)
        begun = self._begun.setdefault(key, _Begun(now + self._age_s, place.total))
        if place.number in begun.parts:
            return []
        begun.parts[place.number] = pdu, octets
        begun.octets += len(octets)
        self._octets += len(octets)
        if len(begun.parts) < place.total:
            return self._given_up_for_room()
        self._forget(key)
        parts = [begun.parts[number] for number in range(1, place.total + 1)]
        return [Whole(parts[0][0], b"".join(part for _, part in parts))]

    def due(self, now: float) -> list[Incomplete]:
        """Gives up what is too old."""
        given_up = []
        while self._begun and self.due_at <= now:
            given_up.append(self._give_up("its other parts did not come in time"))
        return given_up

    @property
    def due_at(self) -> float | None:
        """When `due` next finds something."""
        return next((begun.until for begun in self._begun.values()), None)

    def _given_up_for_room(self) -> list[Incomplete]:
        given_up = []
        while len(self._begun) > self._messages_max or self._octets > self._octets_max:
            given_up.append(self._give_up("too many messages are unfinished"))
        return given_up

    def _give_up(self, why: str) -> Incomplete:
        begun = self._forget(next(iter(self._begun)))
        pdu, _ = begun.parts[min(begun.parts)]
        return Incomplete(pdu, len(begun.parts), begun.total, why)

    def _forget(self, key: tuple) -> _Begun:
        begun = self._begun.pop(key)
        self._octets -= begun.octets
        return begun


def place_of(pdu: Message) -> tuple[Place | None, bytes]:
    """Which part of a longer message it is, None when it is whole, and its words without a header."""
    octets = message_octets(pdu)
    if pdu.esm_class & UDHI:
        return udh.read(octets)
    reference, total, number = (pdu.tlv(tag) for tag in (
        Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM))
    if None in (reference, total, number) or not 1 <= number <= total:
        return None, octets
    return Place(reference, total, number), octets
