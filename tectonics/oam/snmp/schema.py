"""TECTONICS-MIB as data: every object, table and notification with its number, type and meaning.

The agent's tree (figures.py) and the module that managers load (mibs/TECTONICS-MIB.txt, written by module.py) are
both made from this file, so they cannot disagree.  A number is never given to another object.

Types are named as in SMIv2 (RFC 2578 section 7.1) or as the module's textual conventions.
"""

from dataclasses import dataclass

BASE = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 133)
NOTIFICATIONS, OBJECTS, CONFORMANCE = 0, 1, 2
COUNTER, GAUGE, UNSIGNED, TEXT, NAME = "Counter64", "Gauge32", "Unsigned32", "TectonicsText", "TectonicsName"
DATE, TRUTH = "DateAndTime", "TruthValue"
ADMIN, STATE, SEVERITY, HA_ROLE, HA_PEER = (
    "TectonicsAdministration", "TectonicsState", "TectonicsSeverity", "TectonicsRole", "TectonicsPeer")

ENUMERATIONS = {
    ADMIN: (("The administrative state of ITU-T X.731: locked begins nothing new, shuttingDown the same while what is "
            "under way finishes, and then becomes locked by itself."), {"locked": 1, "unlocked": 2, "shuttingDown": 3}),
    STATE: ("Whether something works.", {"up": 1, "partial": 2, "down": 3, "unknown": 4}),
    SEVERITY: (("The perceived severity of an alarm, with the numbers of ItuPerceivedSeverity in ITU-ALARM-TC-MIB "
               "(RFC 3877)."), {"cleared": 1, "indeterminate": 2, "critical": 3, "major": 4, "minor": 5, "warning": 6}),
    HA_ROLE: (("What a node is among others: single where it is alone, active where it serves beside others; a standby serves "
              "nobody."), {"single": 1, "active": 2, "standby": 3}),
    HA_PEER: ("What is known of the other nodes over the same database: down where any of them is lost.",
              {"none": 1, "up": 2, "down": 3}),
}
TRUTHS = {True: 1, False: 2}  # RFC 2579, TruthValue
READ, WRITE, NOTIFY, HIDDEN = "read-only", "read-write", "accessible-for-notify", "not-accessible"


@dataclass(frozen=True, slots=True)
class Object:
    """A scalar or a column: `number` is its arc below its group or row."""

    name: str
    number: int
    type: str
    meaning: str
    access: str = READ
    units: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A conceptual table; `index` names the columns that its rows are told apart by, perhaps of another table."""

    name: str
    number: int
    index: tuple[str, ...]
    columns: tuple[Object, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Group:
    """Scalars, and tables among them, below one arc of the objects."""

    name: str
    number: int
    objects: tuple[Object, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """What a manager is told by itself."""

    name: str
    number: int
    objects: tuple[str, ...]
    meaning: str


def _counter(name: str, number: int, meaning: str, units: str = "") -> Object:
    return Object(name, number, COUNTER, meaning, units=units)


def _gauge(name: str, number: int, meaning: str, units: str = "") -> Object:
    return Object(name, number, GAUGE, meaning, units=units)


def _name(name: str, meaning: str) -> Object:
    return Object(name, 1, NAME, meaning, HIDDEN)


_MINOR = "minor units of the currency"

DAEMON = Group("tectonicsDaemon", 1, (
    Object("tectonicsVersion", 1, TEXT, "The version that runs."),
    Object("tectonicsNode", 2, TEXT, "The name of this process among others over the same database."),
    Object("tectonicsStartTime", 3, DATE, "When this process started; every counter began at zero then."),
    Object("tectonicsHaRole", 4, HA_ROLE, "What this node is among others."),
    Object("tectonicsHaPeerState", 5, HA_PEER, "What is known of the other node."),
    Object("tectonicsAdminState", 6, ADMIN, "The state of all services together: unlocked where any is. Setting it sets "
           "every service.", WRITE),
    Object("tectonicsServing", 7, TEXT, "'serving', or why requests are not served."),
    Object("tectonicsPolicyVersion", 8, GAUGE, "The version of the lending policy that is in force."),
    Object("tectonicsNotificationLast", 9, UNSIGNED, "The sequence number of the newest notification. A manager that has "
           "missed one reads tectonicsActiveAlarmTable."),
    Object("tectonicsNotificationSequence", 10, UNSIGNED, "Counts the notifications of this process, from 1; those that "
           "were not sent because there were too many too, so that a gap shows.", NOTIFY),
))
SERVICES = Table("tectonicsServiceTable", 2, ("tectonicsServiceName",), (
    _name("tectonicsServiceName", "The name of the service: advance, call_back."),
    _counter("tectonicsServiceRequests", 2, "Requests that were decided about.", "requests"),
    _counter("tectonicsServiceGranted", 3, "Requests that were granted.", "requests"),
    _counter("tectonicsServiceRefused", 4, "Requests that were refused, by whatever reason.", "requests"),
    _counter("tectonicsServiceFailed", 5, "Requests that were agreed to and then failed.", "requests"),
    _counter("tectonicsServiceUnknown", 6, "Operations whose outcome could not be told at first.", "operations"),
    _counter("tectonicsServiceAmountGranted", 7, "Credit that was given, or what calls were charged.", _MINOR),
    _counter("tectonicsServiceAmountRecovered", 8, "Debt that was paid back.", _MINOR),
    Object("tectonicsServiceAdminState", 9, ADMIN, "Whether the service begins anything new.", WRITE),
), "The services that subscribers use.")
REFUSALS = Table("tectonicsRefusalTable", 3, ("tectonicsServiceName", "tectonicsRefusalReason"), (
    _name("tectonicsRefusalReason", "Why, as the tickets' field reason has it."),
    _counter("tectonicsRefusals", 2, "Requests that were refused for this reason.", "requests"),
), "Refusals by service and reason; a reason has a row once it occurred.")
CHANNELS = Table("tectonicsChannelTable", 4, ("tectonicsChannelName",), (
    _name("tectonicsChannelName", "The name of the channel, as in the configuration."),
    Object("tectonicsChannelState", 2, STATE, "up: it serves; partial: some of its peers are away; down: all are."),
    _counter("tectonicsChannelIn", 3, "What came in.", "messages"),
    _counter("tectonicsChannelOut", 4, "What went out.", "messages"),
    _counter("tectonicsChannelErrors", 5, "What came in and could not be served, or went out and was refused.", "messages"),
    _gauge("tectonicsChannelSessions", 6, "Sessions, binds or connections that are open.", "sessions"),
), "The channels by which subscribers reach the services.")
BILLING = Table("tectonicsBillingNodeTable", 5, ("tectonicsBillingNodeName",), (
    _name("tectonicsBillingNodeName", "The name of the billing node."),
    Object("tectonicsBillingNodeState", 2, STATE, "Whether it answers."),
    _counter("tectonicsBillingNodeRequests", 3, "Requests that were sent to it.", "requests"),
    _counter("tectonicsBillingNodeErrors", 4, "Requests that it refused.", "requests"),
    _counter("tectonicsBillingNodeTimeouts", 5, "Enquiries that it did not answer in time.", "requests"),
    _counter("tectonicsBillingNodeUnknown", 6, "Operations on money without a certain answer.", "operations"),
    _gauge("tectonicsBillingNodeLatencyP50", 7, "Half of its answers came within this time, since the start.", "milliseconds"),
    _gauge("tectonicsBillingNodeLatencyP99", 8, "99 of 100 answers came within this time, since the start.", "milliseconds"),
), "The prepaid billing nodes.")
DEBT = Group("tectonicsDebt", 6, (
    _gauge("tectonicsOpenAdvances", 1, "Advances that are not yet paid back.", "advances"),
    _gauge("tectonicsOutstanding", 2, "What is owed by all subscribers; stays at its maximum beyond it.", _MINOR),
    _gauge("tectonicsOverdueAdvances", 3, "Advances past their due date.", "advances"),
    _gauge("tectonicsBarredSubscribers", 4, "Subscribers who may not borrow.", "subscribers"),
    _gauge("tectonicsUnknownAdvances", 5, "Advances whose grant has no certain outcome.", "advances"),
    Object("tectonicsCurrency", 6, TEXT, "The currency of all amounts (ISO 4217)."),
))
CONSUMERS = Table("tectonicsConsumerTable", 5, ("tectonicsConsumerName",), (
    _name("tectonicsConsumerName", "The name by which the consumer says HELLO."),
    _gauge("tectonicsConsumerLag", 2, "Tickets that it has not acknowledged.", "tickets"),
    Object("tectonicsConsumerConnected", 3, TRUTH, "Whether it is connected."),
    _counter("tectonicsConsumerAcknowledged", 4, "The number of the newest ticket that it has acknowledged."),
), "The consumers of the acknowledged ticket stream.")
TICKETS = Group("tectonicsTickets", 7, (
    Object("tectonicsTicketOrigin", 1, TEXT, "The origin that this process writes in its tickets."),
    _counter("tectonicsTicketNewest", 2, "The number of its newest ticket."),
    _counter("tectonicsTicketsNumbered", 3, "Tickets since the start.", "tickets"),
    _counter("tectonicsConsumersDropped", 4, "Consumers that were dropped as slow or deaf.", "consumers"),
), (CONSUMERS,))
ALARMS = Table("tectonicsActiveAlarmTable", 8, ("tectonicsAlarmIndex",), (
    Object("tectonicsAlarmIndex", 1, UNSIGNED, "The number of the alarm since the start.", HIDDEN),
    Object("tectonicsAlarmId", 2, TEXT, "The kind of the alarm and, behind a colon, what it concerns."),
    Object("tectonicsAlarmSeverity", 3, SEVERITY, "How bad it is; in tectonicsAlarmCleared: cleared."),
    Object("tectonicsAlarmSince", 4, DATE, "When it was raised."),
    Object("tectonicsAlarmText", 5, TEXT, "What is wrong."),
    Object("tectonicsAlarmAdvice", 6, TEXT, "What to do about it."),
    Object("tectonicsAlarmCause", 7, TEXT, "The probable cause, a word of ITU-T X.733 or X.736."),
    _gauge("tectonicsAlarmRaises", 8, "How often it was raised since tectonicsAlarmSince: it comes and goes.", "times"),
    Object("tectonicsAlarmFlapping", 9, TRUTH, "Whether it was raised too often lately. Each raise is not notified then, "
           "and it is cleared when it has been calm for a while."),
    Object("tectonicsAlarmAcknowledged", 10, TRUTH, "Whether somebody looks after it."),
    Object("tectonicsAlarmAcknowledgedBy", 11, TEXT, "Who; empty: nobody."),
    Object("tectonicsAlarmAcknowledgedAt", 12, DATE, "Since when; there is none while nobody does."),
    Object("tectonicsAlarmNote", 13, TEXT, "What whoever acknowledged it had to say."),
), "The alarms that are active. Who has missed a notification finds all of them here.")

GROUPS = (DAEMON, DEBT, TICKETS)
TABLES = (SERVICES, REFUSALS, CHANNELS, BILLING, CONSUMERS, ALARMS)
_SEQUENCE = "tectonicsNotificationSequence"
_ALARM = (_SEQUENCE, "tectonicsAlarmId", "tectonicsAlarmSeverity", "tectonicsAlarmSince", "tectonicsAlarmText")
RAISED = Notification("tectonicsAlarmRaised", 1, _ALARM, "An alarm was raised.")
CLEARED = Notification("tectonicsAlarmCleared", 2, _ALARM, "An alarm is over; severity is cleared.")
ROLE_CHANGED = Notification("tectonicsHaRoleChanged", 3, (_SEQUENCE, "tectonicsNode", "tectonicsHaRole"),
                            "This node has another role among others.")
STARTED = Notification("tectonicsDaemonStarted", 4, (_SEQUENCE, "tectonicsNode", "tectonicsVersion"),
                       "The daemon serves.")
STOPPING = Notification("tectonicsDaemonStopping", 5, (_SEQUENCE, "tectonicsNode"), "The daemon stops, as it was told to.")
CHANGED = Notification("tectonicsAlarmChanged", 6, (
    *_ALARM, "tectonicsAlarmRaises", "tectonicsAlarmFlapping", "tectonicsAlarmAcknowledged", "tectonicsAlarmAcknowledgedBy"),
    "An active alarm began or ceased to flap, was acknowledged, or its acknowledgement was taken back.")
ALL_NOTIFICATIONS = (RAISED, CLEARED, ROLE_CHANGED, STARTED, STOPPING, CHANGED)


def table_arcs(table: Table) -> tuple[int, ...]:
    """Where a table stands below the objects."""
    owner = next((group for group in GROUPS if table in group.tables), None)
    return (owner.number, table.number) if owner else (table.number,)


def arcs() -> dict[str, tuple[int, ...]]:
    """Name -> arcs below the base, of every scalar, column and notification."""
    found = {one.name: (OBJECTS, group.number, one.number) for group in GROUPS for one in group.objects}
    for table in TABLES:
        found |= {one.name: (OBJECTS, *table_arcs(table), 1, one.number) for one in table.columns}
    return found | {one.name: (NOTIFICATIONS, one.number) for one in ALL_NOTIFICATIONS}


def objects() -> dict[str, Object]:
    """Every scalar and column by name."""
    return {one.name: one for owner in (*(g.objects for g in GROUPS), *(t.columns for t in TABLES)) for one in owner}
