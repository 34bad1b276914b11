"""Delivery receipts: each finds its part, however the centre spells its ids, and settles it once.

A part is looked for among those that were sent a moment ago, then in the log, which knows those of earlier lives
and of other nodes.  With `receipt_ids: same` an id is tried in the other base too; such a guess counts only where the
receipt comes from the number that the part went to, and goes before an id that fits and a number that does not.

A receipt may come before the answer that tells the id.  One that finds nothing is therefore acknowledged and held
(early.py); it is settled when the answer comes, and looked for in the log once more at the end, since another node
may have had the answer.  If the process dies meanwhile the receipt is lost, and the part stays `sent`, or, its
answer being lost as well, is sent again.

Bound: RECENT_MAX parts in memory; an older one is only in the log.
"""

from collections import OrderedDict

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.channels.sms_smpp.early import Early, Holding
from tectonics.channels.sms_smpp.failing import Failing
from tectonics.domain.delivery import DELIVERED, EXPIRED, FAILED, Sent
from tectonics.domain.msisdn import mask
from tectonics.ports import Clock, MessageLog, Metrics
from tectonics.wire.smpp import receipts
from tectonics.wire.smpp.receipts import Receipt, candidates, canonical

RECENT_MAX = 20_000
_STATES = {receipts.DELIVERED: DELIVERED, receipts.EXPIRED: EXPIRED, receipts.DELETED: FAILED,
           receipts.UNDELIVERABLE: FAILED, receipts.REJECTED: FAILED}
# how submit_sm_resp and the receipt spell an id, by sms_smpp.receipt_ids
_SPELLINGS = {"same": ("text", "text"), "hex": ("decimal", "hexadecimal"), "decimal": ("hexadecimal", "decimal")}
log = Logger()


class Receipts:
    """What became of the parts of one channel; `spelling` is sms_smpp.receipt_ids."""

    def __init__(self, spelling: str, messages: MessageLog, clock: Clock, metrics: Metrics, failing: Failing) -> None:
        self._ours, self._theirs = _SPELLINGS[spelling]
        self._messages, self._clock, self._metrics, self._failing = messages, clock, metrics, failing
        self._recent: OrderedDict[tuple[str, str], Sent] = OrderedDict()
        self._early = Holding(clock, self._over)

    @property
    def held(self) -> int:
        """How many wait for their part."""
        return len(self._early)

    def stop(self) -> None:
        """Forgets what is held."""
        self._early.stop()

    def accepted(self, account: str, message_id: str, sent: Sent) -> str:
        """The centre has a part under this id; the id as the log keeps it, empty where the centre gave none."""
        if not message_id.strip():
            return ""
        id = canonical(message_id, self._ours)
        self._recent[account, id] = sent
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
        early = self._early.take(account, id, sent.msisdn)
        if early is not None:
            self._clock.callLater(0, self._settle_early, early, sent)  # once the answer has been given to the log
        return id

    async def heard(self, account: str, receipt: Receipt, msisdn: str) -> None:
        """A receipt from `msisdn` (empty: no number that can be read); when it returns it may be acknowledged.

        Fails with Busy or OurFault when the log cannot be asked or written: it should be sent again.
        """
        if receipt.intermediate or receipt.state not in _STATES:
            self._count(account, "intermediate")
            return
        early = Early(account, self._ids(receipt.id), msisdn, receipt)
        sent = await self._find(early)
        if sent is None:
            self._early.hold(early)
        else:
            await self._settle(early, sent)

    def _ids(self, id: str) -> tuple[str, ...]:
        return candidates(id) if self._theirs == "text" else (canonical(id, self._theirs),)

    async def _find(self, early: Early) -> Sent | None:
        likely = None
        for id in early.ids:
            found = await self._known(early.account, id)
            fitting = next((sent for sent in found if sent.msisdn == early.msisdn), None)
            if fitting is not None:
                return fitting
            if found and id == early.ids[0]:
                likely = found[0]
        return likely

    async def _known(self, account: str, id: str) -> list[Sent]:
        if (account, id) not in self._recent:
            found = await self._messages.find(account, id)
            if (account, id) not in self._recent:
                return found
        return [self._recent[account, id]]

    async def _settle(self, early: Early, sent: Sent) -> None:
        receipt, state = early.receipt, _STATES[early.receipt.state]
        if not await self._messages.settle(sent, state, int(self._clock.seconds() * 1000)):
            self._count(early.account, "again")
            return
        self._count(early.account, state)
        if state == DELIVERED:
            self._failing.succeeded()
            return
        error = receipt.error or "not told"
        self._metrics.count("tectonics_messages_total", "failed")
        self._failing.failed(f"{receipt.state}, error {error}")
        log.info("SMS {op} to {to} was not delivered: {state}, error {error}", op=sent.op, to=mask(sent.msisdn),
                 state=receipt.state, error=error)

    def _settle_early(self, early: Early, sent: Sent) -> None:
        Deferred.fromCoroutine(self._settle(early, sent)).addErrback(self._unsettled)

    def _over(self, early: Early) -> None:
        Deferred.fromCoroutine(self._last_look(early)).addErrback(self._unsettled)

    async def _last_look(self, early: Early) -> None:
        sent = await self._find(early)
        if sent is not None:
            await self._settle(early, sent)
            return
        self._count(early.account, "unknown")
        log.info("A receipt of {account} is about a message that is not known: {id}, {state}", account=early.account,
                 id=early.receipt.id, state=early.receipt.state)

    def _unsettled(self, failure) -> None:
        log.error("What a receipt said could not be written: {why}", why=failure.getErrorMessage())

    def _count(self, account: str, state: str) -> None:
        self._metrics.count("tectonics_sms_receipts_total", account, state)
