"""The channel between fakes: whole sessions in each dialect, repetitions, aborts, bounds, what goes wrong."""

from dataclasses import replace

import pytest

from tectonics.channels.ussd_smpp.channel import WORTHLESS_S
from tectonics.channels.ussd_smpp.line import home
from tectonics.config.smpp import SmppAccount
from tectonics.domain.commands import REPLY
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.wire.smpp.pdus import DataSm, QuerySm, message_octets
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv
from tests.channels.peers import Failures
from tests.channels.ussd_smpp.speaking import (
    MSISDN,
    SHIPPED,
    House,
    its,
    op,
    reference,
    said,
    shipped,
)


def joined(name, unit):
    """What joins the PDUs of a session in that dialect."""
    return {"standard": (its(7, unit),), "its-session-only": (its(7, 9),), "reference-correlated": (reference(7),),
            "source-only": ()}[name]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_whole_session_in_each_dialect(name):
    house = House(name)
    assert house.hear(said("*133*5#", op(1), *joined(name, 0), to="*133*5#", sequence=1)) == Status.ROK
    house.hear(said("2", op(18), *joined(name, 2), sequence=2))
    house.hear(said("99", op(18), *joined(name, 4), sequence=3))
    assert [message_octets(pdu).decode() for pdu, *_ in house.binds.submitted] == ["menu 5", "menu 2", "end 99"]
    assert len({(dialled.session, dialled.msisdn, dialled.code) for _, dialled in house.dialogue.asked}) == 1
    steps = [dialled.step for _, dialled in house.dialogue.asked]
    assert steps == ([0, 2, 4] if name == "standard" else [None] * 3)
    style = house.dialogue.asked[0][0]
    assert (style.channel, style.mode, style.counted) == ("ussd_smpp", "last", name == "standard")
    assert (house.counted("ok"), house.counted("accepted")) == (3, 3)


def test_a_screen_goes_over_the_connection_of_its_request_in_time_and_first():
    house = House()
    house.hear(said("*133#", op(1), its(7, 0)))
    other = house.connection("gw/2")
    house.hear(said("1", op(18), its(7, 1), sequence=2), other)
    (_, priority, until_s, account, session), (_, *_, second) = house.binds.submitted
    assert (priority, account, session, second) == (REPLY, "gw", house.peer, other)
    assert until_s == house.clock.seconds() + WORTHLESS_S


def test_it_is_answered_at_once_and_the_screen_comes_later():
    house = House()
    house.dialogue.hold = True
    assert house.hear(said("*133#", op(1), its(7, 0))) == Status.ROK
    assert house.screens == [] and ("ussd_smpp steps", 1, 4000) in house.channel.loads()
    house.clock.advance(3)
    house.dialogue.held[0].callback(None)
    assert house.screens == ["menu"]
    assert house.binds.submitted[0][2] == pytest.approx(house.clock.seconds() - 3 + WORTHLESS_S, abs=0.01)


def test_parallel_sessions_of_one_person():
    house = House()
    for correlator in (7, 8):
        house.hear(said("*133#", op(1), its(correlator, 0)))
    for correlator, typed in ((7, "1"), (8, "2")):
        house.hear(said(typed, op(18), its(correlator, 2)))
    assert house.screens == ["menu", "menu", "menu 1", "menu 2"]
    first, second, third, fourth = [dialled.session for _, dialled in house.dialogue.asked]
    assert (first, second) == (third, fourth) and first != second


def test_the_same_correlator_another_day_is_another_session():
    house = House("source-only")
    for _ in range(2):
        house.hear(said("*133#", op(1)))
        house.hear(said("99", op(18)))
    ids = [dialled.session for _, dialled in house.dialogue.asked]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_dialling_anew_ends_the_session_before():
    house = House("source-only")
    house.dialogue.hold = True
    house.hear(said("*133#", op(1)))
    house.hear(said("*133*2#", op(1)))
    [(first, msisdn)] = house.dialogue.over
    assert first == house.dialogue.asked[0][1].session and msisdn == MSISDN
    for held in house.dialogue.held:
        held.callback(None)
    assert [message_octets(pdu) for pdu, *_ in house.binds.submitted] == [b"menu 2"]
    assert house.counted("unheard") == 1


@pytest.mark.parametrize("counted", [True, False])
def test_a_doubled_pdu_is_served_once(counted):
    house = House("standard" if counted else "reference-correlated")
    name = house.dialect.name
    for text, unit, kind in (("*133#", 0, 1), ("1", 2, 18), ("99", 4, 18)):
        pdu = said(text, op(kind), *joined(name, unit), sequence=unit + 1)
        assert [house.hear(pdu), house.hear(pdu)] == [Status.ROK, Status.ROK]
    assert house.dialogue.texts == ["", "1", "99"] and house.counted("dropped") == 3


def test_a_repetition_gets_the_screen_again_only_where_it_may_not_have_arrived():
    house = House()
    house.binds.outcome = Lost("gw", "no answer")
    house.hear(said("*133#", op(1), its(7, 0)))
    house.binds.outcome = Accepted("gw", "1")
    over = house.connection()
    for _ in range(3):
        house.hear(said("*133#", op(1), its(7, 0)), over)
    assert house.screens == ["menu", "menu"] and (house.counted("repeated"), house.counted("dropped")) == (1, 2)
    first, second = (dialled for _, dialled in house.dialogue.asked)
    assert (first.session, first.step) == (second.session, second.step)


def test_the_last_screen_that_was_lost_is_asked_for_again():
    house = House()
    house.hear(said("*133#", op(1), its(7, 0)))
    house.binds.outcome = Unsent("the queue is full")
    house.hear(said("99", op(18), its(7, 2), sequence=2))
    house.binds.outcome = Accepted("gw", "1")
    house.hear(said("99", op(18), its(7, 2), sequence=9), house.connection())
    assert house.screens == ["menu", "end 99", "end 99"]
    assert house.dialogue.asked[1][1].step == house.dialogue.asked[2][1].step == 2
    house.hear(said("99", op(18), its(7, 2), sequence=10))
    assert len(house.screens) == 3


def test_a_late_pdu_moves_nothing():
    house = House()
    for text, unit, kind in (("*133#", 0, 1), ("1", 2, 18), ("2", 4, 18)):
        house.hear(said(text, op(kind), its(7, unit)))
    house.hear(said("1", op(18), its(7, 2), sequence=8))
    assert house.dialogue.texts == ["", "1", "2"]


def test_an_input_without_its_session_is_told_politely():
    house = House()
    assert house.hear(said("1", op(18), its(7, 2))) == Status.ROK
    assert house.screens == ["session.gone"] and house.dialogue.asked == []
    assert house.last.tlv(Tag.USSD_SERVICE_OP) == 17 and house.last.tlv(Tag.ITS_SESSION_INFO).ends
    assert house.counted("gone") == 1


def test_a_session_that_slept_too_long_is_gone():
    house = House()
    house.hear(said("*133#", op(1), its(7, 0)))
    house.clock.advance(180)
    house.hear(said("1", op(18), its(7, 2)))
    assert house.screens == ["menu", "session.gone"]


def test_what_is_no_code():
    house = House()
    house.hear(said("hello", op(1), its(7, 0)))
    assert house.screens == ["code.unknown"] and house.dialogue.asked == [] and len(house.channel._table) == 0


def test_who_hangs_up_ends_the_dialogue():
    house = House()
    house.hear(said("*133#", op(1), its(7, 0)))
    house.hear(said("", op(129), its(7, 1)))
    assert house.dialogue.over == [(house.dialogue.asked[0][1].session, MSISDN)]
    house.hear(said("", op(129), its(7, 1)))
    assert len(house.dialogue.over) == 1 and house.counted("ended") == 1


def test_who_hangs_up_while_he_is_answered_is_not_answered():
    house = House()
    house.dialogue.hold = True
    house.hear(said("*133#", op(1), its(7, 0)))
    house.hear(said("", op(18), its(7, 1, ends=True)))
    house.dialogue.held[0].callback(None)
    assert house.screens == [] and house.counted("unheard") == 1


def test_a_menu_that_the_gateway_refuses_ends_the_session():
    house = House()
    house.binds.outcome = Rejected("gw", Status.RSUBMITFAIL)
    house.hear(said("*133#", op(1), its(7, 0)))
    assert len(house.dialogue.over) == 1 and house.counted("rejected") == 1
    house.binds.outcome = Accepted("gw", "1")
    house.hear(said("1", op(18), its(7, 2), sequence=2))
    assert house.screens[-1] == "session.gone"


def test_an_answer_that_comes_after_the_next_input_changes_nothing():
    house = House()
    house.binds.hold = True
    house.hear(said("*133#", op(1), its(7, 0)))
    house.hear(said("1", op(18), its(7, 2), sequence=2))
    house.binds.held[0].callback(Lost("gw", "not answered in time"))
    house.hear(said("1", op(18), its(7, 2), sequence=2))
    assert house.dialogue.texts == ["", "1"] and house.counted("lost") == 1


def test_above_the_bound_a_gateway_is_told_to_slow_down():
    house = House(steps_max=2)
    house.dialogue.hold = True
    for correlator in (1, 2):
        assert house.hear(said("*133#", op(1), its(correlator, 0))) == Status.ROK
    assert house.hear(said("*133#", op(1), its(3, 0))) == Status.RTHROTTLED
    assert house.hear(said("", op(129), its(1, 1))) == Status.ROK  # but it may hang up
    house.dialogue.held[0].callback(None)
    assert house.hear(said("*133#", op(1), its(3, 0))) == Status.ROK
    assert house.counted("refused") == 1


def test_sessions_are_bounded_and_the_forgotten_ones_are_ended():
    house = House(sessions_max=3)
    for correlator in range(5):
        house.hear(said("*133#", op(1), its(correlator, 0)))
    assert len(house.dialogue.over) == 2
    sessions = {name: (depth, bound) for name, depth, bound in house.channel.loads()}
    assert sessions["ussd_smpp sessions"] == (3, 6)


def test_cumulative_inputs_stand_behind_those_that_were_dialled():
    house = House(replace(shipped("reference-correlated"), input="cumulative", code_in="short_message"))
    for text, kind in (("*133*5#", 1), ("1", 18), ("1*2", 18), ("*133*5*1*2*3#", 18)):
        house.hear(said(text, op(kind), reference(7)))
    assert house.dialogue.texts == ["5", "5*1", "5*1*2", "5*1*2*3"]
    assert house.dialogue.asked[0][0].mode == "cumulative"


def test_what_is_not_understood_is_answered_so():
    house = House()
    assert house.hear(said("1", op(77))) == Status.RINVOPTPARAMVAL
    assert house.hear(QuerySm(sequence=1)) == Status.RINVCMDID
    assert house.hear(said("id:1", esm_class=4)) == Status.ROK
    assert (house.counted("bad"), house.counted("ignored"), house.binds.submitted) == (2, 1, [])


def test_data_sm_is_served_alike():
    house = House()
    payload = Tlv(Tag.MESSAGE_PAYLOAD, b"*133#")
    assert house.hear(DataSm(source_addr=MSISDN, destination_addr="133", tlvs=(op(1), its(1, 0), payload))) == Status.ROK
    assert house.screens == ["menu"] and house.last.source_addr == "133"


def test_a_fault_of_ours_is_logged_and_the_next_session_is_served():
    house = House()
    with Failures() as failures:
        house.hear(said("*133#", op(1), its(7, 0)))
        house.hear(said("raise", op(18), its(7, 1), sequence=2))
        assert len(failures) == 1 and house.counted("error") == 1
        assert house.screens == ["menu", "busy"] and len(house.channel._table) == 0
        house.hear(said("*133#", op(1), its(7, 0), sequence=4))
        house.dialogue.ended = None
        house.hear(said("", op(129), its(7, 2)))
    assert len(failures) == 2 and house.counted("error") == 2
    house.hear(said("*133#", op(1), its(8, 0)))
    assert house.screens == ["menu", "busy", "menu", "menu"]


@pytest.mark.parametrize("finishes", [True, False])
def test_a_stop_waits_a_little_for_steps_under_way(finishes):
    house = House()
    house.dialogue.hold = True
    house.hear(said("*133#", op(1), its(7, 0)))
    stopped = []
    house.channel.stop().addCallback(stopped.append)
    assert house.hear(said("*133#", op(1), its(8, 0))) == Status.RTHROTTLED
    assert stopped == [] and house.binds.running
    if finishes:
        house.dialogue.held[0].callback(None)
        house.clock.advance(0)
        assert house.screens == ["menu"]
    else:
        house.clock.advance(10)
    assert stopped == [None] and not house.binds.running


def test_a_receiver_and_its_transmitter_are_one_gateway():
    rx = SmppAccount(name="rx", address="tcp:h:1", system_id="a", bind="receiver")
    tx = SmppAccount(name="tx", address="tcp:h:1", system_id="a", bind="transmitter")
    other = SmppAccount(name="other", address="tcp:h:2", system_id="a")
    assert [home(one, (rx, tx, other)) for one in (rx, tx, other)] == ["rx", "rx", "other"]
