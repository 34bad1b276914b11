"""Operators: they settle by hand what no machine can tell, and change what operators change.

For what cannot be read back they look into the prepaid system's own records (the ledger) once the operation is
so old that nobody can still be sending it, and say what they found.
"""

from collections.abc import Callable

from tectonics.simulation.stage import Stage

ROUND_S, CERTAIN_S = 5400.0, 900.0  # longer than any lease and send deadline together
ANSWER_S = 30.0


class Operators:
    """One desk for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("operators")
        self._habits: tuple[tuple[Callable, int], ...] = (
            (self._bar, 3), (self._list, 2), (self._assign, 2), (self._write_off, 4), (self._switch, 1),
            (self._reprice, 1), (self._forget, 1))

    async def work(self) -> None:
        """Until the end."""
        while not self._stage.peaceful:
            await self._stage.sleep(self._chance.uniform(0.5, 1.5) * ROUND_S)
            habits, weights = zip(*self._habits, strict=True)
            if not self._stage.ending:
                await self._chance.choices(habits, weights)[0]()
            await self.resolve(CERTAIN_S)

    async def resolve(self, certain_s: float) -> int:
        """Settles what is unresolved and older than that; how many there were."""
        found = await self._ask("reconcile.list")
        rows = (found or {}).get("unresolved", [])
        oldest_ms = self._stage.world.now_ms - certain_s * 1000
        shown = {row["op"] for row in rows}
        for op, created_at in self._stage.auditor.unresolved():
            if created_at < oldest_ms and op in shown:
                await self._settle(op)
        return len(rows)

    async def _settle(self, op: str) -> None:
        done = self._stage.auditor.done(op)
        outcome, text = ("not_done", "it is not in the records") if done is None else ("done", done)
        self._stage.journal.resolved.append((self._stage.now_s, op, outcome))
        await self._ask("reconcile.resolve", op=op, outcome=outcome, text=text)

    async def subscribe(self, msisdn: str, value: str) -> None:
        """Somebody wants to be called back from now on, or no more."""
        await self._ask("subscribers.callback", msisdn=msisdn, value=value)

    async def mail(self, msisdn: str, address: str) -> bool:
        """Registers an e-mail address; whether that was said to be done."""
        return await self._ask("subscribers.mail", msisdn=msisdn, address=address) is not None

    async def _bar(self) -> None:
        msisdn = self._somebody()
        await self._ask("subscribers.bar", msisdn=msisdn, text="a complaint")
        await self._stage.sleep(self._chance.uniform(60, 7200))
        await self._ask("subscribers.unbar", msisdn=msisdn)

    async def _list(self) -> None:
        change = self._chance.choice(("allow", "deny", "unlist"))
        await self._ask(f"subscribers.{change}", msisdn=self._somebody())

    async def _assign(self) -> None:
        await self._ask("subscribers.segment", msisdn=self._somebody(), segment=self._chance.choice(("", "gold")))

    async def _forget(self) -> None:
        await self._ask("subscribers.forget", msisdn=self._somebody())

    async def _write_off(self) -> None:
        owing = self._stage.auditor.outstanding()
        if owing:
            _, id, _ = self._chance.choice(owing)
            await self._ask("advances.write_off", id=id, text="a courtesy")

    async def _switch(self) -> None:
        await self._ask("policy.switch", accepting=False)
        await self._stage.sleep(self._chance.uniform(60, 1800))
        await self._ask("policy.switch", accepting=True)

    async def _reprice(self) -> None:
        """Every fee changes: who has seen the old one is told so, and nothing is lent at another price."""
        shown = await self._ask("policy.show")
        if shown is None:
            return
        document = shown["document"]
        for segment in document["segments"]:
            for tier in segment["tiers"]:
                tier["fee"] = self._chance.choice(("0.11", "0.22", "0.33"))
        await self._ask("policy.load", document=document, note="new fees")

    def _somebody(self) -> str:
        return self._chance.choice(self._stage.plan.people).msisdn

    async def _ask(self, method: str, **params):
        """The answer; None where there is none, or a refusal."""
        node = self._chance.choice(self._stage.nodes)
        return await self._stage.within(self._stage.world.control(node).call(method, params), ANSWER_S)
