"""What all tests share: hypothesis without time limits (the machine may be slow) and with its seed printed,
and one PostgreSQL with a database for each test that asks for one.
"""

import pytest
from hypothesis import HealthCheck, settings

from tectonics.database.postgres import Address
from tests.postgres_server import Server, empty_store

settings.register_profile("tectonics", deadline=None, print_blob=True,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tectonics")


@pytest.fixture(scope="session")
def postgres_server():
    """A server without fsync, for all tests of this run; it has the template database `empty_store`."""
    server = Server()
    empty_store(server)
    yield server
    server.close()


@pytest.fixture
def postgres_address(postgres_server):
    """`postgres_address()`: where a fresh database with the store's schema is."""
    return lambda: Address(postgres_server.url(postgres_server.new_database("empty_store")))
