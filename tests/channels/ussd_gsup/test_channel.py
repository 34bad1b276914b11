"""The channel between a dialogue and a register that the test plays: sessions, what goes wrong, time and bounds."""

import pytest

from tectonics.channels.ussd_gsup.channel import STOP_S
from tests.channels.peers import Failures
from tests.channels.ussd_gsup.network import ANN, BOB, NOBODY, NUMBERLESS, Network, said
from tests.wire.gsup.octets import (
    BEGIN,
    CONTINUE,
    DIALLED_133,
    END,
    REQUEST,
    RESULT,
    answered,
    asking,
    last_word,
    ss,
)


def menu(text, invoke=1, **of):
    return said(REQUEST, CONTINUE, asking(text, invoke), **of)


def last(text, **of):
    return said(RESULT, END, last_word(text), **of)


@pytest.fixture
def network():
    return Network()


def test_a_whole_session(network):
    assert network.dial() == [menu("*133#")]
    network.clock.advance(1)
    assert network.type("2") == [menu("*133# 2", 2)]
    assert network.type("9", invoke=2) == [last("*133# 2*9")]
    [dialled, typed, confirmed] = network.dialogue.asked
    assert (dialled.msisdn, dialled.code, dialled.text) == ("33600000001", "*133#", "")
    assert dialled.session == typed.session == confirmed.session and ANN in dialled.session
    assert (typed.text, confirmed.text) == ("2", "2*9") and typed.at - dialled.at == 1000
    assert network.requests("ok") == 3 and network.ends() == {"answered": 1}
    assert network.dialogue.over == [] and network.channel.loads()[0] == ("USSD sessions of the HLR", 0, 10_000)


def test_the_dialogue_is_told_how_the_network_speaks(network):
    network.dial()
    [style] = network.dialogue.styles
    assert (style.channel, style.mode, style.septets_max, style.ucs2_max) == ("ussd_gsup", "cumulative", 128, 56)
    assert style.budget_s == 8 and style.session_s == 39


def test_a_longer_code_goes_straight_to_its_screen(network):
    assert network.dial("*133*2*9#") == [last("*133# 2*9")]


def test_sessions_side_by_side(network):
    assert network.dial() == [menu("*133#")]
    assert network.dial(session=8) == [menu("*133#", session=8)]
    assert network.dial(imsi=BOB) == [menu("*133#", imsi=BOB)]
    assert network.type("2", session=8) == [menu("*133# 2", 2, session=8)]
    assert [one.msisdn for one in network.dialogue.asked] == ["33600000001"] * 2 + ["33600000002", "33600000001"]
    assert len({one.session for one in network.dialogue.asked}) == 3


def test_the_same_number_again_is_another_session(network):
    network.dial()
    network.wire.hear(ss(REQUEST, BEGIN, DIALLED_133))
    assert network.heard() == [menu("*133#", 2)], "an answer to the first one's question is none to this"
    first, second = network.dialogue.asked
    assert first.session != second.session
    assert network.dialogue.over == [(first.session, "33600000001")] and network.ends() == {"network": 1}


def test_a_repeated_answer_confirms_nothing_again(network):
    network.dial()
    network.type("7")
    assert network.type("7") == network.type("2") == [], "it is ours to answer: what comes meanwhile belongs to nothing"
    network.dialogue.release()
    assert network.heard() == [menu("*133# 7", 2)]
    assert network.type("7", invoke=1) == []
    assert [one.text for one in network.dialogue.asked] == ["", "7"] and network.requests("bad") == 3


def test_an_empty_answer_is_the_same_request(network):
    network.dial()
    network.wire.hear(ss(REQUEST, CONTINUE, "a20f 020101 300a 02013c 3005 04010f 0400"))
    assert network.heard() == [menu("*133#", 2)]


# --- who it is


@pytest.mark.parametrize("imsi, result", [(NOBODY, "unknown"), (NUMBERLESS, "unknown")])
def test_who_is_not_known_is_told_so(network, imsi, result):
    assert network.dial(imsi=imsi) == [last("Who is it", imsi=imsi)]
    assert network.requests(result) == 1 and network.dialogue.asked == []
    assert network.ends() == {"answered": 1}


def test_a_register_that_cannot_be_asked_is_our_being_busy():
    network = Network(up=False)
    network.connect_gsup()
    network.control.refuse()
    assert network.dial() == []
    network.clock.advance(1)
    network.clock.advance(1)
    assert network.heard() == [last("Very busy")]
    assert network.requests("unavailable") == 1 and network.dialogue.asked == []


def test_a_control_link_that_comes_late_is_waited_for():
    network = Network(up=False)
    network.control.refuse()
    network.connect_gsup()
    assert network.dial() == []
    network.connect_control()
    assert network.heard() == [menu("*133#")]


def test_over_while_the_number_is_looked_up(network):
    network.dial(answer=False)
    network.wire.hear(ss(REQUEST, END))
    network.look_up()
    assert network.heard() == [] and network.dialogue.asked == [] and network.dialogue.over == []
    assert network.requests("late") == 1 and network.ends() == {"network": 1}


@pytest.mark.parametrize("code", ["133", "*#", "hello"])
def test_what_is_no_code_is_told_so(network, code):
    assert network.dial(code) == [last("No such code")]
    assert network.requests("bad") == 1 and network.asking.take() == b""


# --- what goes wrong


def test_what_cannot_be_read_gets_a_text(network):
    network.wire.hear(ss(REQUEST, BEGIN, DIALLED_133.replace("04010f", "040160")))
    assert network.heard() == [last("Dial again")]
    network.dial()
    network.wire.hear(ss(REQUEST, CONTINUE, answered("1").replace("04010f", "040160")))
    assert network.heard() == [last("Dial again")]
    assert network.requests("bad") == 2 and network.ends() == {"refused": 2}
    assert len(network.dialogue.over) == 1


def test_strays_are_counted(network):
    network.wire.hear(ss(REQUEST, CONTINUE, answered("1")) + ss(REQUEST, END) + b"\0\1\xff\0")
    assert network.requests("bad") == 3 and network.heard() == []


def test_a_handset_that_cannot_show_it(network):
    network.dial()
    network.wire.hear(ss(REQUEST, CONTINUE, "a306 020101 020147"))
    assert network.heard() == [last("Dial again")] and network.ends() == {"network": 1}
    assert len(network.dialogue.over) == 1


def test_a_question_that_came_too_late_ends_the_dialogue(network):
    network.dial()
    network.undelivered()
    network.undelivered()
    assert len(network.dialogue.over) == 1 and network.ends() == {"undelivered": 1} and network.requests("bad") == 1
    assert network.dial() == [menu("*133#", 2)]


def test_a_fault_of_ours_is_logged_and_answered(network):
    network.dial()
    with Failures() as failures:
        assert network.dial("*133*666#", session=8) == [last("Very busy", session=8)]
    assert len(failures) == 1 and network.requests("error") == 1
    assert network.type("9") == [last("*133# 9")], "the others go on"


def test_a_screen_that_is_too_long_is_our_fault_and_answered(network):
    with Failures() as failures:
        assert network.dial("*133*8#") == [last("Very busy")]
    assert len(failures) == 1 and network.requests("error") == 1


# --- time


def test_a_silent_subscriber_reads_that_his_session_is_over_before_the_network_forgets_it(network):
    network.dial()
    network.clock.advance(27.9)
    assert network.heard() == [] and network.dialogue.over == []
    network.clock.advance(0.1)
    assert network.heard() == [last("Dial again")]
    assert len(network.dialogue.over) == 1 and network.ends() == {"silent": 1}


def test_a_dialogue_that_breaks_its_promise_does_not_keep_the_subscriber(network):
    network.dial("*133*7#")
    network.clock.advance(28)
    assert network.heard() == [last("Dial again")] and network.ends() == {"late": 1}
    network.dialogue.release()
    assert network.heard() == [] and network.requests("late") == 1


def test_the_time_is_the_configured_one():
    network = Network(session_s=10, name="borrow")
    network.dial()
    network.clock.advance(8)
    assert network.heard() == [last("Dial again")]


# --- connections


def test_a_screen_waits_for_the_link(network):
    network.dial("*133*7#")
    network.dial("*133*7#", session=8)
    network.wire.cut()
    network.dialogue.release()
    network.dialogue.release(more=False)
    network.clock.advance(0.5)
    assert network.connect_gsup() == [menu("*133# 7"), last("*133# 7", session=8)]
    network.wire.cut()
    network.clock.advance(0.5)
    assert network.connect_gsup() == [], "what was said is not said again"
    assert network.type("9") == [last("*133# 7*9")]
    assert network.ends() == {"answered": 2}


def test_a_screen_does_not_wait_longer_than_the_session(network):
    network.dial("*133*7#")
    network.wire.cut()
    network.dialogue.release()
    network.clock.advance(28)
    assert network.connect_gsup() == [] and network.ends() == {"late": 1}


def test_how_the_links_stand_is_shown(network):
    gsup, control = network.channel.shown()
    assert (gsup["name"], gsup["state"], gsup["why"]) == ("HLR gsup", "connected", "")
    network.clock.advance(1)
    network.asking.cut()
    gsup, control = network.channel.shown()
    assert gsup["state"] == "connected" and control["since"] == gsup["since"] + 1000
    assert (control["name"], control["state"]) == ("HLR control", "down") and "cut" in control["why"]


def test_the_number_is_asked_for_as_soon_as_the_register_is_back(network):
    network.asking.cut()
    network.wire.cut()
    for _ in range(6):
        network.clock.advance(16)
        network.control.refuse()
    network.connect_gsup()
    assert network.control.attempts, "at once, and not after its own pause"
    network.connect_control()
    assert network.dial() == [menu("*133#")]


# --- bounds and the end


def test_above_the_bound_of_sessions_we_are_busy():
    network = Network(sessions_max=1)
    network.dial()
    assert network.dial(session=8) == [last("Very busy", session=8)]
    assert network.requests("refused") == 1
    assert network.channel.loads()[0] == ("USSD sessions of the HLR", 1, 1)


def test_a_stop_tells_who_reads_a_menu_and_waits_for_answers_under_way(network):
    network.dial()
    network.dial(session=8)
    network.type("7", session=8)
    stopped = network.channel.stop()
    assert network.heard() == [last("Dial again")] and not stopped.called
    assert network.dial(session=9) == [last("Very busy", session=9)]
    network.dialogue.release(more=False)
    assert stopped.called and not network.wire.open and not network.asking.open
    assert network.heard() == [last("*133# 7", session=8)]
    assert network.ends() == {"stopped": 2, "answered": 1} and network.clock.getDelayedCalls() == []


def test_a_menu_that_comes_while_we_stop_is_not_shown(network):
    network.dial("*133*7#")
    stopped = network.channel.stop()
    network.dialogue.release()
    assert network.heard() == [last("Dial again")] and stopped.called


def test_a_stop_waits_only_a_moment(network):
    network.dial("*133*7#")
    stopped = network.channel.stop()
    network.clock.advance(STOP_S)
    assert stopped.called and network.heard() == [last("Dial again")]
    network.dialogue.release()
    assert network.clock.getDelayedCalls() == []


def test_a_stop_before_anything_is_connected():
    network = Network(up=False)
    assert network.channel.stop().called and network.clock.getDelayedCalls() == []
    assert network.gsup.attempts == network.control.attempts == []
