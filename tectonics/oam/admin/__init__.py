"""The administration: what the CLI, the API and the pages ask of the daemon, by name.

One table of methods, each with declared parameters (parameters.py), split by topic.  Nothing here
writes: every change is an event for the Desk, a version for the Policies or an entry for the
embedded billing's till, committed there; when the process dies in between, it was either committed
with its audit ticket or did not happen.
Bound: IN_FLIGHT_MAX calls at a time; one more is told to come again (Busy) and counted as shed.
"""

from collections.abc import Iterable, Mapping

from twisted.internet.defer import Deferred

from tectonics.domain.errors import Busy, TheirFault
from tectonics.oam import audit
from tectonics.oam.admin import (
    advances,
    alarms,
    billing,
    callbacks,
    log,
    mailboxes,
    parameters,
    policy,
    reconcile,
    sampling,
    services,
    status,
    subscribers,
    tickets,
)
from tectonics.oam.admin.method import Method, Offices
from tectonics.oam.admin.parameters import NotThere

__all__ = ["Administration", "NotThere", "Offices"]

IN_FLIGHT_MAX = 200
_TOPICS = (status, sampling, subscribers, mailboxes, advances, callbacks, alarms, reconcile, policy, services, tickets, billing, log)


class Administration:
    """Fills ports.Administration. NotThere, a TheirFault, says that the thing does not exist."""

    def __init__(self, offices: Offices) -> None:
        self._metrics = offices.metrics
        self._table: dict[str, Method] = {}
        for topic in _TOPICS:
            self._table.update(topic.methods(offices))
        self._in_flight = 0

    def methods(self) -> Iterable[str]:
        """The names that `call` serves."""
        return tuple(self._table)

    def table(self) -> Mapping[str, Method]:
        """The methods with their parameters and meaning, for help and documents."""
        return self._table

    def call(self, method: str, params: dict, who: str) -> Deferred:
        """Asks `method` in the name of `who`; fails with a TheirFault that says what to do."""
        return Deferred.fromCoroutine(self._call(method, params, who))

    async def _call(self, name: str, params: dict, who: str) -> object:
        method = self._table.get(name)
        if method is None:
            self._metrics.count("tectonics_admin_requests_total", "unknown", "refused")
            raise NotThere(f"there is no method {str(name)[:40]!r}; `status` is one that there is")
        if self._in_flight >= IN_FLIGHT_MAX:
            self._metrics.count("tectonics_shed_total", "admin")
            raise Busy("too many requests at the moment, try again")
        self._in_flight += 1
        result = "failed"
        try:
            values = parameters.decode(name, method.takes, params)
            answer = await method.call(who, **values)
            result = "ok"
        except TheirFault as fault:
            result = "refused"
            if method.changes:
                audit.refused(who, name, params, str(fault))
            raise
        finally:
            self._in_flight -= 1
            self._metrics.count("tectonics_admin_requests_total", name, result)
        if method.changes:
            audit.changed(who, name, params, answer)
        return answer
