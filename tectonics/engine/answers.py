"""Who waits for the answer of a request that is being served.

The answer itself is committed with the unit that has the result (or with the one that says "you
will get an SMS"); the first that is committed is the one everybody gets: those who wait here, those
who repeat the request, and those who repeat it on another node.
"""

from twisted.internet.defer import Deferred

from tectonics.domain.events import Event, Trigger
from tectonics.engine.units import trigger_of
from tectonics.workflows.decision import Decision

WAITING_MAX = 20_000  # requests that wait; a further one is told to come again


class Answers:
    """Waiters by (msisdn, trigger)."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, Trigger], list[Deferred]] = {}
        self._count = 0

    @property
    def full(self) -> bool:
        """Whether the bound is reached."""
        return self._count >= WAITING_MAX

    def wait(self, msisdn: str, trigger: Trigger) -> Deferred[bytes]:
        """Fires with the committed answer."""
        waiter = Deferred()
        self._waiting.setdefault((msisdn, trigger), []).append(waiter)
        self._count += 1
        return waiter

    def forget(self, msisdn: str, trigger: Trigger, waiter: Deferred) -> None:
        """Somebody waits no longer."""
        waiters = self._waiting.get((msisdn, trigger), [])
        if waiter in waiters:
            waiters.remove(waiter)
            self._count -= 1
        if not waiters:
            self._waiting.pop((msisdn, trigger), None)

    def __len__(self) -> int:
        return self._count

    def heard(self, event: Event, decision: Decision, now: int) -> None:
        """Engine hook: a unit with an answer is durable."""
        if decision.answer is not None:
            trigger = decision.answer_to or trigger_of(event)
            self.tell(event.msisdn, trigger, decision.answer.encode())

    def tell(self, msisdn: str, trigger: Trigger, answer: bytes) -> None:
        """Answers everybody who waits for this request."""
        waiters = self._waiting.pop((msisdn, trigger), [])
        self._count -= len(waiters)
        for waiter in waiters:
            waiter.callback(answer)
