"""Finding the daemon, and one sentence with exit code 1 for everything that can be wrong with it."""

import os
import subprocess
import sys

import pytest

from tectonics.cli import connection
from tectonics.wire.control import ANSWER_BYTES_MAX, Failure
from tests.cli.fake_daemon import FakeDaemon


def test_no_daemon(type_in, tmp_path):
    result = type_in("status")
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"no daemon is running on the state directory {tmp_path}" in result.stderr


def test_a_stale_socket_is_no_daemon(type_in, tmp_path):
    FakeDaemon(tmp_path).close()
    assert "no daemon is running" in type_in("status").stderr


@pytest.mark.parametrize("place", ["command", "front", "environment"])
def test_is_found_by(place, type_in, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    daemon = FakeDaemon(other)
    daemon.answers["status"] = {"version": "1"}
    arguments = {"command": ["status", "--state", str(other)], "front": ["--state", str(other), "status"],
                 "environment": ["status"]}[place]
    if place == "environment":
        monkeypatch.setenv("TECTONICS_STATE", str(other))
    assert type_in(*arguments).exit_code == 0
    daemon.close()


def test_else_in_the_checkout(monkeypatch, tmp_path):
    assert connection.default_state() == connection.CHECKOUT / "var"
    monkeypatch.setattr(connection, "CHECKOUT", tmp_path)
    assert connection.default_state() == connection.INSTALLED_STATE


def test_a_refusal_is_its_sentence(type_in, daemon):
    daemon.answers["status"] = Failure(None, "not today")
    result = type_in("status")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: not today\n")


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense\n", b"[]\n", b'{"id":1}\n', b"\xff\n", b"x" * (ANSWER_BYTES_MAX + 1)])
def test_a_daemon_that_talks_nonsense(raw, type_in, daemon):
    daemon.raw = raw
    result = type_in("status")
    assert result.exit_code == 1 and result.stderr.startswith("Error: ") and result.stderr.count("\n") <= 2


def test_a_daemon_that_hangs(type_in, daemon, monkeypatch):
    import threading

    monkeypatch.setattr(connection, "ANSWER_S", 0.05)
    released = threading.Event()
    daemon.answers["status"] = lambda params: released.wait() and {}
    result = type_in("status")
    released.set()
    assert result.exit_code == 1 and "did not answer" in result.stderr and "look before you ask again" in result.stderr


def test_a_request_beyond_the_bound_is_not_sent(type_in, daemon):
    result = type_in("subscribers", "bar", "33600000001", "--text", "x" * 2_000_000)
    assert result.exit_code == 1 and "longer than" in result.stderr and daemon.calls == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every socket; run as another user to see this")
def test_somebody_elses_daemon(type_in, daemon, tmp_path):
    (tmp_path / "control.sock").chmod(0)
    assert "you may not open" in type_in("status").stderr


def test_as_a_process(daemon, tmp_path):
    daemon.answers["status"] = {"version": "1"}
    command = [sys.executable, "-m", "tectonics.cli", "status", "--json", "--state", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{\n  "version": "1"\n}\n', "")
