"""An SNMP manager that waits for each answer: v2c with a community, or v3 with a user (authPriv) after discovery.

For the demo, for tests and for measurements, where a walk must cost the manager little.  A datagram is sent again where
nothing comes back; whatever is no answer to the request under way is passed over.
Bounds: ANSWER_S for each of TRIES tries; STEPS_MAX requests in a walk.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from secrets import randbits

from tectonics.domain.errors import BadMessage, TheirFault
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
    peek,
)
from tectonics.wire.snmp_ber import Name
from tectonics.wire.snmp_pdu import (
    END_OF_VIEW,
    Pdu,
    Variable,
    binding,
    read_community,
    request,
    write_community,
    write_pdu,
)

ANSWER_S, TRIES = 3.0, 3
STEPS_MAX = 10_000
OCTETS_MAX = 65_507
REPETITIONS = 50


class NoAnswer(TheirFault):
    """The agent is silent, or it answers with an error or a report."""


@dataclass(frozen=True, slots=True)
class V3User:
    """Who asks by v3; both are pass phrases."""

    name: str
    authentication: str
    privacy: str


class SnmpManager:
    """One manager of one agent; `asked` counts the datagrams that it has sent."""

    def __init__(self, address: tuple[str, int], who: bytes | V3User = b"public") -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(address)
        self._who = who
        self._numbers = count(randbits(24))
        self._salts = count(randbits(63))
        self._engine: _Engine | None = None
        self.asked = 0

    def close(self) -> None:
        """Asks no more."""
        self._socket.close()

    # --- what a manager asks

    def get(self, *names: Name) -> list[Variable]:
        """These variables."""
        return self._ask(lambda number: request(GET, number, names))

    def next(self, *names: Name) -> list[Variable]:
        """Those behind them."""
        return self._ask(lambda number: request(GETNEXT, number, names))

    def bulk(self, *names: Name, repetitions: int = REPETITIONS) -> list[Variable]:
        """Many behind them."""
        return self._ask(lambda number: request(GETBULK, number, names, 0, repetitions))

    def set(self, name: Name, tag: int, held: object) -> list[Variable]:
        """Sets one variable."""
        return self._ask(lambda number: write_pdu(SET, number, 0, 0, [binding(name, tag, held)]))

    def walk(self, base: Name, repetitions: int = REPETITIONS) -> Iterator[Variable]:
        """Everything below `base`, by GETBULK."""
        name = base
        for _ in range(STEPS_MAX):
            found = self.bulk(name, repetitions=repetitions)
            for one in found:
                if one[1] == END_OF_VIEW or one[0][:len(base)] != base:
                    return
                yield one
            if not found or found[-1][0] <= name:
                raise NoAnswer("the walk goes in a circle")
            name = found[-1][0]
        raise NoAnswer("the walk does not end")

    # --- how

    def _ask(self, make) -> list[Variable]:
        number = next(self._numbers) % 2**31
        for _ in range(TRIES):
            answer = self._exchange(self._message(make(number), number), number)
            if answer is None:
                continue
            if answer.tag == REPORT:  # the time was not known any more: it has been learned from the report
                continue
            if answer.first:
                raise NoAnswer(f"error status {answer.first} of variable {answer.second}")
            return list(answer.variables)
        raise NoAnswer("no answer, or none but reports")

    def _exchange(self, octets: bytes, number: int) -> Pdu | None:
        self._socket.send(octets)
        self.asked += 1
        end_s = time.monotonic() + ANSWER_S
        while (left_s := end_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                pdu = self._read(self._socket.recv(OCTETS_MAX))
            except TimeoutError:
                break
            except BadMessage:
                continue
            if pdu is not None and (pdu.tag == REPORT or (pdu.tag == RESPONSE and pdu.request_id == number)):
                return pdu
        return None

    def _message(self, pdu: bytes, number: int) -> bytes:
        if isinstance(self._who, bytes):
            return write_community(self._who, pdu)
        if self._engine is None:
            self._discover(number)
        engine = self._engine
        return snmp_usm.seal(engine.keys, snmp_v3.Message(
            number, OCTETS_MAX, AUTH | PRIV | REPORTABLE, engine.engine_id, engine.boots, engine.time_s(), self._who.name.encode(),
            (next(self._salts) % 2**64).to_bytes(8), snmp_v3.scoped(engine.engine_id, pdu)))

    def _discover(self, number: int) -> None:
        """RFC 3414, section 4: an empty engineID, and its report."""
        asked, _ = snmp_v3.write(snmp_v3.Message(number, OCTETS_MAX, REPORTABLE, b"", 0, 0, b"", b"",
                                                 snmp_v3.scoped(b"", request(GET, number, []))), encrypted=False)
        for _ in range(TRIES):
            if self._exchange(asked, number) is not None and self._engine is not None:
                return
        raise NoAnswer("the engineID is not told")

    def _read(self, octets: bytes) -> Pdu | None:
        if peek(octets).version == V2C:
            return read_community(octets) if isinstance(self._who, bytes) else None
        message = snmp_v3.read(octets)
        if not message.flags & PRIV:
            scoped = snmp_v3.read_scoped(message.data)
            if scoped.pdu.tag == REPORT:
                self._learn(message)
            return scoped.pdu if scoped.pdu.tag == REPORT else None
        if self._engine is None or not snmp_usm.verified(self._engine.keys, octets, message):
            return None
        return snmp_v3.read_scoped(snmp_usm.opened(self._engine.keys, message)).pdu

    def _learn(self, message: snmp_v3.Message) -> None:
        keys = self._engine.keys if self._engine and self._engine.engine_id == message.engine_id \
            else snmp_usm.keys_of(self._who.authentication, self._who.privacy, message.engine_id)
        self._engine = _Engine(message.engine_id, keys, message.boots, time.monotonic() - message.time_s)


@dataclass(frozen=True, slots=True)
class _Engine:
    """What is known of the agent."""

    engine_id: bytes
    keys: snmp_usm.Keys
    boots: int
    began_s: float

    def time_s(self) -> int:
        """As the agent's clock should show now."""
        return int(time.monotonic() - self.began_s)
