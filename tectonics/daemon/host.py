"""The host: everything that a daemon touches of the world, in one object.

Time, chance, ids, threads and the disk come from here and the network through its reactor, so that the
same daemon runs on a real machine and on the simulation's.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from tectonics.daemon.clock import RisingIds, WallClock
from tectonics.database.disk import DISK, Disk
from tectonics.database.executors import ThreadExecutor
from tectonics.ports import Clock, Ids


@dataclass(frozen=True)
class Rhythm:
    """How often the daemon looks after things by itself, in seconds."""

    outbox_s: float | None = None  # None: as configured (outbox.poll_s)
    overdue_s: float = 5.0
    refresh_s: float = 5.0
    gauges_s: float = 2.0
    watch_s: float = 10.0
    retention_s: float = 600.0
    connections_s: float = 2.0  # the gateway's
    consumers_s: float = 1.0
    ticket_files_s: float = 60.0
    till_s: float = 1.0


@dataclass(frozen=True)
class Host:
    """What a daemon runs on."""

    reactor: object  # IReactorTCP, IReactorUNIX
    clock: Clock
    ids: Ids
    executor: Callable[[], object]  # of database.executors, one for each queue
    in_thread: Callable[..., Deferred]  # (function, *arguments): what blocks on the disk
    disk: Disk
    jitter: Callable[[], float]  # 0 to 1, for pauses that should not be equal everywhere
    rhythm: Rhythm = Rhythm()
    octets: Callable[[int], bytes] = os.urandom  # so many that nobody can guess


def real_host(reactor) -> Host:
    """This machine."""
    return Host(reactor, WallClock(reactor), RisingIds(), partial(ThreadExecutor, reactor),
                lambda *work: deferToThreadPool(reactor, reactor.getThreadPool(), *work), DISK, random.random)
