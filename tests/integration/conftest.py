"""Daemons as real processes; whatever they log is looked at when the test is over."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tectonics.simulators.daemon_process import DaemonProcess


@pytest.fixture
def make_daemon():
    """`make_daemon(settings)`: a daemon that has not been started. A logged traceback fails the test."""
    # Not tmp_path: the path of a UNIX socket has at most 107 bytes.
    root = Path(tempfile.mkdtemp(prefix="tectonics-"))
    made = []

    def make(settings=None):
        directory = root / str(len(made))
        directory.mkdir()
        made.append(DaemonProcess(directory, settings))
        return made[-1]

    yield make
    for daemon in made:
        daemon.kill()
    faults = [line for daemon in made for line in daemon.faults_logged()]
    shutil.rmtree(root)
    assert faults == []


@pytest.fixture
def start(make_daemon):
    """`start(settings)`: a daemon that serves."""
    return lambda settings=None: make_daemon(settings).start()


@pytest.fixture
def daemon(start):
    """A daemon that serves, with the settings of the demo."""
    return start()
