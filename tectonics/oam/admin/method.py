"""What a method of the administration is made of, and the offices that all of them turn to.

A method is a coroutine with declared parameters; it never touches a socket or a table itself, it
asks the ports.  `Offices` is that list of ports, filled once by the daemon.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.oam.admin.parameters import Parameter
from tectonics.ports import (
    Addresses,
    Alarm,
    Alarms,
    Billing,
    Clock,
    Desk,
    Ids,
    Listener,
    Metrics,
    Policies,
    PolicyLog,
    Queries,
    TicketLog,
)
from tectonics.wire.sample import Spread

SINGLE = "single"  # the role of a node that has no peer


class Figures(Metrics, Protocol):
    """The registry, as `status` needs it."""

    def snapshot(self) -> dict: ...

    def spread(self, name: str, *labels: str) -> Spread: ...


class LogControl(Protocol):
    """The log of this process, as it can be shown and changed."""

    def shown(self) -> dict:
        """`level`, `areas` and how many lines were `lost`."""

    def change(self, area: str, level: str) -> None:
        """TheirFault where there is no such area."""

    def reset(self) -> None:
        """As configured."""


class AlarmBoard(Alarms, Protocol):
    """The alarms, as people look at them and after them (oam/alarms.py)."""

    def history(self) -> list: ...

    def acknowledge(self, id: str, who: str, note: str = "") -> Alarm: ...

    def take_back(self, id: str, who: str) -> Alarm: ...


@dataclass(frozen=True, slots=True)
class Method:
    """`call(who, **values)` answers plain data; `changes` says that it changes something."""

    call: Callable[..., Awaitable[object]]
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    meaning: str = ""
    changes: bool = False


def _no_inbox(msisdn: str) -> list[tuple[int, str]]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """Whom the administration asks. `billing`, `till` and `log` are None where there is none to ask.

    `about` holds version, node, origin and started_at (ms); `ready()` is empty or says why not;
    `consumers()` gives (name, origin, acknowledged, newest, connected) at once or as a Deferred.
    `channels` are those that are on, `prepaid` is the name of the billing node, `role()` what this node is among others
    (single, active, standby), `loads()` gives (queue, depth, bound).
    """

    queries: Queries
    desk: Desk
    policies: Policies
    policy_log: PolicyLog
    tickets: TicketLog
    metrics: Figures
    alarms: AlarmBoard
    clock: Clock
    ids: Ids
    about: dict
    listeners: list[Listener] = field(default_factory=list)
    consumers: Callable[[], list | Deferred] = list
    peers: Callable[[], list[dict]] = list
    ready: Callable[[], str] = str
    billing: Billing | None = None
    till: object | None = None
    messages: Callable[[str], list[tuple[int, str]]] = _no_inbox
    addresses: Addresses | None = None
    country_code: str = ""
    channels: tuple[str, ...] = ()
    prepaid: str = "embedded"
    role: Callable[[], str] = lambda: SINGLE
    loads: Callable[[], list[tuple[str, int, int]]] = list
    log: LogControl | None = None

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock.seconds() * 1000)

    async def readers(self) -> list:
        """The consumers of tickets, waited for."""
        rows = self.consumers()
        return await rows if isinstance(rows, Deferred) else rows
