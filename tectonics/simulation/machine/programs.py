"""What runs in the world's processes: the daemon and the ledger, each started again after every death.

A program is a name with a life now and then.  One that cannot start, or ends by itself (another process has
taken its place), is started again RESTART_S later, as a service manager does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from tectonics.daemon.host import Host, Rhythm
from tectonics.daemon.ledger import ledger_service
from tectonics.ports import Capabilities
from tectonics.simulation.machine.process import Machine, Process

RESTART_S = 5.0


class Work(Protocol):
    """What a program does in one life, as daemon.assemble.Daemon."""

    def start(self) -> Deferred: ...  # fires when it serves

    def stop(self) -> Deferred: ...  # fires when it has ended


class Program:
    """One program on one machine. `make(host, leave)` makes the work of each life; `leave()` ends it from within."""

    def __init__(self, machine: Machine, rhythm: Rhythm, make: Callable[[Host, Callable], Work]) -> None:
        self.machine, self._rhythm, self._make = machine, rhythm, make
        self.process: Process | None = None
        self.work: Work | None = None
        self.lives = 0
        self.serving = self.leaving = False  # leaving: it ends by itself, and may not answer any more
        self.trouble = ""  # why it could not start the last time
        self._wanted = False

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self.process is not None and self.process.alive

    @property
    def steps(self) -> int:
        """Of this life."""
        return self.process.steps if self.process is not None else 0

    def start(self) -> None:
        """Begins a life, unless there is one."""
        self._wanted = True
        if self.alive:
            return
        self.lives += 1
        self.leaving = False
        self.process = process = Process(self.machine, self.lives)
        process.on_death = self._died
        process.call(0, self._begin, process)

    def _begin(self, process: Process) -> None:
        maybeDeferred(self._live, process).addCallbacks(self._serves, self._failed)

    def _live(self, process: Process) -> Deferred:
        self.work = self._make(process.host(self._rhythm), self.leave)
        return self.work.start()

    def _serves(self, _) -> None:
        self.serving, self.trouble = True, ""

    def _failed(self, failure: Failure) -> None:
        self.trouble = failure.getErrorMessage()
        self._gone(None)

    def _gone(self, _) -> None:
        """It has ended by itself, and comes again."""
        self.process.kill(power=False)
        self.machine.timeline.call(RESTART_S, self.machine.timeline.nature, self._again)

    def leave(self) -> None:
        """It ends because it wants to."""
        self.leaving = True
        self.process.call(0, lambda: maybeDeferred(self.work.stop).addBoth(self._gone))

    def _again(self) -> None:
        if self._wanted:
            self.start()

    def _died(self) -> None:
        self.serving = False

    def kill(self, power: bool = True) -> None:
        """Nothing of it ever runs again."""
        self._wanted = False
        if self.alive:
            self.process.kill(power)

    def stop(self) -> None:
        """Ends it gracefully."""
        self._wanted, self.leaving = False, True
        process = self.process
        if self.alive:
            process.call(0, lambda: maybeDeferred(self.work.stop).addBoth(lambda _: process.kill(power=False)))

    def spare(self) -> None:
        """It will not die of what was planned for it."""
        if self.process is not None:
            self.process.last_step, self.process.disk.last_statement = -1, 0


class Ledger:
    """One life of the prepaid ledger as a process of its own."""

    def __init__(self, host: Host, path: Path, port: int, promises: Capabilities) -> None:
        self._service = ledger_service(host, path, f"tcp:{port}", promises)

    def start(self) -> Deferred:
        """See Work."""
        self._service.startService()
        return self._service.listening

    def stop(self) -> Deferred:
        """See Work."""
        return self._service.stopService()
