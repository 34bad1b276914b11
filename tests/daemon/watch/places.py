"""A clock, the registry and the alarms, as watchers have them."""

from twisted.internet.task import Clock

from tectonics.oam.alarms import AlarmTable
from tectonics.oam.flapping import Damping
from tectonics.oam.metrics import MetricsRegistry

NOW_S = 1_790_000_000


class Place:
    """Alarms without a hold-down."""

    def __init__(self):
        self.clock = Clock()
        self.clock.advance(NOW_S)
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(self.clock, self.metrics, Damping(hold_s=0))

    def raised(self):
        """id -> text of what is active."""
        self.clock.advance(0)
        return {one.id: one.text for one in self.alarms.active()}


def done(coroutine):
    """What a coroutine answers that waits for nothing."""
    from twisted.internet.defer import Deferred
    found, failed = [], []
    Deferred.fromCoroutine(coroutine).addCallbacks(found.append, failed.append)
    if failed:
        failed[0].raiseException()
    return found[0]
