"""The administrative states of the daemon and its services (ITU-T X.731, 7.2), seen and set.

The switches are those of the policy: `lending.accepting` and `call_back.enabled`.  Setting one goes by the
administration, as for everybody, which makes a new version of the policy with its audit ticket, one for all that is
set at once.  Locked services begin nothing new; what was begun is never broken off, because money under way must
come to an outcome.  A service that shuts down shows it until nothing of it is under way, and is locked then.
Shutting down is not kept: after a restart the service is locked.
"""

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred

from tectonics.oam.snmp.operations import INCONSISTENT, Answer
from tectonics.ports import Administration

LOCKED, UNLOCKED, SHUTTING_DOWN = "locked", "unlocked", "shuttingDown"
ALL = ""  # the daemon: every service
_OPEN = {"advance": lambda policy: policy.lending.accepting, "call_back": lambda policy: policy.call_back.enabled}
SERVICES = tuple(_OPEN)


class AdminStates:
    """`under_way(service)` tells how much a service has begun and not finished."""

    def __init__(self, policy: Callable[[], object], administration: Administration,
                 under_way: Callable[[str], float]) -> None:
        self._policy, self._administration, self._under_way = policy, administration, under_way
        self._ending: set[str] = set()

    def words(self) -> dict[str, str]:
        """The state of each service, and of the daemon under ALL."""
        states = {service: self._word(service) for service in SERVICES}
        together = next((word for word in (UNLOCKED, SHUTTING_DOWN) if word in states.values()), LOCKED)
        return {ALL: together, **states}

    def _word(self, service: str) -> str:
        if _OPEN[service](self._policy()):
            self._ending.discard(service)
            return UNLOCKED
        if service in self._ending and self._under_way(service):
            return SHUTTING_DOWN
        self._ending.discard(service)
        return LOCKED

    def contradiction(self, wanted: list[tuple[str, str]]) -> Answer | None:
        """Why these cannot be set at once: two that want something else of the same service."""
        asked: dict[str, str] = {}
        for index, (service, word) in enumerate(wanted, 1):
            for one in SERVICES if service == ALL else (service,):
                if asked.setdefault(one, word) != word:
                    return Answer(None, INCONSISTENT, index)
        return None

    def set(self, wanted: list[tuple[str, str]], who: str) -> Deferred:
        """Sets all of them, or none: fails with what the administration says."""
        asked = {one: word for service, word in wanted for one in (SERVICES if service == ALL else (service,))}
        switched = {service: word == UNLOCKED for service, word in asked.items()}
        return self._administration.call("services.switch", switched, who).addCallback(lambda _: self._took(asked))

    def _took(self, asked: Mapping[str, str]) -> None:
        for service, word in asked.items():
            (self._ending.add if word == SHUTTING_DOWN else self._ending.discard)(service)
