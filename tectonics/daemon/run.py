"""Becoming the daemon: the only file that installs and imports the reactor.

Twisted runs on asyncio's loop, or on a faster one (loop.py).  SIGTERM and SIGINT stop gracefully with exit code 0; a second one
within the stop is left to the system.  systemd is told when the daemon is ready, stopping and alive.
"""

import asyncio
import gc
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tectonics.config import ConfigErrors, Settings, format_error, load, port_offset
from tectonics.config.sections import Log
from tectonics.daemon.banner import banner
from tectonics.daemon.logs import TICK_S, ProcessLog, begin_logging
from tectonics.daemon.loop import hearing_resets
from tectonics.daemon.systemd import notify, watchdog_s
from tectonics.domain.errors import OurFault, TheirFault

# Young objects are looked at each 10,000 new ones, the others hardly ever: what is under way or remembered is
# alive, and looking at it again and again (Python's defaults) took 45 % of the processor. References count.
GARBAGE_THRESHOLDS = (10_000, 1000, 10)
log = Logger()


def new_loop() -> asyncio.AbstractEventLoop:
    """Uvloop's where it is installed, mended; else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return hearing_resets(uvloop.Loop)()


def install_reactor():
    """The reactor on the fastest loop that there is; call once, before anything imports the reactor."""
    loop = new_loop()
    asyncio.set_event_loop(loop)
    from twisted.internet import asyncioreactor
    asyncioreactor.install(loop)
    from twisted.internet import reactor
    return reactor


def main(config: Path, state: Path | None, offset: int) -> int:
    """Runs the daemon until it is told to stop; the exit code."""
    overrides = {"state_dir": str(state.resolve())} if state else {}
    try:
        settings = port_offset(load(config, overrides), offset)
    except ConfigErrors as errors:
        for error in errors.errors:
            print(format_error(error), file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return _run(settings)


def _run(settings: Settings) -> int:
    reactor = install_reactor()
    written = begin_logging(settings.log)
    from tectonics.daemon.assemble import Daemon
    from tectonics.daemon.host import real_host

    ending = Ending(reactor, written)
    daemon = Daemon(settings, real_host(reactor), lambda: ending.stop(1), written)
    ending.stopping = daemon.stop
    written.on_fault = partial(reactor.callFromThread, daemon.fault)

    def started(_) -> None:
        settle_memory()
        print(banner(settings, daemon.listeners.shown), flush=True)
        log.info("serving; {count} listeners", count=len(daemon.listeners.shown))
        notify("READY=1")
        _keep_alive(reactor)

    def failed(failure) -> None:
        if failure.check(TheirFault, OurFault, OSError):
            log.error("cannot start: {why}", why=failure.getErrorMessage())
        else:
            log.failure("cannot start", failure)
        ending.stop(1)

    reactor.callWhenRunning(lambda: daemon.start().addCallbacks(started, failed))
    return ending.wait()


def settle_memory() -> None:
    """What exists after the start stays for ever: it is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _keep_alive(reactor) -> None:
    interval_s = watchdog_s()
    if interval_s:
        def beat() -> None:
            notify("WATCHDOG=1")
            reactor.callLater(interval_s / 3, beat)
        beat()


class Ending:
    """How the process ends: once, with an exit code, after what `stopping` does."""

    def __init__(self, reactor, written: ProcessLog) -> None:
        self._reactor, self._written = reactor, written
        self._code: int | None = None
        self.stopping = lambda: None

    def stop(self, code: int) -> None:
        """Stops with this exit code; the first call counts."""
        if self._code is not None:
            return
        self._code = code
        notify("STOPPING=1")
        log.info("stopping")
        result = self.stopping()
        if isinstance(result, Deferred):
            result.addErrback(lambda failure: log.failure("while stopping", failure))
            result.addBoth(lambda _: self._reactor.stop())
        else:
            self._reactor.stop()

    def wait(self) -> int:
        """Runs the reactor until the end; the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        beat = LoopingCall(self._written.tick)
        beat.clock = self._reactor
        beat.start(TICK_S, now=False)
        self._reactor.run(installSignalHandlers=False)
        self._written.close()
        return self._code or 0

    def _signalled(self, number, frame) -> None:
        self._reactor.callFromThread(self.stop, 0)


def serve_ledger(db: Path, listen: str, deduplicates: bool = True, readable_back: bool = True) -> int:
    """Runs the prepaid ledger as a process of its own, with what it promises; the exit code."""
    reactor = install_reactor()
    written = begin_logging(Log())
    from tectonics.billing.embedded import OPENLY
    from tectonics.daemon.host import real_host
    from tectonics.daemon.ledger import ledger_service

    ending = Ending(reactor, written)
    can = replace(OPENLY, deduplicates=deduplicates, readable_back=readable_back)
    try:
        service = ledger_service(real_host(reactor), db, listen, can)
    except (TheirFault, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    ending.stopping = service.stopService

    def begin() -> None:
        service.startService()
        service.listening.addCallbacks(lambda _: log.info("the ledger listens on {where}", where=listen),
                                       lambda failure: (log.error("cannot listen: {why}",
                                                                  why=failure.getErrorMessage()), ending.stop(1)))

    reactor.callWhenRunning(begin)
    return ending.wait()
