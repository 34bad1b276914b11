"""The log as a whole: levels, repeats, lines lost, and what others write."""

import gc
import logging
import os
import sys
import threading
import warnings

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger, LogLevel, LogPublisher, globalLogPublisher

from tectonics.config.sections import Log as Section
from tectonics.daemon.logs import ProcessLog, strays, to_the_journal
from tectonics.daemon.logs.levels import Levels
from tectonics.daemon.logs.lines import Lines
from tectonics.daemon.logs.outlet import Outlet
from tectonics.daemon.logs.repeats import Repeats
from tests.daemon.logs.events import event, failed


class Written:
    """A ProcessLog over a file, its time, and what it has written."""

    def __init__(self, path, repeats_max=2, level="info"):
        self.now_s, self._path = 100.0, path
        self.fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND)
        self.log = ProcessLog(Levels(level), Lines("text"), Repeats(repeats_max, 10), Outlet(self.fd), lambda: self.now_s)

    def lines(self):
        """Those since last asked, without time, level and area."""
        text = self._path.read_text()
        self._path.write_text("")
        return [line.partition(": ")[2] for line in text.splitlines()]


@pytest.fixture
def written(tmp_path):
    one = Written(tmp_path / "log")
    yield one
    os.close(one.fd)
    Levels("info")


def test_what_is_not_important_enough_is_not_written(written):
    written.log(event("a", LogLevel.debug))
    assert written.lines() == []
    written.log.change("engine.outbox", "debug")
    written.log(event("b", LogLevel.debug))
    assert written.lines() == ["b"]


def test_more_of_the_same_is_counted(written):
    for number in range(5):
        written.log(event("a mail of {who} has to come again", who=f"u{number}"))
    assert written.lines() == ["a mail of u0 has to come again", "a mail of u1 has to come again"]
    written.now_s += 10
    written.log.tick()
    assert written.lines() == ["3 more like this in the last 10 s: a mail of u0 has to come again"]
    written.log.tick()
    assert written.lines() == []


def test_errors_of_different_texts_are_all_written(written):
    for why in ("no room", "no route", "no time", "no luck"):
        written.log(event("outbox {op} waits: {why}", LogLevel.error, why=why))
    assert len(written.lines()) == 4
    for error in (ValueError("one"), KeyError("one"), ValueError("two"), OSError("three")):
        written.log(failed(error))
    assert sum("it failed" in line for line in written.lines()) == 4


def test_the_same_failure_again_and_again_is_counted(written):
    for number in range(5):
        written.log(failed(ValueError(f"row {number}")))
    assert sum("it failed" in line for line in written.lines()) == 2
    written.log.close()
    assert written.lines() == ["3 more like this in the last 10 s: it failed"]


def test_details_and_the_audit_are_never_held_back(written):
    written.log.change("engine", "debug")
    for _ in range(5):
        written.log(event("a", LogLevel.debug))
        written.log(event("b", always=True))
    assert len(written.lines()) == 10


def test_a_stop_tells_what_was_held_back(written):
    for _ in range(4):
        written.log(event("a"))
    written.log.close()
    assert written.lines() == ["a", "a", "2 more like this in the last 10 s: a"]


def test_lines_that_were_lost_are_told_once_lines_pass_again():
    ours, theirs = os.pipe()
    outlet = Outlet(theirs)
    log = ProcessLog(Levels("info"), Lines("text"), Repeats(0, 10), outlet)
    number = 0
    while outlet.lost < 3:
        log(event("{text}", text=f"{number} {'x' * 900}"))
        number += 1
    found = b""
    while outlet.waiting_bytes:
        found += os.read(ours, 1 << 16)
        log.tick()
    log(event("again"))
    os.close(theirs)
    while data := os.read(ours, 1 << 16):
        found += data
    os.close(ours)
    assert b"again\n" in found and b"3 lines before could not be written and are lost\n" in found
    assert log.shown()["lost"] == 3 and found.count(b"\n") == number - 3 + 2


def test_a_failure_that_nobody_handled_is_a_fault(written):
    faults = []
    written.log.on_fault = faults.append
    written.log(failed(ValueError("a bug")))  # our own part has raised its alarm itself
    written.log(event("a failure of ours, told", LogLevel.error))
    assert faults == []
    written.log(failed(ValueError("a bug"), area="twisted.internet.defer"))
    assert faults == ["twisted.internet.defer: ValueError, see the log"]


@pytest.fixture
def gathered(written):
    """Everything that this process writes goes to `written`."""
    kept = logging.getLogger().handlers[:], threading.excepthook, sys.unraisablehook
    strays.gather()
    globalLogPublisher.addObserver(written.log)
    yield written
    globalLogPublisher.removeObserver(written.log)
    logging.getLogger().handlers[:], threading.excepthook, sys.unraisablehook = kept


def test_a_deferred_that_failed_unseen(gathered, monkeypatch):
    faults = []
    gathered.log.on_fault = faults.append
    monkeypatch.setattr(globalLogPublisher, "_observers", [gathered.log])
    lost: Deferred = fail(ValueError("nobody looked at 33612345678"))
    del lost
    gc.collect()
    lines = gathered._path.read_text()
    assert "Unhandled error in Deferred" in lines and "nobody looked at 336******78" in lines
    assert "twisted.internet.defer: ValueError, see the log" in faults


def test_python_s_own_logging(gathered):
    logging.getLogger("asyncio").warning("slow: %s took %s", "x", "33612345678")
    logging.getLogger("asyncio").info("not important")
    assert gathered.lines() == ["slow: x took 336******78"]


def test_a_thread_that_fails(gathered, monkeypatch):
    monkeypatch.setattr(globalLogPublisher, "_observers", [gathered.log])
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    text = gathered._path.read_text()
    assert "critical python: A thread failed" in text and "ZeroDivisionError" in text


def test_warnings_and_twisted_s_old_lines(written):
    publisher = LogPublisher(written.log)
    Logger(namespace="log_legacy", observer=publisher).info("{log_text}", log_text="Site starting on 8080")
    assert written.lines() == []
    Logger(namespace="log_legacy", observer=publisher).warn("{log_text}", log_text="something is odd")
    assert written.lines() == ["something is odd"]
    assert warnings.showwarning is not None


def test_many_threads_write_whole_lines(written):
    written.log._repeats.most = 0
    threads = [threading.Thread(target=lambda: [written.log(event("{text}", text="y" * 300)) for _ in range(200)])
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert written.lines() == ["y" * 300] * 800


def test_the_journal_is_known_by_its_stream(tmp_path, monkeypatch):
    with open(tmp_path / "x", "w") as file:
        found = os.fstat(file.fileno())
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
        assert not to_the_journal(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert to_the_journal(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino + 1}")
        assert not to_the_journal(file.fileno())


def test_the_settings_of_areas_are_checked():
    assert Section(areas={"channels.ussd_http": "debug"}).areas == {"channels.ussd_http": "debug"}
    with pytest.raises(ValueError, match="part of the daemon"):
        Section(areas={"chanels": "debug"})
    with pytest.raises(ValueError):
        Section(areas={"engine": "loud"})
