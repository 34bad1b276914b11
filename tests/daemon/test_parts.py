"""The daemon's small parts: its clock, ids, lock, banner and its word to systemd."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.daemon import systemd
from tectonics.daemon.clock import RisingIds, WallClock
from tectonics.daemon.state import StateDirectory
from tectonics.domain.errors import TheirFault


def test_the_clock_tells_the_time_of_day_and_calls_later():
    reactor = Clock()
    clock, called = WallClock(reactor), []
    assert abs(clock.seconds() - time.time()) < 1
    clock.callLater(5, called.append, 1)
    reactor.advance(5.1)
    assert called == [1]


def test_the_clock_follows_a_machine_whose_time_was_set_right(monkeypatch):
    clock = WallClock(Clock())
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    assert abs(clock.seconds() - real() - 3600) < 1
    monkeypatch.setattr(time, "time", lambda: real() + 3601.5)
    assert clock.seconds() - real() < 3601  # a small difference is left to NTP's slewing


def test_ids_rise_and_never_repeat():
    ids = RisingIds()
    made = [ids.new(1_790_000_000_000 + n // 3) for n in range(1000)]
    assert made == sorted(made) and len(set(made)) == 1000
    assert all(len(one) == 26 for one in made)
    assert RisingIds().new(5) != RisingIds().new(5)


@given(st.integers(0, 32**10 - 1), st.integers(0, 32**10 - 1))
def test_ids_sort_by_time(one, other):
    early, late = sorted((one, other))
    ids = RisingIds(b"\1\2\3\4\5")
    assert ids.new(early) < ids.new(late)


def test_one_daemon_at_a_time_in_a_state_directory(tmp_path):
    first, second = StateDirectory(tmp_path / "var"), StateDirectory(tmp_path / "var")
    first.open()
    with pytest.raises(TheirFault, match="another daemon is running"):
        second.open()
    first.close()
    second.open()
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    second.close()


def test_systemd_is_told_where_it_asks_for_it(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")
    address = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        systemd.notify("READY=1")
        assert channel.recv(100) == b"READY=1"
    systemd.notify("READY=1")  # nobody listens any more


@pytest.mark.parametrize("usec, pid, expected", [("", "", 0), ("3000000", "", 3.0), ("x", "", 0), ("3000000", "1", 0)])
def test_the_watchdog(monkeypatch, usec, pid, expected):
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert systemd.watchdog_s() == expected
