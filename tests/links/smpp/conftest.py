"""A fresh loopback for each test that asks for one."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher


@pytest.fixture
def make_loopback():
    """`await make_loopback(**options of the centre)`, which listens; closed when the test is over."""
    from tests.links.smpp.loopback import Loopback  # it has the reactor, which pytest-twisted chooses first

    made = []

    async def make(**options):
        made.append(Loopback(**options))
        await made[-1].listen()
        return made[-1]

    yield make
    for one in made:
        pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))


@pytest.fixture
def loopback(make_loopback):
    return pytest_twisted.blockon(Deferred.fromCoroutine(make_loopback()))


@pytest.fixture(autouse=True)
def no_fault_in_the_log():
    """Nothing that Twisted logs as a failure goes unseen; a test that wants one takes it out of the list."""
    found = []

    def look(event):
        if "log_failure" in event:
            found.append(event["log_failure"])

    globalLogPublisher.addObserver(look)
    yield found
    globalLogPublisher.removeObserver(look)
    assert found == []
