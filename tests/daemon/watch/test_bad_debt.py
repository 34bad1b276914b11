"""Bad debt by share of what was lent."""

import pytest
from twisted.internet.defer import succeed

from tectonics.config.alarms import AlarmLimits
from tectonics.daemon.watch.bad_debt import watch_bad_debt
from tectonics.ports import Lent
from tests.daemon.watch.places import NOW_S, Place, done
from tests.oam.fakes import policy

LIMITS = AlarmLimits(bad_debt_days=30, bad_debt_percent=20, bad_debt_advances_min=100)
DAY = NOW_S // 86_400


class Books:
    def __init__(self):
        self.asked, self.found = [], Lent(0, 0, 0, 0)

    def lent(self, day, since):
        self.asked.append((day, since))
        return succeed(self.found)


@pytest.fixture
def look():
    place, books = Place(), Books()

    def looked(*found):
        books.found = Lent(*found)
        done(watch_bad_debt(books, policy(), NOW_S * 1000, place.alarms, LIMITS))
        assert books.asked[-1] == (DAY - 29, (DAY - 29) * 86_400_000)
        return place.raised()

    return looked


def test_what_is_overdue_and_given_up_together_is_the_bad_debt(look):
    assert look(1000, 100_000, 10_000, 9_999) == {}
    assert look(1000, 100_000, 10_000, 10_000) == {
        "bad_debt": "of 1000.00 EUR lent in 30 days 100.00 with its fees is overdue and 100.00 was written off"}
    assert look(1000, 100_000, 9_000, 10_000) == {}


def test_a_young_service_says_nothing(look):
    assert look(99, 9_900, 9_900, 0) == {} and look(0, 0, 0, 0) == {}
    assert list(look(100, 9_900, 9_900, 0)) == ["bad_debt"]
