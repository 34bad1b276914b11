"""Requests that are in order: read from their datagram, and answered, in well under a millisecond.

What a manager asks all day takes this way: a v2c request of a community, and a v3 request that a user of ours has
authenticated and encrypted for this engine, in time.  Everything else of v3 (discovery, wrong keys, lower levels, other
contexts, replays, acknowledgements) is None here and goes through pysnmp (engine.py), which counts it and reports it as
RFC 3414 and 3412 say; that costs milliseconds, and nobody who asks as he should takes that way.

A message inside the time window is answered, a repeated one too: user-based security tells replays by their time alone
(RFC 3414, section 1.2.2).  What can be set is a state, and setting it twice is setting it once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tectonics.domain.errors import BadMessage
from tectonics.oam.snmp.encoding import Encodings, plain
from tectonics.oam.snmp.operations import STATUS, TOO_BIG, Answer
from tectonics.oam.snmp.values import Name, Value
from tectonics.wire import snmp_usm, snmp_v3
from tectonics.wire.snmp import (
    AUTH,
    GET,
    GETBULK,
    GETNEXT,
    PRIV,
    REPORT,
    REPORTABLE,
    RESPONSE,
    SET,
    V2C,
    Header,
)
from tectonics.wire.snmp_ber import SEQUENCE, tlv
from tectonics.wire.snmp_pdu import (
    COUNTER32,
    Pdu,
    answer_pdu,
    binding,
    read_community,
    write_community,
    write_pdu,
)

OCTETS_MAX = 8192  # of a message, either way
ANSWER_OCTETS_MAX = 1400  # of the variables that answer: one frame of an Ethernet with the rest of the message around them
FRAME_OCTETS_MAX = 220  # of a v3 message around its variables
OPERATIONS = {GET: "get", GETNEXT: "getnext", GETBULK: "getbulk", SET: "set"}
_AUTH_PRIV = AUTH | PRIV


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks; `user` is empty where a community speaks.

    `room` is for what we show, `room_max` for what he sent and gets back; `reply` makes a message of the PDU that answers.
    """

    operation: str
    user: str
    names: Sequence[Name]
    values: Sequence[Value]
    non_repeaters: int
    repetitions: int
    room: int
    room_max: int
    pdu: Pdu
    reply: Callable[[bytes], bytes]


class Requests:
    """`keys` by user; `time_s()` is the engine's time since it began; `salt` is any number, another in each life."""

    def __init__(self, engine_id: bytes, boots: int, keys: Mapping[bytes, snmp_usm.Keys], time_s: Callable[[], int],
                 salt: int) -> None:
        self._engine_id, self._boots, self._keys = engine_id, boots, keys
        self._time_s, self._salt = time_s, salt
        self._encodings = Encodings()

    def read(self, datagram: bytes, header: Header) -> Request | None:
        """The request, of a datagram whose `header` was let in; BadMessage when a community's cannot be read."""
        if header.version != V2C:
            return self._by_user(datagram, header)
        if header.pdu not in OPERATIONS:
            return None
        pdu, community = read_community(datagram), header.community
        return _request("", pdu, ANSWER_OCTETS_MAX, OCTETS_MAX, lambda answer: write_community(community, answer))

    def _by_user(self, datagram: bytes, header: Header) -> Request | None:
        keys = self._keys.get(header.user)
        if keys is None or header.flags & _AUTH_PRIV != _AUTH_PRIV or header.engine_id != self._engine_id:
            return None
        try:
            message = snmp_v3.read(datagram)
            if not self._in_time(message) or not snmp_usm.verified(keys, datagram, message) or len(message.salt) != 8:
                return None
            scoped = snmp_v3.read_scoped(snmp_usm.opened(keys, message))
        except BadMessage:
            return None
        if scoped.engine_id != self._engine_id or scoped.context or scoped.pdu.tag not in OPERATIONS:
            return None
        size = min(message.size_max, OCTETS_MAX) - FRAME_OCTETS_MAX
        return _request(header.user.decode("ascii"), scoped.pdu, min(ANSWER_OCTETS_MAX, size), size,
                        lambda answer: self._sealed(keys, message, answer))

    def _in_time(self, message: snmp_v3.Message) -> bool:
        """RFC 3414, section 3.2, step 7a."""
        return message.boots == self._boots < snmp_usm.BOOTS_LAST \
            and abs(message.time_s - self._time_s()) <= snmp_usm.WINDOW_S

    def _sealed(self, keys: snmp_usm.Keys, asked: snmp_v3.Message, answer: bytes) -> bytes:
        self._salt = (self._salt + 1) % 2**64  # never twice in a life, RFC 3826 section 3.1.2.1
        return snmp_usm.seal(keys, replace(
            asked, size_max=OCTETS_MAX, flags=_AUTH_PRIV, boots=self._boots, time_s=self._time_s(),
            salt=self._salt.to_bytes(8), data=snmp_v3.scoped(self._engine_id, answer)))

    def report(self, datagram: bytes, header: Header, name: Name, count: int) -> bytes | None:
        """Tells a manager who believes us to be another engine who we are (RFC 3414, section 3.2, step 3).

        `name` and `count` are the counter's.  None where the message cannot be read or wants no report: what is in clear is
        told so by its PDU, what is encrypted by its flag (RFC 3412, section 6.4).
        """
        try:
            asked = snmp_v3.read(datagram)
        except BadMessage:
            return None
        if not (header.pdu in OPERATIONS if header.pdu else header.flags & REPORTABLE):
            return None
        pdu = write_pdu(REPORT, 0, 0, 0, [binding(name, COUNTER32, count)])
        octets, _ = snmp_v3.write(replace(
            asked, size_max=OCTETS_MAX, flags=0, engine_id=self._engine_id, boots=self._boots, time_s=self._time_s(), user=b"",
            salt=b"", data=snmp_v3.scoped(self._engine_id, pdu)), encrypted=False)
        return octets

    def answer(self, request: Request, answer: Answer) -> bytes:
        """The message that answers."""
        raw, status = request.pdu.raw, answer.status
        if answer.variables is not None:
            raw = tlv(SEQUENCE, *(self._encodings.of(name, value) for name, value in answer.variables))
        if len(raw) > request.room_max:
            raw, status = tlv(SEQUENCE), TOO_BIG
        index = answer.index if status == answer.status else 0
        return request.reply(answer_pdu(RESPONSE, request.pdu.request_id, STATUS[status], index, raw))


def _request(user: str, pdu: Pdu, room: int, room_max: int, reply: Callable[[bytes], bytes]) -> Request:
    bulk = (pdu.first, pdu.second) if pdu.tag == GETBULK else (0, 0)
    return Request(OPERATIONS[pdu.tag], user, [name for name, _, _ in pdu.variables], list(map(plain, pdu.variables)), *bulk,
                   room, room_max, pdu, reply)
