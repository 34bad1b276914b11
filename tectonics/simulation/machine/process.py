"""Machines and processes: a machine has a disk and a clock that may be wrong, a process is one life on it.

A process hands the daemon a `Host`: a reactor, a clock, ids, executors and a disk of its own.  Work of an
executor or a thread takes two steps of the timeline, one in which it is done and one in which the answer
comes home, so that a kill can fall before it, between the two, and after.

Killed, nothing of a process ever runs again: its calls stay in the heap and are passed over, its
connections die (network.py), its files and databases are what the disk made durable (disk.py).  What is
left of it in memory may be collected at any time, so everything that it could touch is dead as well, and
draws nothing.
"""

import random
import zlib
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tectonics.daemon.clock import RisingIds, WallClock
from tectonics.daemon.host import Host, Rhythm
from tectonics.simulation.machine.disk import LifeDisk
from tectonics.simulation.machine.network import Network
from tectonics.simulation.machine.platter import Platter
from tectonics.simulation.machine.reactor import VirtualReactor
from tectonics.simulation.machine.timeline import Timeline

EPOCH_S = 1_790_000_000.0  # the time of day when a world begins: 2026-09-21 14:13:20 UTC
BOOT_S = 1000.0  # what a monotonic clock shows then
WORK_S = 0.002  # the longest that a piece of work takes where nothing is wrong


class Machine:
    """A computer in the world: one name on the network, one disk, one clock."""

    def __init__(self, name: str, timeline: Timeline, network: Network, chance: random.Random) -> None:
        self.name, self.timeline, self.network, self.chance = name, timeline, network, chance
        self.platter = Platter(chance)
        self.jumped_s = 0.0  # how far its time of day is off

    def time(self) -> float:
        """Its time of day, right or wrong."""
        return EPOCH_S + self.timeline.now_s + self.jumped_s

    def monotonic(self) -> float:
        """The clock that never jumps."""
        return BOOT_S + self.timeline.now_s


class Process:
    """One life of a program on a machine."""

    def __init__(self, machine: Machine, life: int = 1) -> None:
        self.machine, self.life = machine, life
        self.timeline = machine.timeline
        self.alive, self.dying = True, False
        self.steps, self.last_step = 0, -1
        self.power = True  # how it dies: with the machine's power, or alone
        self.on_death: Callable[[], None] = lambda: None
        machine.network.switched_on(machine.name)
        self.reactor = VirtualReactor(self)
        self.disk = LifeDisk(machine.platter, self)

    @property
    def name(self) -> str:
        """Of the machine that it runs on."""
        return self.machine.name

    def host(self, rhythm: Rhythm) -> Host:
        """What a daemon runs on."""
        identity = zlib.crc32(f"{self.name}:{self.life}".encode()).to_bytes(4, "big") + bytes([self.life % 256])
        return Host(self.reactor, WallClock(self.reactor, self.machine), RisingIds(identity),
                    lambda: SteppedExecutor(self), self.in_thread, self.disk, self.draw, rhythm,
                    octets=random.Random(f"{self.name}:{self.life}:octets").randbytes)

    def call(self, delay_s: float, function: Callable, *arguments):
        """Lets something happen here, later."""
        return self.timeline.call(delay_s, self, function, *arguments)

    def draw(self) -> float:
        """Chance, 0 to 1."""
        return self.machine.chance.random() if self.alive else 0.0

    def work_s(self) -> float:
        """How long the next piece of work takes."""
        return self.machine.platter.delay_s + self.draw() * WORK_S

    def in_thread(self, function: Callable, *arguments) -> Deferred:
        """Runs what blocks on the disk; the answer is a step of its own."""
        answer = Deferred()
        self.call(self.work_s(), self._in_thread, answer, function, arguments)
        return answer

    def _in_thread(self, answer: Deferred, function: Callable, arguments: tuple) -> None:
        result, error = attempt(function, *arguments)
        if error is None:
            self.call(0, answer.callback, result)
        else:
            self.call(0, answer.errback, Failure(error))

    def kill(self, power: bool = True) -> None:
        """Dies now, or at the end of the step that it is in."""
        self.power = power
        if self.timeline.current is self:
            self.dying = True
        else:
            self.die()

    def die(self) -> None:
        """The end; once."""
        if not self.alive:
            return
        self.alive = False
        self.machine.network.died(self)
        self.disk.died(self.power)
        self.on_death()


class SteppedExecutor:
    """Fills database.executors: the work and its answer are two steps."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def run(self, work: Callable, argument: object, done: Callable) -> None:
        """Does `work(argument)` a little later, and `done(result, error)` a step after that."""
        self._process.call(self._process.work_s(), self._work, work, argument, done)

    def close(self) -> None:
        """Nothing to end."""

    def _work(self, work: Callable, argument: object, done: Callable) -> None:
        self._process.call(0, done, *attempt(work, argument))


def attempt(function: Callable, *arguments) -> tuple[object, Exception | None]:
    """Boundary: whatever the work raises is carried home; but who is killed says nothing more."""
    try:
        return function(*arguments), None
    except Exception as error:  # noqa: BLE001 named boundary
        return None, error
