"""The prepaid system tells balances: of whoever it pleases, the same again, and by the feed's habits late or twice.

Only where somebody may be advertised to; otherwise nobody would listen.
"""

from tectonics.simulation.stage import Stage

EACH_S = {"brisk": 120.0, "ordinary": 300.0, "seldom": 1800.0}  # from one record to the next, on average
AGAIN = 0.2  # of them are told twice, as two records


class Balances:
    """One of a world."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("balances")

    def begin(self) -> None:
        """From now on, where there is advertising."""
        if self._stage.plan.messaging.advertising:
            self._stage.spawn(self._work())

    async def _work(self) -> None:
        stage, chance = self._stage, self._chance
        while not stage.ending:
            await stage.sleep(chance.expovariate(1 / EACH_S[stage.plan.pace]))
            msisdn = chance.choice(stage.plan.people).msisdn
            there = stage.auditor.balance_minor(msisdn)
            for _ in range(1 + (chance.random() < AGAIN)):
                if there >= 0 and not stage.ending:
                    stage.feed.tell("balance", msisdn, there)
