"""Levels of the log over the administration: changed at once, with an audit ticket."""

import pytest
from twisted.internet.defer import fail

from tectonics.domain.errors import Busy, TheirFault
from tectonics.oam.admin import NotThere
from tests.oam.fakes import NOW, World
from tests.oam.test_admin import WHO, ask


@pytest.fixture
def world():
    return World()


def test_a_level_is_changed_and_audited(world):
    assert ask(world, "log.level", area="engine", level="debug") == {"text": "the log shows engine from debug on"}
    assert ask(world, "log.show")["areas"] == [{"area": "engine", "level": "debug", "set": "now"}]
    record = world.policy_log.audited[0].record()
    assert (record["type"], record["channel"]) == ("admin.change", "admin")
    assert record["text"] == f"{WHO}: the log shows engine from debug on"
    assert ask(world, "log.reset") == {"text": "the log has the levels of the configuration again"}
    assert ask(world, "log.show")["areas"] == [] and world.policy_log.audited[1].at == NOW


@pytest.mark.parametrize("params", [{"area": "motor", "level": "debug"}, {"area": "engine", "level": "loud"},
                                    {"area": "", "level": "info"}, {"area": "engine"}])
def test_what_is_not_there_is_refused_without_a_ticket(world, params):
    with pytest.raises(TheirFault):
        ask(world, "log.level", **params)
    assert world.policy_log.audited == []


def test_more_can_be_read_while_the_database_is_away(world):
    world.policy_log.audit = lambda ticket: fail(Busy("the database is away"))
    answer = ask(world, "log.level", area="engine", level="debug")
    assert answer["text"].endswith("could not be written: the database is away")
    assert world.log.areas == {"engine": "debug"}


def test_methods_that_are_not_there(world):
    with pytest.raises(NotThere):
        ask(world, "log.delete")
