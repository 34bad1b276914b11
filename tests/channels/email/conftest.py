"""PINs are hashed in no time, so that many can be tried."""

import pytest


@pytest.fixture(autouse=True)
def _cheap_pins(monkeypatch):
    monkeypatch.setattr("tectonics.domain.mailbox._COST", 2)
