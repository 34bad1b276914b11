"""Sessions under stress: time-outs, overload, a store that hangs, gateways that misbehave."""

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tectonics.domain.errors import OurFault
from tectonics.domain.screens import Dialled
from tectonics.engine.admission import Admission
from tectonics.engine.pace import Limits
from tectonics.engine.sessions import ENDED_S, STEPS_MAX
from tests.engine.world import STYLE, build, drain, run, settle
from tests.workflows.world import MSISDN


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def step(node, text="", **more):
    return run(node.clock, node.dial(text, **more))


def test_a_session_that_slept_too_long_begins_anew(node):
    step(node)
    drain(node.clock, node.clock.seconds() + STYLE.session_s + 1)
    assert step(node, "2").text.startswith("confirm 2.00")  # replayed from the start, like a direct code
    drain(node.clock, node.clock.seconds() + STYLE.session_s + 1)
    assert step(node, "2*1").text.startswith("confirm 2.00")  # up to the confirmation, never through it
    drain(node.clock, node.clock.seconds() + STYLE.session_s + 1)
    assert step(node, "2*2*1").text.startswith("confirm 1.00")  # back from it, and to another


def test_an_old_step_that_comes_late_moves_nothing(node):
    counted = replace(STYLE, mode="last", counted=True)
    shown = step(node, "7", style=counted, step=5)  # after a restart nothing before it is known
    assert shown.more and "2.00" in shown.text
    assert step(node, "2", style=counted, step=4).text == "session.gone"
    assert step(node, "1", style=counted, step=6).text.startswith("confirm 1.00")  # chosen, not agreed to


def test_steps_of_an_expired_session_that_come_again_choose_and_never_confirm(node):
    counted = replace(STYLE, mode="last", counted=True)
    drain(node.clock, node.clock.seconds() + STYLE.session_s + 1)
    assert step(node, "2", style=counted, step=2).text.startswith("confirm 2.00")
    assert step(node, "1", style=counted, step=5).text.startswith("wrong.again")


def test_the_end_of_session_event_forgets_the_menu(node):
    step(node)
    node.core.sessions.ended(STYLE, "s1", MSISDN)
    assert step(node, "2").text == "session.gone"
    node.core.sessions.ended(STYLE, "never heard of", MSISDN)


def test_under_overload_a_dial_is_told_busy_and_a_running_session_goes_on(node):
    step(node)
    node.core.sessions._limits = Limits(dialogues_max=1, dispatch_max=10)
    node.core.engine.dispatching += 5
    assert step(node, session="new").text == "busy"
    assert step(node, "2").text.startswith("confirm")
    node.core.engine.dispatching += 5
    assert step(node, "2*1").text == "busy"
    node.core.engine.dispatching -= 10
    assert step(node, "2*1").text.startswith("result.granted")


def test_snapshots_are_bounded_and_the_oldest_goes(node):
    node.core.sessions._limits = Limits(sessions_max=3)
    for n in range(5):
        step(node, session=f"s{n}", msisdn=f"3360000010{n}")
    assert len(node.core.sessions) <= 4


def test_what_has_ended_is_kept_apart_and_answers_the_same(node):
    first = step(node)
    step(node, "1")
    granted = step(node, "1*1")
    assert granted.text.startswith("result.granted")
    assert (len(node.core.sessions._sessions), len(node.core.sessions._ended)) == (0, 1)
    assert (step(node), step(node, "1*1")) == (first, granted)
    node.core.sessions._ended.clear()
    assert step(node, "1*1") == granted  # from the trigger's row


def test_what_has_ended_is_forgotten_after_a_minute(node):
    for text in ("", "1", "1*1"):
        step(node, text)
    drain(node.clock, node.clock.seconds() + ENDED_S - 1)
    step(node, session="another")
    assert [session for _, session, _ in node.core.sessions._ended] == ["s1", "another"]
    drain(node.clock, node.clock.seconds() + 2)
    step(node, session="one more")
    assert [session for _, session, _ in node.core.sessions._ended] == ["another", "one more"]


def test_a_store_that_hangs_is_answered_within_the_budget(node):
    node.files.store.load = lambda *a, **k: Deferred()
    begun, screens = node.clock.seconds(), []
    node.dial().addCallback(screens.append)
    drain(node.clock, begun + 9.9)
    assert [s.text for s in screens] == ["busy"]


def broken(*args, **more):
    failed = Deferred()
    failed.errback(OurFault("no disk"))
    return failed


def test_a_store_that_fails_is_answered_at_once(node):
    node.files.store.load = broken
    assert step(node).text == "busy"


@pytest.mark.parametrize("delay_s, told", [(2, "result.granted"), (60, "result.pending")])
def test_who_has_agreed_is_not_told_busy_when_the_store_goes_away(node, delay_s, told):
    step(node)
    step(node, "2")
    billing, screens = node.ledger.billing, []
    credit = billing.credit
    billing.credit = lambda command: deferLater(node.clock, delay_s, credit, command)
    node.dial("2*1").addCallback(screens.append)
    drain(node.clock, node.clock.seconds() + 0.1)
    load, node.files.store.load = node.files.store.load, broken
    drain(node.clock, node.clock.seconds() + 1)
    assert screens == []
    if told == "result.granted":
        node.files.store.load = load
    drain(node.clock, node.clock.seconds() + 9)
    assert [screen.text.split()[0] for screen in screens] == [told]


def test_another_step_while_one_is_running_is_busy_and_changes_nothing(node):
    step(node)
    step(node, "2")
    first, second = node.dial("2*1"), node.dial("2*2")
    assert run(node.clock, second).text == "busy"
    assert run(node.clock, first).text.startswith("result.granted")


def test_a_code_that_is_not_served(node):
    dialled = Dialled("s", MSISDN, "*999#", "", node.core.engine.now())
    assert run(node.clock, node.core.sessions.step(STYLE, dialled)).text == "code.unknown"


def test_a_session_has_an_end(node):
    text = ""
    step(node)
    for n in range(STEPS_MAX + 2):
        text = f"{text}*{1 + n % 2}" if text else "1"
        screen = step(node, text)
        if not screen.more:
            break
        if screen.text.startswith("confirm"):
            text += "*2"
            step(node, text)
    else:
        raise AssertionError("the session never ended")


def test_the_other_subscribers_session_is_not_mine(node):
    step(node)
    assert step(node, "2*1", msisdn="33600000099").text.startswith("refused.unknown_subscriber")


def test_dials_that_wait_for_a_silent_billing_system_are_bounded(node):
    node.core.sessions._limits = Limits(dialogues_max=3)
    node.ledger.billing.set_faults(hang_balance=True)
    answers = [node.dial(session=f"s{n}") for n in range(5)]
    assert [run(node.clock, a).text for a in answers[3:]] == ["busy", "busy"]
    assert {run(node.clock, a).text for a in answers[:3]} == {"refused.billing_unavailable"}


def test_beyond_what_is_admitted_a_dial_is_told_busy_and_counted(node):
    node.core.sessions._admission = Admission(1, 50)
    node.ledger.billing.set_faults(hang_balance=True)
    first = node.dial(session="first")
    assert step(node, session="second").text == "busy"
    assert node.metrics.counts["tectonics_shed_total", ("dial",)] == 1
    assert run(node.clock, first).text == "refused.billing_unavailable"


def test_while_dials_are_turned_away_what_is_lent_is_still_confirmed_and_paid_back(node):
    step(node)
    step(node, "2")
    node.core.sessions._admission = Admission(0, 50)
    assert step(node, session="another").text == "busy"
    assert step(node, "2*1").text.startswith("result.granted")
    assert run(node.clock, node.recharge()) == "OK"
    settle(node, 10)
    assert node.metrics.counts["tectonics_recoveries_total", ("full",)] == 1


def test_admission_hears_how_long_a_decision_takes_without_the_billing_system(node):
    store, billing, heard = node.files.store, node.ledger.billing, []
    commit, credit = store.commit, billing.credit
    store.commit = lambda unit: deferLater(node.clock, 0.25, commit, unit)
    billing.credit = lambda command: deferLater(node.clock, 3, credit, command)
    node.core.sessions._admission.decided = lambda took_s, now: heard.append(took_s)
    step(node)
    step(node, "2")
    assert step(node, "2*1").text.startswith("result.granted")
    assert heard == [pytest.approx(0.25)]


def test_nobody_is_left_waiting_for_an_answer(node):
    from twisted.internet.defer import gatherResults
    waiting = node.core.sessions._answers
    for n, text in enumerate(("2", "2*1", "2*1")):
        run(node.clock, gatherResults([node.dial(text) for _ in range(n + 1)]))
    node.core.sessions._sessions.clear()
    assert step(node, "2*1").text.startswith("result.granted")
    node.core.sessions._sessions.clear()
    step(node, "1", session="t")
    assert len(waiting) == 0 and not waiting._waiting
