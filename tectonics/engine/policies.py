"""The policy in force: the newest version in the database, kept in memory.

The configuration only seeds version 1.  A new version is in force here at once, and on other nodes
when they next look.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.policy import Policy
from tectonics.domain.ticket import Ticket
from tectonics.ports import Alarms, Clock, Ids, PolicyLog, PolicyVersion

log = Logger()


class PolicyHolder:
    """Fills ports.Policies. `decode` turns a document and a version into a Policy, or fails with
    BadPolicy."""

    def __init__(self, versions: PolicyLog, decode: Callable[[dict, int], Policy], clock: Clock,
                 ids: Ids, alarms: Alarms) -> None:
        self._versions, self._decode, self._clock = versions, decode, clock
        self._ids, self._alarms = ids, alarms
        self._seed: dict = {}
        self._current: Policy | None = None

    @property
    def current(self) -> Policy:
        """The policy in force."""
        if self._current is None:
            raise OurFault("no policy has been loaded")
        return self._current

    async def start(self, seed: dict) -> None:
        """Loads the newest version; seeds the first."""
        newest = await self._versions.newest()
        if newest is None:
            now = int(self._clock.seconds() * 1000)
            newest = await self._versions.append(0, seed, now, "configuration", "the first version") \
                or await self._versions.newest()
        self._seed = seed
        self._take(newest)

    async def refresh(self) -> None:
        """Takes a newer version that another node has added."""
        newest = await self._versions.newest()
        if newest is not None and newest.version != self.current.version:
            self._take(newest)

    def replace(self, document: dict, who: str, note: str) -> Deferred[PolicyVersion]:
        """Puts a new version in force."""
        return Deferred.fromCoroutine(self._replace(document, who, note))

    async def _replace(self, document: dict, who: str, note: str) -> PolicyVersion:
        version = self.current.version
        self._decode(document, version + 1)
        now = int(self._clock.seconds() * 1000)
        text = f"policy version {version + 1} in force, by {who}: {note}"
        audit = Ticket(self._ids.new(now), "admin.change", now, "", {"policy": version + 1, "text": text})
        added = await self._versions.append(version, document, now, who, note, audit)
        if added is None:
            await self.refresh()
            raise TheirFault("somebody else changed the policy at the same moment; look and try again")
        self._take(added)
        return added

    def _take(self, version: PolicyVersion) -> None:
        self._current = self._decode(version.document, version.version)
        log.info("policy version {version} is in force", version=version.version)
        if version.document == self._seed:
            self._alarms.clear("policy_differs")
        else:
            self._alarms.raise_alarm("policy_differs", f"version {version.version} of the database is in force; "
                                     "the configuration file differs")
