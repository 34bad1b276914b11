"""What a message centre delivers: receipts, and what subscribers write, told once each and answered when it is safe.

    ESME_ROK            what it asks for is committed; a part of a long message is kept; it is nothing for us
    ESME_RX_T_APPN      not now: deliver it again
    ESME_RX_P_APPN      it cannot be read, and could not be later

The parts of a long message are acknowledged while others are still to come, because a centre may wait for the answer
before it sends the next.  They are in memory: if the process dies in between, a long message is never put together,
and the subscriber, who gets no answer, writes again.  One that is whole is kept until it has been taken, so that
after a Busy it is there when its last part is delivered again.

Bounds: UNDER_WAY_MAX messages and receipts under way, the next is to be delivered again; KEPT_MAX long messages
that are whole, the oldest is given up; unfinished ones as wire/smpp/reassembly has them.
"""

from collections import OrderedDict
from collections.abc import Mapping

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from tectonics.channels.sms_smpp import incoming
from tectonics.channels.sms_smpp.receipts import Receipts
from tectonics.channels.sms_smpp.repetition import Repetitions
from tectonics.domain.errors import BadMessage, Busy
from tectonics.domain.msisdn import mask
from tectonics.links.smpp.peer import Peer
from tectonics.ports import Alarms, Clock, Correspondence, Metrics, ShortMessage
from tectonics.wire.smpp.pdus import DataSm, Request, answer_to
from tectonics.wire.smpp.pdus import ShortMessage as Delivered
from tectonics.wire.smpp.reassembly import Incomplete, Reassembly, Whole, place_of
from tectonics.wire.smpp.receipts import receipt_of
from tectonics.wire.smpp.status import Status

CHANNEL = "sms"
UNDER_WAY_MAX = 1000
KEPT_MAX = 1000
UNFINISHED_MAX, UNFINISHED_OCTETS_MAX, UNFINISHED_S = 5000, 4_000_000, 600.0
log = Logger()


class Receiver:
    """Answers what is heard over the binds. `centres` as Sender has them; `default`: the centres' alphabet."""

    def __init__(self, receipts: Receipts, correspondence: Correspondence, clock: Clock, metrics: Metrics,
                 alarms: Alarms, *, default: str, country_code: str, centres: Mapping[str, str]) -> None:
        self._receipts, self._correspondence = receipts, correspondence
        self._clock, self._metrics, self._alarms = clock, metrics, alarms
        self._default, self._country_code, self._centres = default, country_code, centres
        self._reassembly = Reassembly(UNFINISHED_MAX, UNFINISHED_OCTETS_MAX, UNFINISHED_S)
        self._kept: OrderedDict[tuple, Whole] = OrderedDict()
        self._repetitions = Repetitions()
        self._telling: dict[str, list[Deferred[None]]] = {}
        self._stopping = False
        self.under_way = 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("sms deliveries", self.under_way, UNDER_WAY_MAX),
                ("sms unfinished", len(self._reassembly), UNFINISHED_MAX)]

    def stop(self) -> None:
        """Takes nothing more; what is under way is answered."""
        self._stopping = True

    def heard(self, peer: Peer, request: Request) -> None:
        """Hook of Binds: a deliver_sm or data_sm."""
        account = peer.account.name
        if self._stopping or self.under_way >= UNDER_WAY_MAX:
            self._count(account, "busy")
            peer.answer(request, answer_to(request.command, request.sequence, Status.RX_T_APPN))
            return
        self.under_way += 1
        taking = Deferred.fromCoroutine(self._take(account, request)).addErrback(self._failed, account)
        taking.addCallback(lambda status: self._answer(peer, request, status))

    def _answer(self, peer: Peer, request: Request, status: Status) -> None:
        self.under_way -= 1
        peer.answer(request, answer_to(request.command, request.sequence, status))

    def _failed(self, failure, account: str) -> Status:
        if failure.check(BadMessage):
            self._count(account, "bad")
            return Status.RX_P_APPN
        self._count(account, "busy")
        if failure.check(Busy) is None:
            log.failure("What {account} delivered could not be taken: a fault of ours", failure, account=account)
            self._alarms.raise_alarm("internal_fault", f"a delivery of {account}: {failure.getErrorMessage()}", "sms")
        return Status.RX_T_APPN

    # --- one delivery

    async def _take(self, account: str, pdu: Delivered | DataSm) -> Status:
        msisdn = incoming.sender(pdu, self._country_code)
        receipt = receipt_of(pdu)
        if receipt is not None:
            await self._receipts.heard(self._centres.get(account, account), receipt, msisdn)
        elif not incoming.is_written(pdu):
            self._count(account, "ignored")
        elif not msisdn:
            self._count(account, "no_subscriber")
        else:
            await self._read(account, msisdn, pdu)
        return Status.ROK

    async def _read(self, account: str, msisdn: str, pdu: Delivered | DataSm) -> None:
        key = _key(pdu)
        whole = self._kept.get(key) or self._joined(account, pdu)
        if whole is None:
            self._count(account, "part")
            return
        text = incoming.words(whole, self._default)
        if text is None:
            self._count(account, "ignored")
            return
        self._keep(key, whole)
        await self._tell(self._message(msisdn, whole, text))
        self._kept.pop(key, None)
        self._count(account, "taken")

    def _tell(self, message: ShortMessage) -> Deferred[None]:
        """A message that is delivered again while it is being taken waits for the first."""
        told: Deferred[None] = Deferred()
        waiting = self._telling.setdefault(message.id, [])
        waiting.append(told)
        if len(waiting) == 1:
            maybeDeferred(self._correspondence.received, message).addBoth(self._told, message.id)
        return told

    def _told(self, result, id: str) -> None:
        for waiting in self._telling.pop(id):
            waiting.callback(result)  # a failure fails each of them

    def _joined(self, account: str, pdu: Delivered | DataSm) -> Whole | None:
        now, whole = self._clock.seconds(), None
        for found in [*self._reassembly.due(now), *self._reassembly.add(pdu, now)]:
            if isinstance(found, Incomplete):
                self._count(account, "incomplete")
                log.info("A long message from {number} is given up, {parts} of {total} parts: {why}",
                         number=mask(found.pdu.source_addr), parts=found.parts, total=found.total, why=found.why)
            else:
                whole = found
        return whole

    def _keep(self, key: tuple, whole: Whole) -> None:
        if key[-1] is None:
            return  # it comes again as a whole
        self._kept[key] = whole
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def _message(self, msisdn: str, whole: Whole, text: str) -> ShortMessage:
        now, to = self._clock.seconds(), whole.pdu.destination_addr
        id = self._repetitions.id_of(incoming.reference(whole.pdu), msisdn, to, text, now=now)
        return ShortMessage(CHANNEL, id, msisdn, to, text, int(now * 1000))

    def _count(self, account: str, result: str) -> None:
        self._metrics.count("tectonics_sms_received_total", account, result)


def _key(pdu: Delivered | DataSm) -> tuple:
    """Of the long message that a part belongs to, as Reassembly tells them apart; the last is None for a whole one."""
    place, _ = place_of(pdu)
    long = None if place is None or place.total == 1 else (place.reference, place.total)
    return pdu.source_addr, pdu.destination_addr, long
