"""Alarms: what is wrong now, since when, how bad it is, and what to do about it.

Every kind of alarm is declared in KINDS with its perceived severity, event type and probable
cause (ITU-T X.733, 8.1), what it means, and the advice that the operator reads.  An alarm's id is
stable: its kind and what it concerns, `billing_down` or `feed_lag:tcp`.  Raising what is raised
changes only its text; severity and start stay.

Flapping is damped: a clear takes effect only when the alarm has not been raised again for
`hold_s`, so a fault that comes and goes is one alarm and not a hundred.  State lives in memory: after
a restart each part of the daemon raises again what it still sees.

Bounds: ACTIVE_MAX alarms; at the bound a graver one takes the place of the least grave, else the new
one is only logged and counted (`tectonics_shed_total{what="alarms"}`).  HISTORY_MAX past changes; the
oldest is forgotten.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from twisted.logger import Logger, LogLevel

from tectonics.domain.errors import OurFault
from tectonics.ports import Alarm, Clock, Metrics

ACTIVE_MAX = 200
HISTORY_MAX = 500
TEXT_MAX = 500
HOLD_S = 10.0
SEVERITIES = ("critical", "major", "minor", "warning")  # ITU-T X.733, 8.1.2.3, gravest first
RAISED, CLEARED, DISPLACED = "raised", "cleared", "displaced"

_log = Logger()


@dataclass(frozen=True, slots=True)
class Kind:
    """One declared kind of alarm."""

    name: str
    severity: str
    event_type: str  # ITU-T X.733, 8.1.1
    cause: str  # ITU-T X.733, 8.1.2.1
    meaning: str
    advice: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the history."""

    at: int
    what: str  # RAISED, CLEARED, DISPLACED
    alarm: Alarm


_COMMUNICATIONS = "communicationsAlarm"
_QUALITY = "qualityOfServiceAlarm"
_PROCESSING = "processingErrorAlarm"

KINDS = {kind.name: kind for kind in (
    Kind("billing_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "The billing system does not answer: nobody can borrow and nothing is collected.",
         "Check the billing system and the connection to it; waiting commands go on by themselves."),
    Kind("unknown_ageing", "major", _PROCESSING, "informationMissing",
         "A money operation has been without a certain answer for too long.",
         "Run `tectonics reconcile`; if the billing cannot tell, compare its records and resolve by hand."),
    Kind("feed_lag", "major", _QUALITY, "thresholdCrossed",
         "The recharge feed is silent or behind: debts are collected late.",
         "Check the sender of the feed and its connection; nothing is lost, it goes on where it stopped."),
    Kind("ticket_consumer_lag", "minor", _QUALITY, "thresholdCrossed",
         "A ticket consumer is behind or away.",
         "Check the consumer; tickets are kept and sent again, until their retention is over."),
    Kind("ticket_disk", "critical", _PROCESSING, "storageCapacityProblem",
         "Ticket files cannot be written; the tickets are safe in the database.",
         "Make room in the state directory or correct its permissions; writing is tried again by itself."),
    Kind("disk_low", "major", _PROCESSING, "storageCapacityProblem",
         "The disk of the state directory is nearly full; at zero no advance can be granted.",
         "Make room: move closed ticket files away, shorten the retention, enlarge the disk."),
    Kind("queue_full", "major", _QUALITY, "queueSizeExceeded",
         "A queue is at its bound and new work is turned away.",
         "Find what is slow (disk, database, billing) in `tectonics status`, or spread the load."),
    Kind("internal_fault", "major", _PROCESSING, "softwareError",
         "The program found a fault of its own and stopped the one piece of work concerned.",
         "Read the log around this time and report it with the version; the daemon goes on serving."),
    Kind("exposure_limit", "major", _QUALITY, "thresholdCrossed",
         "The service has lent what it may lend today.",
         "Nothing, if the cap is meant; else raise the policy's cap per service and day."),
    Kind("store_fault", "critical", _PROCESSING, "fileError",
         "The database cannot be written: nothing can be granted or collected.",
         "Check the disk and the database's messages in the log; the daemon tries again by itself."),
    Kind("fenced", "critical", _PROCESSING, "configurationOrCustomizationError",
         "Another process has taken this node's place; this one may write nothing any more.",
         "Stop one of the two daemons that use the same node name and database, then restart the other."),
    Kind("policy_differs", "warning", _PROCESSING, "configurationOrCustomizationError",
         "The policy in the configuration file is not the one in force, which is kept in the database.",
         "Compare with `tectonics policy show`; load it with `tectonics policy load`, or correct it."),
    Kind("listener_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A port that the daemon should serve could not be opened.",
         "Find who holds the port, or change the endpoint in the configuration, and restart."),
    Kind("messages_failing", "minor", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "Messages to subscribers cannot be delivered.",
         "Check the message centre's connection; money is not concerned, messages are tried again."),
    Kind("bind_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "No session with an account's message centre or USSD gateway is bound.",
         "Check the peer, the path to it, our name and password there; the daemon binds again by itself."),
    Kind("gsup_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A link to the home location register is down: codes dialled through it are not answered.",
         "Check the HLR, the path to it, and our name there (`euse`); the daemon connects again by itself."),
    Kind("trunk_password", "minor", _PROCESSING, "configurationOrCustomizationError",
         "The calls of a SIP trunk come with a wrong password and are refused.",
         "Compare user, realm and password on both sides; if they agree, somebody else calls from the trunk's address."),
    Kind("trunk_down", "major", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "A SIP trunk that takes our calls does not answer, or refuses them all.",
         "Check the switch and the path to it; calls go by the other trunks, and by this one again when it answers."),
    Kind("call_server_down", "critical", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "Calls cannot be set up at all: nobody is called back.",
         "Check the call server and the path to it; what was reserved is given back, and the next request is tried again."),
    Kind("smarthost_down", "minor", _COMMUNICATIONS, "communicationsSubsystemFailure",
         "The mail server that answers by e-mail go out by does not take them.",
         "Check it, the path to it, and our name and password there; no money is concerned, answers are tried again."),
    Kind("self_care_flood", "minor", _QUALITY, "thresholdCrossed",
         "Codes of self-care are asked for, or guessed at, faster than they may be: nobody can sign in.",
         "Look at the proxy's log for where they come from and block it there; raise web.self_care.per_minute if it is custom."),
    Kind("clock_jump", "warning", _PROCESSING, "timingProblem",
         "The machine's clock jumped.",
         "Check the time synchronisation; due dates and ticket times follow the machine's clock."),
)}


class AlarmTable:
    """Fills ports.Alarms. `close` cancels what is being held down."""

    def __init__(self, clock: Clock, metrics: Metrics, hold_s: float = HOLD_S) -> None:
        self._clock = clock
        self._metrics = metrics
        self._hold_s = hold_s
        self._active: dict[str, Alarm] = {}
        self._clearing: dict[str, object] = {}  # id -> delayed call, at most one per active alarm
        self._history: deque[Change] = deque(maxlen=HISTORY_MAX)
        self._watching: list[Callable[[Change], None]] = []

    def watch(self, told: Callable[[Change], None]) -> None:
        """From now on `told` hears of every change, at once."""
        self._watching.append(told)

    def raise_alarm(self, kind: str, text: str, about: str = "") -> None:
        """Raises an alarm of a declared kind; an empty `text` shows the kind's own meaning."""
        declared = _kind(kind)
        name = _id(kind, about)
        self._keep(name)
        known = self._active.get(name)
        shown = (text or declared.meaning)[:TEXT_MAX]
        if known is not None:
            self._active[name] = replace(known, text=shown)
            return
        alarm = Alarm(name, declared.severity, self._now(), shown, declared.advice)
        if len(self._active) >= ACTIVE_MAX and not self._displace(alarm):
            return
        self._active[name] = alarm
        self._note(RAISED, alarm)

    def clear(self, kind: str, about: str = "") -> None:
        """Clears it, unless it is raised again within the hold-down; what is not raised stays so."""
        _kind(kind)
        name = _id(kind, about)
        if name in self._active and name not in self._clearing:
            self._clearing[name] = self._clock.callLater(self._hold_s, self._cleared, name)

    def active(self) -> list[Alarm]:
        """The active alarms, gravest first, then oldest first."""
        return sorted(self._active.values(), key=lambda a: (SEVERITIES.index(a.severity), a.since_at, a.id))

    def history(self) -> list[Change]:
        """What changed, oldest first."""
        return list(self._history)

    def by_severity(self) -> dict[str, int]:
        """How many are active of each severity; a gauge source."""
        counts = dict.fromkeys(SEVERITIES, 0)
        for alarm in self._active.values():
            counts[alarm.severity] += 1
        return counts

    def close(self) -> None:
        """Cancels the timers; the table may be dropped then."""
        for name in list(self._clearing):
            self._keep(name)

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _keep(self, name: str) -> None:
        timer = self._clearing.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _cleared(self, name: str) -> None:
        del self._clearing[name]
        self._note(CLEARED, self._active.pop(name))

    def _displace(self, newcomer: Alarm) -> bool:
        self._metrics.count("tectonics_shed_total", "alarms")
        least = self.active()[-1]
        if SEVERITIES.index(least.severity) <= SEVERITIES.index(newcomer.severity):
            self._log_change("not listed, the table is full", newcomer)
            return False
        self._keep(least.id)
        self._note(DISPLACED, self._active.pop(least.id))
        return True

    def _note(self, what: str, alarm: Alarm) -> None:
        change = Change(self._now(), what, alarm)
        self._history.append(change)
        self._log_change(what, alarm)
        for told in self._watching:
            told(change)

    def _log_change(self, what: str, alarm: Alarm) -> None:
        level = LogLevel.info if what == CLEARED else LogLevel.warn
        _log.emit(level, "Alarm {id} ({severity}) {what}: {text}", id=alarm.id, severity=alarm.severity,
                  what=what, text=alarm.text)


def describe() -> str:
    """docs/alarms.md, made from KINDS."""
    rows = [f"| `{k.name}` | {k.severity} | {k.event_type} / {k.cause} | {k.meaning} | {k.advice} |"
            for k in KINDS.values()]
    return "\n".join([
        "# Alarms", "",
        "Made from `tectonics/oam/alarms.py`. `tectonics status` and the log show what is active; an",
        "alarm's id is its kind and, after a colon, what it concerns. Severities, event types and",
        "probable causes are those of ITU-T X.733. An alarm that is cleared disappears after a",
        f"hold-down of {HOLD_S:.0f} s, so that one which comes and goes is shown once.", "",
        "| kind | severity | event type / probable cause | what it means | what to do |",
        "|---|---|---|---|---|", *rows, ""])


def _kind(kind: str) -> Kind:
    declared = KINDS.get(kind)
    if declared is None:
        raise OurFault(f"the alarm kind {kind} is not declared in oam/alarms.py")
    return declared


def _id(kind: str, about: str) -> str:
    return f"{kind}:{about[:64]}" if about else kind
