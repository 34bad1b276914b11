"""Daemons as real processes, as in tests/integration."""

from tests.integration.conftest import daemon, make_daemon, start  # noqa: F401 - fixtures
