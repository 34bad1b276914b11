"""What runs in the world's processes: the daemon and the ledger, each started again after every death.

A program is a name with a life now and then.  One that cannot start, or ends by itself (another process has
taken its place), is started again RESTART_S later, as a service manager does.
"""

from pathlib import Path

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from tectonics.config import Settings
from tectonics.daemon.assemble import Daemon
from tectonics.daemon.host import Rhythm
from tectonics.daemon.ledger import ledger_service
from tectonics.ports import Capabilities
from tectonics.simulation.machine.process import Machine, Process

RESTART_S = 5.0


class Program:
    """One program on one machine. `begin(process)` starts it and answers when it serves."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.process: Process | None = None
        self.lives = 0
        self.serving = False
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
        self.process = process = Process(self.machine, self.lives)
        process.on_death = self._died
        process.call(0, self._begin, process)

    def _begin(self, process: Process) -> None:
        maybeDeferred(self.begin, process).addCallbacks(self._serves, self._failed)

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
        self.process.call(0, lambda: maybeDeferred(self.end).addBoth(self._gone))

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
        self._wanted = False
        process = self.process
        if self.alive:
            process.call(0, lambda: maybeDeferred(self.end).addBoth(lambda _: process.kill(power=False)))

    def spare(self) -> None:
        """It will not die of what was planned for it."""
        if self.process is not None:
            self.process.last_step, self.process.disk.last_statement = -1, 0

    def begin(self, process: Process) -> Deferred:
        """Fires when it serves."""
        raise NotImplementedError

    def end(self) -> Deferred:
        """Fires when it has ended."""
        raise NotImplementedError


class Node(Program):
    """A node: the real daemon."""

    def __init__(self, machine: Machine, settings: Settings, rhythm: Rhythm) -> None:
        super().__init__(machine)
        self.settings, self._rhythm = settings, rhythm
        self.daemon: Daemon | None = None

    def begin(self, process: Process) -> Deferred:
        """See Program."""
        self.daemon = Daemon(self.settings, process.host(self._rhythm), self.leave)
        return self.daemon.start()

    def end(self) -> Deferred:
        """See Program."""
        return self.daemon.stop()


class LedgerProgram(Program):
    """The prepaid ledger as a process of its own."""

    def __init__(self, machine: Machine, path: Path, port: int, promises: Capabilities, rhythm: Rhythm) -> None:
        super().__init__(machine)
        self._path, self._port, self._promises, self._rhythm = path, port, promises, rhythm
        self._service = None

    def begin(self, process: Process) -> Deferred:
        """See Program."""
        host = process.host(self._rhythm)
        self._service = ledger_service(host, self._path, f"tcp:{self._port}", self._promises)
        self._service.startService()
        return self._service.listening

    def end(self) -> Deferred:
        """See Program."""
        return self._service.stopService()

