"""Puts the sizes of the house into pytest's summary."""

import pytest

SIZES = pytest.StashKey[str]()


@pytest.fixture
def record_sizes(request):
    """Called with the line to show."""
    return lambda line: request.config.stash.__setitem__(SIZES, line)


def pytest_terminal_summary(terminalreporter, config):
    if SIZES in config.stash:
        terminalreporter.write_line("the house: " + config.stash[SIZES])
