import pytest

from tests.store.building import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)
