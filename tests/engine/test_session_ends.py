"""How menu sessions end, and which answers came when the budget was over: what the alarms of USSD look at."""

import pytest
from twisted.internet.defer import Deferred

from tests.engine.world import STYLE, build, drain, run
from tests.workflows.world import MSISDN

LATE, ENDS = "tectonics_dialogue_late_total", "tectonics_dialogue_sessions_total"


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def counted(node, name):
    return {labels: count for (found, labels), count in node.metrics.counts.items() if found == name}


def test_a_session_is_finished_left_or_falls_silent(node):
    run(node.clock, node.dial("", "s2"))
    node.core.sessions.ended(STYLE, "s2", "33699999999")
    node.core.sessions.ended(STYLE, "s2", MSISDN)
    node.core.sessions.ended(STYLE, "s2", MSISDN)
    run(node.clock, node.dial("", "s3"))
    drain(node.clock, node.clock.seconds() + STYLE.session_s + 1)
    for text in ("", "1", "1*1"):
        run(node.clock, node.dial(text, "s4"))
    assert counted(node, ENDS) == {(STYLE.channel, "finished"): 1, (STYLE.channel, "left"): 1, (STYLE.channel, "silent"): 1}
    assert counted(node, LATE) == {}


def test_an_answer_that_waits_for_the_end_of_the_budget_is_late(node):
    node.core.engine.store.load = lambda *asked: Deferred()
    told = node.dial()
    drain(node.clock, node.clock.seconds() + STYLE.budget_s + 5)
    assert told.called and counted(node, LATE) == {(STYLE.channel,): 1}
