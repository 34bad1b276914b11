"""Old rows of the log go, at the start and each hour."""

from tectonics.channels.sms_smpp.channel import DAY_MS, FORGET_EVERY_S
from tectonics.links.smpp.outcome import Unsent
from tests.channels.sms_smpp.fakes import Line, notify
from tests.store.building import NOW, unit


def ops(line):
    return [op for op, in line.rows("op")]


def test_rows_are_kept_for_their_days(world):
    line = Line(world, keep_days=2)
    world.wait(line.opened.store.commit(unit(1, commands=(notify("TEC-N2"),))))
    line.send("TEC-N1")
    line.binds.ends = [Unsent("full")]
    line.send("TEC-N2")
    world.clock.advance(2 * DAY_MS / 1000 - FORGET_EVERY_S)
    line.send("TEC-N3")
    assert ops(line) == ["TEC-N1", "TEC-N2", "TEC-N3"]
    world.clock.advance(FORGET_EVERY_S + 1)
    world.clock.advance(FORGET_EVERY_S)
    assert ops(line) == ["TEC-N2", "TEC-N3"]  # N2 is still in the outbox
    assert ops(Line(world, now=NOW + 9 * DAY_MS)) == ["TEC-N2"]


def test_a_log_that_cannot_be_cleaned_is_tried_again(file_world):
    line = Line(file_world, keep_days=1)
    line.send()
    file_world.wait(line.opened.close())
    file_world.clock.advance(2 * DAY_MS / 1000)
    assert ops(line) == ["TEC-N1"]
    assert ops(Line(file_world, now=NOW + 3 * DAY_MS, keep_days=1)) == []
