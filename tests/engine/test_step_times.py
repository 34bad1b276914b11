"""Each step of a dialogue is timed once, in one histogram, whatever the channel: from its request to its answer."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.domain.screens import Dialled
from tectonics.engine.correspondence import EngineCorrespondence
from tectonics.ports import ShortMessage
from tests.engine.world import STYLE, build, drain, run
from tests.workflows.world import MSISDN

STEPS = "tectonics_dialogue_step_seconds"


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def timed(node):
    """(seconds, channel, step) of what has been timed."""
    return [rest for name, *rest in node.metrics.observed if name == STEPS]


def steps(node):
    return [step for _, _, step in timed(node)]


def test_each_step_by_what_it_is(node):
    for text in ("", "2", "2*1", "2*1"):
        run(node.clock, node.dial(text))
    assert steps(node) == ["dial", "input", "confirm", "at_once"]
    assert {channel for _, channel, _ in timed(node)} == {STYLE.channel}


def test_a_code_with_a_number_is_a_call_and_one_that_nobody_serves_is_answered_at_once(node):
    run(node.clock, node.dial("0612345678", session="c1", code="*144#"))
    run(node.clock, node.dial(session="c2", code="*999#"))
    assert steps(node) == ["call", "at_once"]


def test_the_time_is_that_of_the_request(node):
    waiting, plain = Deferred(), node.core.engine.store.load
    node.core.engine.store.load = lambda *asked: waiting.addCallback(lambda _: plain(*asked))
    told = node.dial()
    drain(node.clock, node.clock.seconds() + 3)
    assert steps(node) == []
    waiting.callback(None)
    run(node.clock, told)
    (seconds, _, step), = timed(node)
    assert step == "dial" and seconds == pytest.approx(3, abs=0.1)


def test_a_step_that_never_comes_is_timed_when_busy_is_told(node):
    node.core.engine.store.load = lambda *asked: Deferred()
    told = node.dial()
    again = node.dial()
    drain(node.clock, node.clock.seconds() + STYLE.budget_s + 5)
    assert told.called and again.called
    (seconds, _, step), = timed(node)
    assert step == "dial" and STYLE.budget_s <= seconds < STYLE.budget_s + 2


def test_a_clock_that_was_set_back_counts_as_no_time(node):
    dialled = Dialled("s1", MSISDN, "*133#", "", node.core.engine.now() + 60_000)
    run(node.clock, node.core.sessions.step(STYLE, dialled))
    assert timed(node)[0][0] == 0


def test_messages_are_steps_of_their_channel(node):
    core = node.core
    correspondence = EngineCorrespondence(core.engine, core.enquiry, core.limits, STYLE, core.requests, core.movements)
    for number, (channel, text) in enumerate((("sms", "SOS"), ("email", "HELP"), ("sms", "gibberish"))):
        run(node.clock, correspondence.received(
            ShortMessage(channel, f"m{number}", MSISDN, "133", text, core.engine.now() - 500)))
    assert [(channel, step) for _, channel, step in timed(node)] == [("sms", "sos"), ("email", "help"), ("sms", "unknown")]
    assert all(seconds >= 0.5 for seconds, *_ in timed(node))
