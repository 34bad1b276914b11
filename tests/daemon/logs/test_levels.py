"""Levels by area, changed at run time."""

import pytest
from twisted.logger import LogLevel

from tectonics.config.areas import is_area
from tectonics.daemon.logs.levels import CHANGED_MAX, SEEN_MAX, Levels
from tectonics.domain.errors import TheirFault
from tectonics.ports import areas

DEBUG, INFO, WARN, ERROR = LogLevel.debug, LogLevel.info, LogLevel.warn, LogLevel.error


@pytest.fixture(autouse=True)
def quiet_again():
    yield
    Levels("info")


def test_the_longest_path_decides():
    levels = Levels("info", {"channels": "warn", "channels.ussd_http": "debug"})
    assert levels.shows("tectonics.channels.ussd_http", DEBUG)
    assert not levels.shows("tectonics.channels.email.sending", INFO)
    assert levels.shows("tectonics.channels.email.sending", WARN)
    assert levels.shows("tectonics.engine.dispatch", INFO) and not levels.shows("tectonics.engine.dispatch", DEBUG)
    assert not levels.shows("log_legacy", INFO) and levels.shows("log_legacy", LogLevel.critical)


def test_levels_change_while_it_runs():
    levels = Levels("info", {"billing": "error"})
    assert not levels.shows("tectonics.billing.embedded", INFO)
    levels.change("billing", "debug")
    assert levels.shows("tectonics.billing.embedded", DEBUG)
    assert {"area": "billing", "level": "debug", "set": "now"} in levels.shown()
    levels.reset()
    assert not levels.shows("tectonics.billing.embedded", WARN)
    assert {"area": "billing", "level": "error", "set": "configuration"} in levels.shown()


def test_a_name_that_only_begins_alike_is_another():
    levels = Levels("info", {"channels.ussd": "debug"})
    assert not levels.shows("tectonics.channels.ussd_http", DEBUG)


def test_who_makes_many_lines_is_told_whether_they_are_seen():
    one = areas.area("tectonics.engine.dispatch")
    levels = Levels("info")
    assert not one.debug
    levels.change("engine", "debug")
    assert one.debug and areas.area("tectonics.engine.dispatch") is one
    assert areas.area("tectonics.engine.imported_later").debug
    levels.reset()
    assert not one.debug


@pytest.mark.parametrize("area", ["engine", "channels.ussd_http", "engine.dispatch", "twisted.internet", "log_legacy"])
def test_areas_that_there_are(area):
    assert is_area(area)
    Levels("info").change(area, "debug")


@pytest.mark.parametrize("area", ["motor", "engine.dispach", "engine.dispatch.deeper", "engine..dispatch", ".engine", ""])
def test_areas_that_there_are_not(area):
    assert not is_area(area)
    with pytest.raises(TheirFault, match="no area"):
        Levels("info").change(area, "debug")


def test_bounds():
    levels = Levels("info")
    for number in range(CHANGED_MAX):
        levels.change(f"twisted.x{number}", "debug")
    levels.change("twisted.x0", "info")
    with pytest.raises(TheirFault, match="reset"):
        levels.change("twisted.y", "debug")
    for number in range(SEEN_MAX + 5):
        levels.shows(f"somebody.{number}", INFO)
    assert len(levels._seen) <= SEEN_MAX
