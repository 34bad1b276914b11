"""Alarms: what is wrong now, since when, how bad it is, what to do about it, and who looks after it.

The kinds are declared in alarm_kinds.py.  An alarm's id is stable: its kind and what it concerns, `billing_down` or
`feed_lag:tcp`.  Raising what is raised changes only its text; severity and start stay.

Damping: a clear takes effect only when the alarm has not been raised again for `hold_s`, so a fault that comes and goes
is one alarm and not a hundred.  One that is raised too often all the same (flapping.py) is marked, and its clear
waits until it has been calm for a whole window; so whoever watches hears of it at most as often as the window
allows, once more that it flaps, and when it has calmed.  What is active lives in memory: after a restart each
part of the daemon raises again what it still sees.  The history survives (alarm_history.py).

An acknowledgement is of one alarm from its raise to its end, and is gone with it.

Bounds: ACTIVE_MAX alarms; at the bound a graver one takes the place of the least grave, else the new
one is only logged and counted (`tectonics_shed_total{what="alarms"}`).  One or two timers for each.
"""

from collections.abc import Callable, Mapping

from twisted.logger import Logger, LogLevel

from tectonics.domain.errors import TheirFault
from tectonics.domain.value import replace
from tectonics.oam.alarm_history import (
    ACKNOWLEDGED,
    CALMED,
    CLEARED,
    DISPLACED,
    FLAPPING,
    RAISED,
    TAKEN_BACK,
    Change,
    History,
)
from tectonics.oam.alarm_kinds import KINDS, SEVERITIES, kind_of
from tectonics.oam.flapping import Damping, Raises
from tectonics.ports import Acknowledgement, Alarm, Clock, Metrics

__all__ = ["KINDS", "AlarmTable", "Change"]

ACTIVE_MAX = 200
TEXT_MAX = 500
_QUIET = {CLEARED, CALMED, ACKNOWLEDGED, TAKEN_BACK}  # changes that are no warning

_log = Logger()


class AlarmTable:
    """Fills ports.Alarms. `close` cancels the timers and closes the history."""

    def __init__(self, clock: Clock, metrics: Metrics, damping: Damping | None = None, history: History | None = None) -> None:
        self._clock = clock
        self._metrics = metrics
        self._damping = damping or Damping()
        self._raises = Raises(self._damping)
        self._active: dict[str, Alarm] = {}
        self._clearing: dict[str, object] = {}  # id -> delayed call, at most one per active alarm
        self._calming: dict[str, object] = {}  # id -> delayed call, of those that flap
        self._history = history or History()
        self._watching: list[Callable[[Change], None]] = []

    def watch(self, told: Callable[[Change], None]) -> None:
        """From now on `told` hears of every change, at once."""
        self._watching.append(told)

    def raise_alarm(self, kind: str, text: str, about: str = "") -> None:
        """Raises an alarm of a declared kind; an empty `text` shows the kind's own meaning."""
        declared = kind_of(kind)
        name = _id(kind, about)
        shown = (text or declared.meaning)[:TEXT_MAX]
        known = self._active.get(name)
        if known is not None:
            known = self._active[name] = replace(known, text=shown)
            if self._cancel(self._clearing, name):
                self._again(replace(known, raises=known.raises + 1))
            return
        alarm = Alarm(name, declared.severity, self._now(), shown, declared.advice, declared.cause)
        if len(self._active) < ACTIVE_MAX or self._displace(alarm):
            self._active[name] = alarm
            self._note(RAISED, alarm)
            self._again(alarm)

    def clear(self, kind: str, about: str = "") -> None:
        """Clears it, unless it is raised again within the hold-down; what is not raised stays so."""
        kind_of(kind)
        name = _id(kind, about)
        alarm = self._active.get(name)
        if alarm is not None and name not in self._clearing:
            hold_s = self._damping.hold_s
            if alarm.flapping:
                hold_s = max(hold_s, self._raises.calm_s(name, self._clock.seconds()))
            self._clearing[name] = self._clock.callLater(hold_s, self._cleared, name)

    def acknowledge(self, id: str, who: str, note: str = "") -> Alarm:
        """`who` looks after an active alarm, in the place of whoever did before; TheirFault when it is not active."""
        return self._changed(ACKNOWLEDGED, replace(self._known(id), acknowledged=Acknowledgement(who, self._now(), note)), who)

    def take_back(self, id: str, who: str) -> Alarm:
        """Nobody looks after it any more; TheirFault when nobody did."""
        alarm = self._known(id)
        if alarm.acknowledged is None:
            raise TheirFault(f"nobody has acknowledged {id}")
        return self._changed(TAKEN_BACK, replace(alarm, acknowledged=None), who)

    def active(self) -> list[Alarm]:
        """The active alarms, gravest first, then oldest first."""
        return sorted(self._active.values(), key=lambda a: (SEVERITIES.index(a.severity), a.since_at, a.id))

    def history(self) -> list[Change]:
        """What changed, oldest first, in earlier lives too."""
        return self._history.changes()

    def by_severity(self) -> dict[str, int]:
        """How many are active of each severity; a gauge source."""
        counts = dict.fromkeys(SEVERITIES, 0)
        for alarm in self._active.values():
            counts[alarm.severity] += 1
        return counts

    def by_alarm(self) -> Mapping[tuple[str, str], int]:
        """1 for each active alarm, by its id and severity; a gauge source."""
        return {(alarm.id, alarm.severity): 1 for alarm in self._active.values()}

    def acknowledged(self) -> Mapping[str, int]:
        """By id, 1 where somebody looks after it; a gauge source."""
        return {alarm.id: int(alarm.acknowledged is not None) for alarm in self._active.values()}

    def flapping(self) -> Mapping[str, int]:
        """By id, 1 where it comes and goes; a gauge source."""
        return {alarm.id: int(alarm.flapping) for alarm in self._active.values()}

    def close(self) -> None:
        """Cancels the timers; the table may be dropped then."""
        for timers in (self._clearing, self._calming):
            for name in list(timers):
                self._cancel(timers, name)
        self._history.close()

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _known(self, id: str) -> Alarm:
        alarm = self._active.get(id)
        if alarm is None:
            raise TheirFault(f"there is no active alarm {id}; `tectonics alarms list` shows which there are")
        return alarm

    def _cancel(self, timers: dict[str, object], name: str) -> bool:
        timer = timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _again(self, alarm: Alarm) -> None:
        """It is raised now, perhaps once too often."""
        self._active[alarm.id] = alarm
        now_s = self._clock.seconds()
        self._raises.add(alarm.id, now_s)
        if not alarm.flapping and self._raises.flaps(alarm.id, now_s):
            self._changed(FLAPPING, replace(alarm, flapping=True))
            self._calming[alarm.id] = self._clock.callLater(self._damping.window_s, self._calm, alarm.id)

    def _calm(self, name: str) -> None:
        """Looks whether it has not been raised for a window."""
        left_s = self._raises.calm_s(name, self._clock.seconds())
        if left_s > 0:
            self._calming[name] = self._clock.callLater(left_s, self._calm, name)
            return
        del self._calming[name]
        if name not in self._clearing:  # else it is over at this moment, which says it all
            self._changed(CALMED, replace(self._active[name], flapping=False))

    def _cleared(self, name: str) -> None:
        del self._clearing[name]
        self._over(CLEARED, name)

    def _over(self, what: str, name: str) -> None:
        for timers in (self._clearing, self._calming):
            self._cancel(timers, name)
        self._note(what, self._active.pop(name))

    def _displace(self, newcomer: Alarm) -> bool:
        self._metrics.count("tectonics_shed_total", "alarms")
        least = self.active()[-1]
        if SEVERITIES.index(least.severity) <= SEVERITIES.index(newcomer.severity):
            self._log_change(Change(self._now(), "not listed, the table is full", newcomer))
            return False
        self._over(DISPLACED, least.id)
        return True

    def _changed(self, what: str, alarm: Alarm, who: str = "") -> Alarm:
        self._active[alarm.id] = alarm
        self._note(what, alarm, who)
        return alarm

    def _note(self, what: str, alarm: Alarm, who: str = "") -> None:
        change = Change(self._now(), what, alarm, who)
        self._history.add(change)
        self._log_change(change)
        for told in self._watching:
            told(change)

    def _log_change(self, change: Change) -> None:
        alarm = change.alarm
        level = LogLevel.info if change.what in _QUIET else LogLevel.warn
        _log.emit(level, "Alarm {id} ({severity}) {what}{by}: {text}", id=alarm.id, severity=alarm.severity,
                  what=change.what.replace("_", " "), by=f" by {change.who}" if change.who else "", text=alarm.text)


def _id(kind: str, about: str) -> str:
    return f"{kind}:{about[:64]}" if about else kind
