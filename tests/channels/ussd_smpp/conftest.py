"""A fresh loopback for each test that asks for one."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred


@pytest.fixture
def loopback():
    """`await loopback(dialect, dialogue, sessions=..., **of the gateway)`; closed when the test is over."""
    from tests.channels.ussd_smpp.loopback import (
        Loopback,  # it has the reactor, which pytest-twisted chooses first
    )

    made = []

    async def make(dialect, dialogue, sessions=1, budget_s=8.0, **gateway):
        made.append(Loopback(dialect, dialogue, **gateway))
        return await made[-1].start(sessions, budget_s)

    yield make
    for one in made:
        pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))
