"""Two samples become what `top` shows of the time between them: rates per second, and how long things took.

Pure.  A counter goes up until its daemon ends; a new one begins with zero.  So when the later sample is of another
life of the daemon, all that it has counted was in this life, and the time is no longer than that life: no rate is
ever negative.  A single sample has levels, and no rates (None).

Several daemons together: counts and levels are added by name, durations put into one spread.  Debt and outbox are those of
the database that they share, so they are not added: the debt is the first one's, the outbox the longest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as renamed

from tectonics.wire.sample import (
    SEVERITIES,
    Alarm,
    BillingNode,
    Channel,
    Consumer,
    Queue,
    Sample,
    Service,
    Spread,
)

LEAST_S = 0.001  # shorter times have no rates
Rate = float | None  # per second; None as long as there is nothing to compare with


@dataclass(frozen=True, slots=True)
class Flow:
    """What a channel, a service or a billing node did: per second by name, and how long it took."""

    name: str
    state: str = ""
    per_s: Mapping[str, Rate] = field(default_factory=dict)
    spread: Spread = field(default_factory=Spread)
    open: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refusals of a service for one reason: per second, and since the start."""

    service: str
    reason: str
    per_s: Rate
    total: int


@dataclass(frozen=True, slots=True)
class View:
    """What there is to see of one daemon, or of several together. `elapsed_s` is the time that rates are of."""

    node: str
    version: str
    state: str
    role: str
    now_at: int
    up_s: float
    elapsed_s: float | None
    channels: tuple[Flow, ...]
    services: tuple[Flow, ...]
    refusals: tuple[Refusal, ...]
    billing: tuple[Flow, ...]
    decisions: Flow
    shed: Mapping[str, tuple[Rate, int]]
    tickets_s: Rate
    outbox: int
    dispatching: int
    sessions: int
    queues: tuple[Queue, ...]
    consumers: tuple[Consumer, ...]
    alarms: tuple[Alarm, ...]
    debt: Mapping[str, int]
    owed: str
    currency: str

    @property
    def came_s(self) -> Rate:
        """What came in by all channels."""
        return add(one.per_s["in"] for one in self.channels)

    @property
    def granted_s(self) -> Rate:
        """What was granted by all services."""
        return add(one.per_s["granted"] for one in self.services)

    @property
    def steps(self) -> Spread:
        """How long the answers of all channels took."""
        return _joined([one.spread for one in self.channels])


def difference(earlier: Sample | None, later: Sample, elapsed_s: float) -> View:
    """What `later` shows, with the rates since `earlier`, which was read `elapsed_s` before."""
    up_s = max(0.0, (later.now_at - later.started_at) / 1000)
    between = _Between(earlier, later, elapsed_s, up_s)
    return View(
        node=later.node, version=later.version, state=later.state, role=later.role, now_at=later.now_at, up_s=up_s,
        elapsed_s=between.elapsed_s, channels=tuple(map(between.channel, later.channels)),
        services=tuple(map(between.service, later.services)),
        refusals=_ranked(refusal for one in later.services for refusal in between.refusals(one)),
        billing=tuple(map(between.node, later.billing)), decisions=between.decisions(),
        shed={what: (between.rate(count, between.then.shed.get(what, 0)), count) for what, count in later.shed.items()},
        tickets_s=between.rate(later.tickets, between.then.tickets), outbox=later.outbox, dispatching=later.dispatching,
        sessions=later.sessions, queues=later.queues, consumers=later.consumers, alarms=later.alarms, debt=later.debt,
        owed=later.owed, currency=later.currency)


def add(rates: Iterable[Rate]) -> Rate:
    """Their sum; None when none is known."""
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def together(views: Sequence[View]) -> View:
    """Several daemons as if they were one; at least one."""
    if len(views) == 1:
        return views[0]
    first, shed = views[0], {}
    for view in views:
        for what, (rate, count) in view.shed.items():
            before = shed.get(what, (None, 0))
            shed[what] = add([before[0], rate]), before[1] + count
    return replace(
        first, node=f"{len(views)} daemons", state=_state(views), role="", up_s=min(view.up_s for view in views),
        version=", ".join(sorted({view.version for view in views})),
        channels=_merged(view.channels for view in views), services=_merged(view.services for view in views),
        billing=_merged(view.billing for view in views), decisions=_merge([view.decisions for view in views]),
        refusals=_refusals(views), shed=shed, tickets_s=add(view.tickets_s for view in views),
        outbox=max(view.outbox for view in views), dispatching=sum(view.dispatching for view in views),
        sessions=sum(view.sessions for view in views),
        queues=tuple(one for view in views for one in _of(view.node, view.queues)),
        consumers=tuple(one for view in views for one in _of(view.node, view.consumers)),
        alarms=tuple(sorted((renamed(one, id=f"{view.node} {one.id}") for view in views for one in view.alarms), key=_gravity)))


class _Between:
    """The time between two samples."""

    def __init__(self, earlier: Sample | None, later: Sample, elapsed_s: float, up_s: float) -> None:
        same_life = earlier is not None and (earlier.node, earlier.started_at) == (later.node, later.started_at)
        self.now, self.then = later, earlier if same_life else _begun(later)
        length_s = elapsed_s if same_life or not 0 < up_s < elapsed_s else up_s
        self.elapsed_s = length_s if earlier is not None and length_s >= LEAST_S else None
        self._channels, self._services, self._billing = (
            {one.name: one for one in rows} for rows in (self.then.channels, self.then.services, self.then.billing))

    def rate(self, now: int, then: int) -> Rate:
        """Per second. What fell has begun anew."""
        return None if self.elapsed_s is None else (now - then if now >= then else now) / self.elapsed_s

    def channel(self, now: Channel) -> Flow:
        then = self._channels.get(now.name, Channel(now.name, ""))
        return Flow(now.name, now.state, {"in": self.rate(now.came, then.came), "out": self.rate(now.went, then.went),
                                          "errors": self.rate(now.errors, then.errors)},
                    self.spread(now.spread, then.spread), now.sessions)

    def service(self, now: Service) -> Flow:
        then = self._services.get(now.name, Service(now.name))
        refused = self.rate(sum(now.refused.values()), sum(then.refused.values()))
        return Flow(now.name, "", {"requests": self.rate(now.requests, then.requests),
                                   "granted": self.rate(now.granted, then.granted), "refused": refused,
                                   "failed": self.rate(now.failed, then.failed),
                                   "unknown": self.rate(now.unknown, then.unknown)})

    def refusals(self, now: Service) -> list[Refusal]:
        then = self._services.get(now.name, Service(now.name)).refused
        return [Refusal(now.name, reason, self.rate(count, then.get(reason, 0)), count)
                for reason, count in now.refused.items()]

    def node(self, now: BillingNode) -> Flow:
        then = self._billing.get(now.name, BillingNode(now.name, ""))
        counted = {name: self.rate(getattr(now, name), getattr(then, name))
                   for name in ("requests", "errors", "timeouts", "unknown")}
        return Flow(now.name, now.state, counted, self.spread(now.spread, then.spread))

    def decisions(self) -> Flow:
        then, now = self.then.units, self.now.units
        return Flow("decisions", "", {result: self.rate(count, then.get(result, 0)) for result, count in now.items()},
                    self.spread(self.now.decided, self.then.decided))

    def spread(self, now: Spread, then: Spread) -> Spread:
        return Spread() if self.elapsed_s is None else now.since(then)


def _begun(sample: Sample) -> Sample:
    """The same daemon before it had counted anything."""
    return Sample(
        node=sample.node, version=sample.version, state="", role="", now_at=sample.started_at, started_at=sample.started_at,
        channels=(), services=(), billing=(), decided=Spread(), units={}, shed={}, tickets=0, outbox=0, dispatching=0,
        sessions=0, queues=(), consumers=(), alarms=(), debt={}, owed="", currency="")


def _ranked(found: Iterable[Refusal]) -> tuple[Refusal, ...]:
    return tuple(sorted(found, key=lambda one: (-(one.per_s or 0), -one.total, one.service, one.reason)))


def _state(views: Sequence[View]) -> str:
    trouble = [f"{view.node}: {view.state}" for view in views if view.state != "serving"]
    return "; ".join(trouble) or "serving"


def _merged(columns: Iterable[tuple[Flow, ...]]) -> tuple[Flow, ...]:
    by_name: dict[str, list[Flow]] = {}
    for flows in columns:
        for flow in flows:
            by_name.setdefault(flow.name, []).append(flow)
    return tuple(map(_merge, by_name.values()))


def _merge(flows: Sequence[Flow]) -> Flow:
    states = {flow.state for flow in flows}
    names = dict.fromkeys(name for flow in flows for name in flow.per_s)
    return Flow(flows[0].name, states.pop() if len(states) == 1 else "partial",
                {name: add(flow.per_s.get(name) for flow in flows) for name in names},
                _joined([flow.spread for flow in flows]), sum(flow.open for flow in flows))


def _joined(spreads: Sequence[Spread]) -> Spread:
    whole = Spread()
    for one in spreads:
        whole = whole.plus(one)
    return whole


def _refusals(views: Sequence[View]) -> tuple[Refusal, ...]:
    found: dict[tuple[str, str], Refusal] = {}
    for one in (one for view in views for one in view.refusals):
        before = found.get((one.service, one.reason), Refusal(one.service, one.reason, None, 0))
        found[one.service, one.reason] = replace(before, per_s=add([before.per_s, one.per_s]), total=before.total + one.total)
    return _ranked(found.values())


def _gravity(alarm: Alarm) -> tuple[int, int]:
    """Sorts the gravest first, then the oldest."""
    known = alarm.severity in SEVERITIES
    return SEVERITIES.index(alarm.severity) if known else len(SEVERITIES), alarm.since_at


def _of(node: str, rows: Iterable) -> list:
    """Rows of a node, named with it."""
    return [renamed(one, name=f"{node} {one.name}") for one in rows]
