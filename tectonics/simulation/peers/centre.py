"""The message centre, and the handsets behind it: what people write goes to the nodes, what is submitted is read.

A message of a subscriber is delivered to whichever session has most room, again when it is not acknowledged, and by
the plan's shares twice, perhaps minutes later.  Everything that the centre takes is shown at once; the parts of a
long message when all of them are there.
"""

from collections import defaultdict
from collections.abc import Iterator

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from tectonics.domain.alphabet import decode
from tectonics.simulation.messaging import CENTRE_PORT, SHORT_CODE
from tectonics.simulation.population import letters
from tectonics.simulation.population.intents import Life
from tectonics.simulation.population.person import Person
from tectonics.simulation.population.writing import writers
from tectonics.simulation.postbook import Read, Submitted, Written
from tectonics.simulation.stage import CONFIRMED, WRITTEN, Stage
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.simulators.smsc.centre import Submitted as Taken
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.smsc.mobile import mobile
from tectonics.simulators.smsc.session import EsmeSession
from tectonics.wire.data_coding import read
from tectonics.wire.smpp.pdus import message_octets
from tectonics.wire.smpp.reassembly import place_of
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv

RETRY_S, RECEIPT_S, LATE_S = 15.0, 3.0, 34.0  # a late answer comes after the daemon has given it up
AGAIN_S_MAX = 600.0  # a second copy comes at most so late
PATIENCE_S = 45.0  # so long he waits for an answer
REFERENCES = 60_000
PACES = {"brisk": 4.0, "ordinary": 1.0, "seldom": 0.02}  # how much of everything they write


class CentrePeer:
    """One message centre for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("centre")
        faults = Faults(self._chance.getrandbits(32), LATE_S)
        self.centre: Centre = stage.world.serve(CENTRE_PORT, lambda clock: Centre(
            clock, faults=faults, receipt_s=RECEIPT_S, retry_s=RETRY_S))
        self.centre.on_submit, self.centre.on_try = self._submitted, self._tried
        stage.journal.post.offer_s = stage.plan.messaging.offer_s
        self.under_way = 0  # messages of subscribers that are not acknowledged
        self._by_pdu: dict = {}
        self._references: dict[str, int] = defaultdict(int)
        self._parts: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
        self._readers: dict[str, list[Deferred[str]]] = defaultdict(list)

    # --- what people do

    def writers(self) -> Iterator[tuple[Person, Life]]:
        """Those of the plan who write, each with the life in which he does."""
        plan = self._stage.plan
        return writers(plan.people, plan.messaging.writers, PACES[plan.pace])

    async def write(self, msisdn: str, text: str, numbered: bool) -> str:
        """He writes, and reads the first message that comes within his patience; empty: none."""
        stage, book = self._stage, self._stage.journal.post
        offers = tuple((one.at_s, found) for one in book.read[msisdn] if (found := letters.offer(one.text)))
        written = Written(msisdn, text, stage.now_s, numbered, offers)
        book.written[msisdn].append(written)
        stage.happens(CONFIRMED if written.word in letters.AGREES else WRITTEN)
        copies = 1 + (not stage.peaceful and self._chance.random() < stage.plan.messaging.doubled)
        pdus = self._pdus(written)
        for number in range(copies):
            written.waiting += len(pdus)
            self.under_way += len(pdus)
            later_s = self._chance.choice((0.0, 0.0, AGAIN_S_MAX)) * self._chance.random() if number else 0.0
            stage.world.call_later(later_s, self._deliver, written, pdus)
        return await self.listen(msisdn, PATIENCE_S)

    async def listen(self, msisdn: str, seconds: float) -> str:
        """The next message that he gets; empty: none came."""
        came: Deferred[str] = Deferred()
        self._readers[msisdn].append(came)
        return await self._stage.within(came, seconds) or ""

    def _pdus(self, written: Written) -> list:
        self._references[written.msisdn] += 1
        number = self._references[written.msisdn] % REFERENCES
        pdus = mobile(written.text, written.msisdn, SHORT_CODE, reference=number % 256)
        if written.numbered:
            pdus = [replace(pdu, tlvs=(*pdu.tlvs, Tlv(Tag.USER_MESSAGE_REFERENCE, number))) for pdu in pdus]
        return pdus

    def _deliver(self, written: Written, pdus: list) -> None:
        for pdu in pdus:
            self._by_pdu[pdu] = written
            self.centre.deliver(pdu).addCallback(self._delivered, written)

    def _tried(self, session: EsmeSession, pdu) -> None:
        """A node is being told."""
        written = self._by_pdu.get(pdu)
        if written is not None:
            node = session.transport.getPeer().host
            written.tries.append((self._stage.now_s, (node, self._stage.world.life(node)), self._stage.auditor.generation(written.msisdn)))

    def _delivered(self, status: int, written: Written) -> None:
        self.under_way -= 1
        written.waiting -= 1
        if status == Status.ROK and written.taken_s is None:
            written.taken_s = self._stage.now_s
            written.generation_after = self._stage.auditor.generation(written.msisdn)
        if not written.waiting:
            written.done_s = self._stage.now_s

    # --- what handsets show

    def _submitted(self, taken: Taken) -> None:
        pdu, now_s = taken.pdu, self._stage.now_s
        place, octets = place_of(pdu)
        alphabet, octets = read(octets if place else message_octets(pdu), pdu.data_coding)
        text, msisdn = decode(octets, alphabet), pdu.destination_addr
        reference, part, parts = (place.reference, place.number, place.total) if place else (0, 1, 1)
        self._stage.journal.post.submitted[msisdn].append(Submitted(now_s, text, reference, part, parts))
        if parts > 1:
            text = self._joined((msisdn, reference), part, parts, text)
        if text:
            self._show(msisdn, text)

    def _joined(self, key: tuple[str, int], part: int, parts: int, text: str) -> str:
        """The whole text, once it is there."""
        there = self._parts[key]
        there[part] = text
        if len(there) < parts:
            return ""
        del self._parts[key]
        return "".join(there[number] for number in sorted(there))

    def _show(self, msisdn: str, text: str) -> None:
        self._stage.journal.post.read[msisdn].append(Read(self._stage.now_s, text))
        waiting, self._readers[msisdn] = self._readers[msisdn], []
        for one in waiting:
            self._stage.world.call_later(0, one.callback, text)  # in a step of its own

    # --- the end

    def calm(self) -> None:
        """Nothing goes wrong any more; who was silent hangs up."""
        calm(self.centre)
        self.centre.receipt_s = RECEIPT_S


class Centre(MessageCentre):
    """Tells of each try to deliver something."""

    on_try = staticmethod(lambda session, pdu: None)

    def buildProtocol(self, addr) -> EsmeSession:
        """A connection."""
        return _Session(self, self._clock, self._limits)


class _Session(EsmeSession):
    def send(self, request, token) -> int:
        self._centre.on_try(self, token.pdu)
        return super().send(request, token)


def calm(factory) -> None:
    """No fault of a simulator of SMPP any more."""
    for kind in factory.faults.struck:
        factory.faults.order(kind)
    for session in [one for one in factory.sessions if one.silent]:
        session.cut()
