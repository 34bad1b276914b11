"""Peace: the faults stop, and within a bounded time everything that waits is settled and everybody has paid.

Clocks are set right first.  What is under way comes to its end, with operators who resolve what no machine can
tell.  Then everyone who still owes recharges enough to pay it all.  After that the books must be quiet
(invariants/settled.py), consumers and files have everything.
"""

from functools import partial

from tectonics.simulation.faults import billing
from tectonics.simulation.peers.paper import ticket_files
from tectonics.simulation.stage import Stage

SETTLE_S = 7200.0  # for what is under way; the longest pause between two retries is 300 s
LOOK_S = 20.0
CERTAIN_S = 900.0
AT_ONCE_MAX, PAUSE_S = 100, 0.1  # more people do not recharge at the same moment, but one after the other
SLOWEST_S = 60.0  # from then on operators look each minute


async def make_peace(stage: Stage) -> None:
    """Returns when everything is settled, or SETTLE_S has passed twice."""
    stage.ending = True
    stage.world.peace()
    stage.peaceful = True
    await _set_clocks_right(stage)
    while not await stage.order(**billing.NOTHING):
        await stage.sleep(LOOK_S)
    stage.consumers.hurry()
    for peer in (stage.centre, stage.ussd, stage.switch, stage.telephones, stage.carriers, stage.mail, stage.visitors):
        if peer is not None:
            peer.calm()
    stage.block([person.msisdn for person in stage.plan.people], False)
    await _settle(stage)
    debts = _debts(stage)
    for msisdn, owed_minor in debts.items():
        if len(debts) > AT_ONCE_MAX:
            await stage.sleep(PAUSE_S)
        share = stage.policies()[max(stage.policies())].recovery.share_percent
        lacking = max(0, -stage.auditor.balance_minor(msisdn))
        stage.feed.tell("recharge", msisdn, owed_minor * 100 // share + lacking + 100, "voucher")
    await _settle(stage)
    for peer in (stage.switch, stage.carriers, stage.mail, stage.visitors):
        if peer is not None:
            await peer.serves()
            await _settle(stage)
    await _until(stage, stage.consumers.have_all, SETTLE_S)
    await _until(stage, partial(_written, stage), SETTLE_S)


async def _set_clocks_right(stage: Stage) -> None:
    """What was written under a clock that is fast, or was, is in the past after a while."""
    fastest_s = max(0.0, (stage.auditor.latest_ms() - stage.world.now_ms) / 1000)
    for name in stage.nodes:
        wrong_s = stage.world.machines[name].jumped_s
        stage.world.jump(name, -wrong_s)
        fastest_s = max(fastest_s, wrong_s)
    await stage.sleep(fastest_s)


def _written(stage: Stage) -> bool:
    """Whether the files hold as many tickets as were numbered."""
    return all(sum(len(file.lines) for file in ticket_files(folder)) >= stage.auditor.numbered(name)
               for name, folder in stage.world.ticket_folders.items())


def _debts(stage: Stage) -> dict[str, int]:
    debts: dict[str, int] = {}
    for msisdn, _, minor in stage.auditor.outstanding():
        debts[msisdn] = debts.get(msisdn, 0) + minor
    return debts


async def _settle(stage: Stage) -> None:
    def settled() -> bool:
        return not (stage.street.talking or stage.feed.waiting or stage.auditor.under_way()
                    or stage.centre and stage.centre.under_way or stage.telephones and stage.telephones.open or stage.carriers and stage.carriers.open
                    or stage.mail and stage.mail.waiting())

    end_s, operators_s = stage.now_s + SETTLE_S, stage.now_s
    while not settled() and stage.now_s < end_s:
        if stage.now_s >= operators_s:
            operators_s = stage.now_s + SLOWEST_S
            await stage.operators.resolve(CERTAIN_S)
        await stage.sleep(LOOK_S)


async def _until(stage: Stage, met, within_s: float) -> None:
    end_s = stage.now_s + within_s
    while not met() and stage.now_s < end_s:
        await stage.sleep(LOOK_S)
