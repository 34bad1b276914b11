"""One load process: sessions until the given moment, then recharges; what it saw goes to stdout as JSON.

Its argument is a JSON object: the addresses, its share of the subscribers and of the concurrency or of the
rate, and the moments (of the monotonic clock, which all processes of a machine share) that bound the phases.
"""

import json
import sys
import time
from collections import Counter

from people import borrowers
from windows import Windows

from tectonics.daemon.run import install_reactor
from tectonics.domain.ticket import rfc3339
from tectonics.simulators.gateway_wire import Pool
from tectonics.simulators.load import Counted, Marks, RechargeLoad, SessionLoad
from tectonics.simulators.load_offered import OfferedLoad, arrivals

RECHARGE = ('{"id":"%s","type":"recharge","msisdn":"%s","amount":"5.00","currency":"%s","time":"%s",'
            '"class":"voucher"}')
FEED_CONNECTIONS = 4


def record(currency: str):
    """The recharge of one subscriber, as the feed reads it."""
    def made(msisdn: str) -> bytes:
        return (RECHARGE % (f"R{msisdn}", msisdn, currency, rfc3339(int(time.time() * 1000)))).encode()
    return made


async def measure(reactor, plan: dict) -> dict:
    """Both phases; the figures of this process."""
    counted = (Windows if plan["windows"] else Counted)(plan["begin_s"], plan["end_s"])
    now = time.monotonic
    pool = Pool(reactor, *plan["ussd"], plan["concurrency"])
    sessions = await run_sessions(reactor, plan, pool, counted)
    pool.close()
    recharges = RechargeLoad(reactor, now, *plan["feed"], iter(sessions.granted), record(plan["currency"]),
                             now() + plan["recharge_s"])
    answers: Counter[str] = Counter()
    if plan["recharge_s"]:
        await recharges.run(FEED_CONNECTIONS)
        answers = recharges.answers
    found = {"outcomes": counted.outcomes, "exhausted": sessions.exhausted, "recharges": answers}
    if plan["windows"]:
        return found | {"latencies_ms": {}, "windows": counted.latencies_ms()}
    return found | {"latencies_ms": {step: values.tolist() for step, values in counted.latencies_ms.items()}}


async def run_sessions(reactor, plan: dict, pool: Pool, counted: Counted | Windows) -> SessionLoad | OfferedLoad:
    """`concurrency` sessions at a time, or where a rate is offered so many a second, at most that many at a time."""
    people = borrowers(plan["subscribers"], plan["until"], plan["first"], plan["step"])
    marks = Marks(plan["granted_mark"].encode(), plan["busy_mark"].encode())
    if not plan["offered"]:
        sessions = SessionLoad(reactor, time.monotonic, pool, people, counted, marks, plan["prefix"])
        await sessions.run(plan["concurrency"])
        return sessions
    sessions = OfferedLoad(reactor, time.monotonic, pool, people, counted, marks, plan["prefix"],
                           plan["concurrency"])
    await sessions.run(arrivals(plan["offered"], plan["arrive_s"], plan["end_s"], plan["seed"]))
    return sessions


def main() -> int:
    """Runs the load; exit code 1 when it broke."""
    plan, reactor = json.loads(sys.argv[1]), install_reactor()
    from twisted.internet.defer import Deferred

    codes = [1]

    def done(result: dict) -> None:
        json.dump(result, sys.stdout)
        codes[0] = 0

    def failed(failure) -> None:
        print(f"the load broke: {failure.getErrorMessage()}", file=sys.stderr)

    def begin() -> None:
        work = Deferred.fromCoroutine(measure(reactor, plan)).addCallbacks(done, failed)
        work.addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    return codes[0]


if __name__ == "__main__":
    sys.exit(main())
