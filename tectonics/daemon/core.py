"""The inner daemon: everything between the listeners and the database, wired once.

The whole daemon (assemble.py), the crash tests and the simulation build the same core; they differ
in clock, ids and what they plug into the ports.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tectonics.domain.messages import Catalogue
from tectonics.engine.answers import Answers
from tectonics.engine.call_requests import CallRequests
from tectonics.engine.calls import CallRunner
from tectonics.engine.desk import EngineDesk
from tectonics.engine.dispatch import Engine
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.intake import EngineIntake
from tectonics.engine.known import KNOWN_MAX
from tectonics.engine.left import LEFT_MAX
from tectonics.engine.movements import Movements
from tectonics.engine.outbox import OutboxRunner
from tectonics.engine.pace import Limits, OutboxPace
from tectonics.engine.policies import PolicyHolder
from tectonics.engine.sessions import ENDED_MAX, Sessions
from tectonics.ports import (
    Alarms,
    Billing,
    CallServer,
    Clock,
    Ids,
    Messenger,
    Metrics,
    Numbering,
    Outbox,
    PolicyLog,
    Queries,
    Store,
)


@dataclass(frozen=True)
class Rooms:
    """What the core is plugged into."""

    store: Store
    outbox: Outbox
    policies: PolicyLog
    queries: Queries
    billing: Billing
    messenger: Messenger
    clock: Clock
    monotonic_s: Callable[[], float]  # seconds of a clock that nobody sets
    ids: Ids
    metrics: Metrics
    alarms: Alarms
    calls: CallServer | None = None  # None: there are no call-backs
    numbering: Numbering | None = None


@dataclass(frozen=True)
class Core:
    """What channels, feeds, people and timers use."""

    engine: Engine
    outbox: OutboxRunner
    sessions: Sessions
    intake: EngineIntake
    desk: EngineDesk
    policies: PolicyHolder
    limits: Limits
    pace: OutboxPace
    enquiry: Enquiry
    calls: CallRunner
    requests: CallRequests
    movements: Movements

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound), for who watches over the bounds."""
        limits = self.limits
        menus_max = limits.sessions_max + min(ENDED_MAX, limits.sessions_max) + limits.dispatch_max
        return [("menus", len(self.sessions), menus_max), ("known accounts", len(self.engine.known), KNOWN_MAX),
                ("sessions left", len(self.sessions.left), LEFT_MAX),
                ("feed records at work", self.intake.at_work, 2 * limits.feed_max)]


def build_core(rooms: Rooms, catalogue: Catalogue, decode_policy, codes: tuple[str, ...], limits: Limits,
               pace: OutboxPace, read_deadline_s: float) -> Core:
    """Wires the engine; nothing runs before `start_core`. `codes`: of advances, then perhaps of call-backs."""
    policies = PolicyHolder(rooms.policies, decode_policy, rooms.clock, rooms.ids, rooms.alarms)
    engine = Engine(rooms.store, policies, catalogue, rooms.clock, rooms.ids, rooms.metrics, rooms.alarms)
    answers = Answers()
    engine.on_decided.append(answers.heard)
    enquiry = Enquiry(rooms.billing, rooms.clock, rooms.alarms, read_deadline_s)
    calls = CallRunner(engine, rooms.outbox, rooms.calls, pace)
    outbox = OutboxRunner(engine, rooms.outbox, rooms.billing, rooms.messenger, enquiry, pace, calls, rooms.monotonic_s)
    requests = CallRequests(engine, enquiry, calls, rooms.numbering, limits, rooms.billing)
    movements = Movements(rooms.queries)
    return Core(engine, outbox, Sessions(engine, answers, enquiry, limits, codes, requests, movements),
                EngineIntake(engine, limits), EngineDesk(engine, outbox, rooms.queries, requests), policies, limits, pace,
                enquiry, calls, requests, movements)


async def start_core(core: Core) -> None:
    """Once the policy is loaded: reads today's usage, and takes over what an earlier life left."""
    await core.engine.usage.refresh(core.engine.now())
    while await core.outbox.adopt():
        pass
