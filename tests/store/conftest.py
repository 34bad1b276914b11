"""Every test of a port runs on both engines; `file_world` and `server_world` are for one of them."""

import pytest

from tests.store.building import ServerWorld, World


@pytest.fixture
def file_world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def server_world(postgres_address):
    return ServerWorld(postgres_address())


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request):
    return request.getfixturevalue({"sqlite": "file_world", "postgresql": "server_world"}[request.param])
