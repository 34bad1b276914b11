"""The recharge system at the other end of the prepaid feed: each record is sent until it is taken.

`OK` and `DUP` settle a record, so does any `ERR` that does not ask for it again.  After a lost connection, or
where no answer comes, it is sent again, perhaps to another node, after a pause that doubles up to AGAIN_S_MAX.
By the plan's shares a record is sent once more although it was answered, or late.
"""

import json

from tectonics.domain.ticket import rfc3339
from tectonics.simulation.journal import Record
from tectonics.simulation.stage import PAYMENT, RECHARGE, REFUND, REVERSAL, Stage

ANSWER_S, AGAIN_S, AGAIN_S_MAX, DELAY_S_MAX = 20.0, 1.0, 60.0, 900.0
AGAIN = "send it again"
SETTLED = ("OK", "DUP")


class FeedSystem:
    """One recharge system for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("feed")
        self._lines = {name: stage.world.feed(name) for name in stage.nodes}
        self._count = 0
        self.waiting = 0  # records that have no answer yet, or will be sent once more

    def tell(self, type: str, msisdn: str, amount_minor: int = 0, kind: str = "", ref: str = "") -> str:
        """Something happened; its id. `kind`: the class of a recharge, or the change of a lifecycle."""
        self._count += 1
        record = Record(f"{type[:1].upper()}{self._count}", type, msisdn, self._stage.now_s, self._stage.world.now_ms,
                        amount_minor, kind, ref)
        self._stage.journal.fed(record)
        self.waiting += 1
        self._stage.spawn(self._deliver(record))
        return record.id

    async def _deliver(self, record: Record) -> None:
        traits, calm = self._stage.plan.feed, self._stage.peaceful
        if not calm and self._chance.random() < traits.delayed:
            await self._stage.sleep(self._chance.uniform(0, DELAY_S_MAX))
        record.owed_before = self._stage.auditor.owed(record.msisdn)
        self._announce(record)
        record.answer = await self._until_settled(record)
        record.owed_after = self._stage.auditor.owed(record.msisdn)
        record.generation_after = self._stage.auditor.generation(record.msisdn)
        record.answered_s = self._stage.now_s
        if not calm and self._chance.random() < traits.doubled:
            await self._stage.sleep(self._chance.uniform(0, DELAY_S_MAX))
            await self._ask(record)
        self.waiting -= 1

    def _announce(self, record: Record) -> None:
        self._stage.happens(record.type)
        if record.type == RECHARGE and record.owed_before:
            self._stage.happens(PAYMENT)
        elif record.type == REVERSAL and self._stage.auditor.has_paid(record.msisdn, record.ref):
            self._stage.happens(REFUND)

    async def _until_settled(self, record: Record) -> str:
        pause_s = AGAIN_S
        while True:
            answer = await self._ask(record)
            word, _, rest = answer.partition(" ")
            reason = rest.partition(" ")[2]
            if word in SETTLED or word == "ERR" and not reason.endswith(AGAIN):
                return word if word in SETTLED else f"ERR {reason}"
            await self._stage.sleep(pause_s)
            pause_s = min(2 * pause_s, AGAIN_S_MAX)

    async def _ask(self, record: Record) -> str:
        """The line that answers, "" where none came."""
        line = self._lines[self._chance.choice(self._stage.nodes)]
        answer = await self._stage.within(line.send(_encode(record)), ANSWER_S)
        return (answer or b"").decode()


def _encode(record: Record) -> bytes:
    fields = {"id": record.id, "type": record.type, "msisdn": record.msisdn, "time": rfc3339(record.happened_at)}
    amount = f"{record.amount_minor // 100}.{record.amount_minor % 100:02d}"
    if record.type == "recharge":
        fields |= {"amount": amount, "currency": "EUR", "class": record.kind}
    elif record.type == "balance":
        fields |= {"balance": amount, "currency": "EUR"}
    elif record.type == "lifecycle":
        fields |= {"class": record.kind}
    if record.ref:
        fields["ref"] = record.ref
    return json.dumps(fields, separators=(",", ":")).encode()
