"""What the tree shows: the registry, the alarms and the daemon's own words, under the names of schema.py.

Only what is gathered anyway is read: the registry's counters, the alarm table, the list of listeners.  The consumers
of tickets are asked for in the background, so that a look never waits.

A tree is gathered in slices of SLICE variables, some tenths of a millisecond each.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.oam import derived
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.derived import Counts
from tectonics.oam.metrics import MetricsRegistry
from tectonics.oam.snmp import alarm_row, schema, values
from tectonics.oam.snmp.tree import Shown, Tree
from tectonics.oam.snmp.values import Name, Value
from tectonics.ports import Clock

SYSTEM, ENGINE = (1, 3, 6, 1, 2, 1, 1), (1, 3, 6, 1, 6, 3, 10, 2, 1)  # RFC 3418, RFC 3411
SERVICES_OFFERED = 72  # sysServices: an end-to-end and an application service
SLICE = 64
_log = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom the tree asks. `about`: version, node, origin, started_at (ms); `policy()`: the one in force."""

    about: Mapping
    metrics: MetricsRegistry
    alarms: AlarmTable
    clock: Clock
    policy: Callable[[], object]
    ready: Callable[[], str]
    channels: tuple[str, ...]  # those that are on
    billing: str
    consumers: Callable[[], list | Deferred]
    newest_ticket: Callable[[], int]
    states: Callable[[], Mapping[str, str]]  # service -> a word of tectonicsAdminState; "" is the daemon
    sequence: Callable[[], int]
    role: Callable[[], str] = lambda: "single"  # a word of tectonicsHaRole
    peer: Callable[[], str] = lambda: "none"  # and of tectonicsHaPeerState
    engine: Mapping = field(default_factory=dict)  # id, boots, octets_max
    system: Mapping = field(default_factory=dict)  # contact, location, name


class Figures:
    """Makes trees. `base` is where the module stands."""

    def __init__(self, sources: Sources, base: Name = schema.BASE) -> None:
        self._from, self.base, self.about = sources, base, sources.about
        self.arcs = {name: (*base, *arcs) for name, arcs in schema.arcs().items()}
        self._consumers: list = []
        self._asking = False
        self._numbered: dict[tuple[str, int], int] = {}  # alarm's id and start -> its number; the active ones
        self._last = 0
        self._objects = frozenset(self.arcs[one.name] for one in schema.objects().values()
                                  if one.access not in (schema.HIDDEN, schema.NOTIFY)) \
            | frozenset((*SYSTEM, arc) for arc in range(1, 8)) | frozenset((*ENGINE, arc) for arc in range(1, 5))

    def gather(self) -> Generator[None, None, Tree]:
        """Gathers a tree; the counters are those of the beginning."""
        self._ask_consumers()
        counts = Counts(self._from.metrics.snapshot())
        found: dict[Name, Shown] = {}
        left = SLICE
        for rows in (self._system(), self._engine(), self._daemon(counts), self._services(counts), self._refusals(counts),
                     self._channels(counts), self._billing(counts), self._debt(counts), self._tickets(counts),
                     self._alarms()):
            run: dict[Name, Shown] = {}
            for name, value in rows:
                run[name] = value
                left -= 1
                if not left:
                    left = SLICE
                    yield
            found.update(sorted(run.items(), key=itemgetter(0)))
        return Tree(found, self._objects)

    def alarm_index(self, alarm_id: str, since_at: int) -> int:
        """The number of an alarm; the same as long as it is active."""
        key = alarm_id, since_at
        if key not in self._numbered:
            self._last += 1
            self._numbered[key] = self._last
        return self._numbered[key]

    def alarm_over(self, alarm_id: str, since_at: int) -> None:
        """Its number is not given again."""
        self._numbered.pop((alarm_id, since_at), None)

    def up_time(self) -> Value:
        """sysUpTime in hundredths of a second."""
        now_ms = int(self._from.clock.seconds() * 1000)
        return Value(values.TICKS, max(0, now_ms - self._from.about["started_at"]) // 10 % 2**32)

    def scalar(self, name: str, value: Shown) -> tuple[Name, Shown]:
        """A variable of a scalar object."""
        return (*self.arcs[name], 0), value

    def cell(self, name: str, index: Name, value: Shown) -> tuple[Name, Shown]:
        """A variable of a column."""
        return (*self.arcs[name], *index), value

    # --- group by group

    def _system(self) -> Iterator[tuple[Name, Shown]]:
        about, system = self._from.about, self._from.system
        shown = (values.text(f"tectonics {about['version']}"), Value(values.OID, self.base), self.up_time,
                 values.text(system.get("contact", "")), values.text(system.get("name") or about["node"]),
                 values.text(system.get("location", "")), values.number(SERVICES_OFFERED))
        for arc, value in enumerate(shown, 1):
            yield (*SYSTEM, arc, 0), value

    def _engine(self) -> Iterator[tuple[Name, Shown]]:
        engine = self._from.engine
        if engine:
            yield (*ENGINE, 1, 0), Value(values.OCTETS, engine["id"])
            yield (*ENGINE, 2, 0), values.number(engine["boots"])
            yield (*ENGINE, 3, 0), lambda: values.number(self.up_time().held // 100)
            yield (*ENGINE, 4, 0), values.number(engine["octets_max"])

    def _daemon(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        about, source = self._from.about, self._from
        yield self.scalar("tectonicsVersion", values.text(about["version"]))
        yield self.scalar("tectonicsNode", values.text(about["node"]))
        yield self.scalar("tectonicsStartTime", values.date(about["started_at"]))
        yield self.scalar("tectonicsHaRole", _word(schema.HA_ROLE, source.role()))
        yield self.scalar("tectonicsHaPeerState", _word(schema.HA_PEER, source.peer()))
        yield self.scalar("tectonicsAdminState", _word(schema.ADMIN, source.states()[""]))
        yield self.scalar("tectonicsServing", values.text(source.ready() or "serving"))
        yield self.scalar("tectonicsPolicyVersion", values.gauge(source.policy().version))
        yield self.scalar("tectonicsNotificationLast", lambda: Value(values.UNSIGNED, source.sequence() % 2**32))

    def _services(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        states = {service: state for service, state in self._from.states().items() if service}
        for one in derived.services(counts, states):
            index = values.index(one.name)
            for column, count in (
                    ("Requests", one.requests), ("Granted", one.granted), ("Refused", sum(one.refused.values())),
                    ("Failed", one.failed), ("Unknown", one.unknown), ("AmountGranted", one.amount_granted_minor),
                    ("AmountRecovered", one.amount_recovered_minor)):
                yield self.cell(f"tectonicsService{column}", index, values.counter(count))
            yield self.cell("tectonicsServiceAdminState", index, _word(schema.ADMIN, states[one.name]))

    def _refusals(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        for (service, reason), count in counts.rows("tectonics_refused_total", 2):
            yield self.cell("tectonicsRefusals", values.index(service) + values.index(reason), values.counter(count))

    def _channels(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        source = self._from
        for one in derived.channels(counts, source.metrics, source.channels, source.alarms.active()):
            index = values.index(one.name)
            yield self.cell("tectonicsChannelState", index, _word(schema.STATE, one.state))
            yield self.cell("tectonicsChannelIn", index, values.counter(one.came))
            yield self.cell("tectonicsChannelOut", index, values.counter(one.went))
            yield self.cell("tectonicsChannelErrors", index, values.counter(one.errors))
            yield self.cell("tectonicsChannelSessions", index, values.gauge(one.sessions))

    def _billing(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        source = self._from
        for one in derived.billing(counts, source.metrics, source.billing, source.alarms.active()):
            index = values.index(one.name)
            yield self.cell("tectonicsBillingNodeState", index, _word(schema.STATE, one.state))
            for column, count in (("Requests", one.requests), ("Errors", one.errors), ("Timeouts", one.timeouts),
                                  ("Unknown", one.unknown)):
                yield self.cell(f"tectonicsBillingNode{column}", index, values.counter(count))
            for column, share in (("P50", 0.5), ("P99", 0.99)):
                yield self.cell(f"tectonicsBillingNodeLatency{column}", index, values.gauge(one.spread.within_most_ms(share) or 0))

    def _debt(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        for name, metric in (("tectonicsOpenAdvances", "tectonics_open_advances"),
                             ("tectonicsOutstanding", "tectonics_outstanding_minor"),
                             ("tectonicsOverdueAdvances", "tectonics_overdue_advances"),
                             ("tectonicsBarredSubscribers", "tectonics_barred_subscribers"),
                             ("tectonicsUnknownAdvances", "tectonics_unknown_advances")):
            yield self.scalar(name, values.gauge(counts.of(metric)))
        yield self.scalar("tectonicsCurrency", values.text(self._from.policy().currency))

    def _tickets(self, counts: Counts) -> Iterator[tuple[Name, Shown]]:
        origin = self._from.about["origin"]
        yield self.scalar("tectonicsTicketOrigin", values.text(origin))
        yield self.scalar("tectonicsTicketNewest", values.counter(self._from.newest_ticket()))
        yield self.scalar("tectonicsTicketsNumbered", values.counter(counts.of("tectonics_tickets_total")))
        yield self.scalar("tectonicsConsumersDropped", values.counter(counts.of("tectonics_ticket_consumers_dropped_total")))
        for name, rows in self._by_consumer().items():
            index = values.index(name)
            yield self.cell("tectonicsConsumerLag", index, values.gauge(sum(max(0, r[3] - (r[2] or 0)) for r in rows)))
            connected = schema.TRUTHS[any(row[4] for row in rows)]
            yield self.cell("tectonicsConsumerConnected", index, values.number(connected))
            own = max((row[2] or 0 for row in rows if row[1] == origin), default=0)
            yield self.cell("tectonicsConsumerAcknowledged", index, values.counter(own))

    def _by_consumer(self) -> dict[str, list]:
        found: dict[str, list] = {}
        for row in self._consumers:
            found.setdefault(row[0], []).append(row)
        return found

    def _alarms(self) -> Iterator[tuple[Name, Shown]]:
        for alarm in self._from.alarms.active():
            index = self.alarm_index(alarm.id, alarm.since_at),
            for name, value in self.alarm(alarm, alarm.severity):
                yield self.cell(name, index, value)
            for name, value in alarm_row.more(alarm):
                yield self.cell(name, index, value)
        keys = {(alarm.id, alarm.since_at) for alarm in self._from.alarms.active()}  # there was time to raise more
        self._numbered = {key: number for key, number in self._numbered.items() if key in keys}

    def alarm(self, alarm, severity: str) -> list[tuple[str, Value]]:
        """The columns that notifications carry too."""
        return [("tectonicsAlarmId", values.text(alarm.id)), ("tectonicsAlarmSeverity", _word(schema.SEVERITY, severity)),
                ("tectonicsAlarmSince", values.date(alarm.since_at)), ("tectonicsAlarmText", values.text(alarm.text))]

    # --- the consumers, asked in the background

    def _ask_consumers(self) -> None:
        if self._asking:
            return
        rows = self._from.consumers()
        if not isinstance(rows, Deferred):
            self._consumers = rows
            return
        self._asking = True
        rows.addCallbacks(self._told, self._not_told)

    def _told(self, rows: list) -> None:
        self._asking, self._consumers = False, rows

    def _not_told(self, failure) -> None:
        self._asking = False
        _log.failure("The consumers of tickets could not be listed", failure)


def _word(enumeration: str, word: str) -> Value:
    return values.number(schema.ENUMERATIONS[enumeration][1][word])
