"""The log of messages is the real one: every test that writes it runs on both engines."""

import pytest

from tests.store.building import ServerWorld, World


@pytest.fixture
def file_world(tmp_path):
    return World(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    if request.param == "sqlite":
        return World(tmp_path)
    return ServerWorld(request.getfixturevalue("postgres_address")())
