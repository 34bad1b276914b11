"""A fake daemon, and a way to type a command."""

import pytest
from click.testing import CliRunner

from tectonics.cli.commands import tectonics
from tests.cli.fake_daemon import FakeDaemon


@pytest.fixture
def daemon(tmp_path):
    daemon = FakeDaemon(tmp_path)
    yield daemon
    daemon.close()


@pytest.fixture
def type_in(tmp_path, monkeypatch):
    """Types a command on the state directory of the test; the result has exit_code, stdout and stderr."""
    monkeypatch.setenv("TECTONICS_STATE", str(tmp_path))

    def run(*arguments, **options):
        result = CliRunner().invoke(tectonics, arguments, **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
