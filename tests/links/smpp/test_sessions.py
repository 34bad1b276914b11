"""Sessions come, stay and come back: back-off, bind types, alarms, full transports, peers that say the wrong thing."""

import pytest

from tectonics.links.smpp.account import DOWN_S
from tectonics.links.smpp.binds import Binds, _nobody_listens
from tectonics.links.smpp.outcome import Accepted
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    Outbind,
    SubmitSmResp,
)
from tectonics.wire.smpp.status import Status
from tests.links.smpp.memory import Memory


def test_waits_longer_with_each_attempt_in_vain():
    memory = Memory({"reconnect_s": 1})
    memory.listens = False
    memory.start()
    memory.pass_time(200)
    pauses = [round(later - earlier) for earlier, later in zip(memory.attempts, memory.attempts[1:], strict=False)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_chance_takes_up_to_half_of_the_pause_away():
    memory = Memory({"reconnect_s": 8}, jitter=0.75)
    memory.listens = False
    memory.start()
    memory.pass_time(20)
    assert memory.attempts == pytest.approx([0, 5, 15], abs=0.1)


def test_a_session_that_has_lasted_begins_the_pauses_anew():
    memory = Memory({"reconnect_s": 1, "response_s": 600, "enquire_s": 3600}).start()
    for steady_s, pause_s in ((1, 1), (1, 2), (1, 4), (11, 1), (11, 1)):
        memory.pass_time(steady_s)
        lost_at = memory.clock.seconds()
        memory.only.lose()
        memory.pass_time(pause_s + 0.1)
        assert memory.attempts[-1] == pytest.approx(lost_at + pause_s, abs=0.06) and memory.binds.bound == 1


@pytest.mark.parametrize("bind, pdu", [("transceiver", BindTransceiver), ("transmitter", BindTransmitter),
                                       ("receiver", BindReceiver)])
def test_binds_as_it_is_told(bind, pdu):
    memory = Memory({"bind": bind, "system_id": "me", "system_type": "VMA"})
    memory.lets_in = False
    memory.start()
    asked = memory.only.events[0].bind
    assert (type(asked), asked.system_id, asked.system_type, asked.interface_version) == (pdu, "me", "VMA", 0x34)


def test_a_peer_that_does_not_answer_the_bind_is_left():
    memory = Memory()
    memory.lets_in = False
    memory.start()
    memory.pass_time(30.1)
    assert memory.connections == [] and memory.binds.shown()[0]["why"] == "BindTransceiver was not answered"


def test_a_name_that_does_not_fit_is_our_fault_at_once():
    with pytest.raises(Unsendable):
        memory = Memory()
        Binds(memory.accounts, lambda address: None, memory.clock, memory.metrics, memory.alarms,
              passwords={"a": "longer than eight"}, channel="x")


def test_an_alarm_while_no_session_is_bound():
    memory = Memory({"sessions": 2})
    memory.listens = False
    memory.start()
    memory.pass_time(DOWN_S - 0.1)
    assert memory.alarmed() == []
    memory.pass_time(0.2)
    assert memory.alarmed() == ["bind_down:a"] and "nobody there" in memory.alarms.active()[0].text
    memory.listens = True
    memory.pass_time(20)
    assert memory.alarmed() == [] and memory.binds.bound == 2 and memory.counted("bound") == {"a": 2}
    memory.connections[0].lose()
    memory.pass_time(2)
    memory.listens = False
    memory.connections[0].lose()
    memory.pass_time(DOWN_S)
    assert memory.alarmed() == [], "one is bound"


def test_no_alarm_for_a_short_loss_nor_for_a_stop():
    memory = Memory({"reconnect_s": 1}).start()
    memory.only.lose()
    memory.pass_time(2)
    assert memory.binds.bound == 1
    memory.pass_time(DOWN_S)
    memory.binds.stop()
    memory.exchange()
    memory.pass_time(DOWN_S)
    assert memory.alarmed() == [] and memory.clock.getDelayedCalls() == []


def test_asks_a_silent_peer_and_leaves_it():
    memory = Memory({"enquire_s": 10, "response_s": 2}).start()
    memory.pass_time(60)
    assert memory.attempts == [0], "it answers"
    memory.only.session.receive = lambda data, now: []
    while memory.connections:
        memory.pass_time(0.1)
    assert memory.clock.seconds() == pytest.approx(66, abs=6.2) and memory.binds.shown()[0]["why"] == "the peer is silent"


def test_says_nothing_and_hears_nothing_while_its_transport_is_full():
    memory = Memory({"window": 10}).start()
    connection = memory.only
    connection.protocol.pauseProducing()
    outcomes = memory.send("1")
    assert connection.submitted == [] and connection.transport.producerState == "producing", "TLS may have to read"
    connection.say(encode(DeliverSm(sequence=1)))
    assert connection.transport.producerState == "paused"
    connection.protocol.resumeProducing()
    memory.exchange()
    assert connection.transport.producerState == "producing" and connection.submitted == [b"1"]
    connection.answer()
    assert outcomes == [Accepted("a", "1")]


def test_what_has_no_place_is_counted_and_left():
    memory = Memory().start()
    memory.only.say(encode(Outbind("x", "y")) + encode(AlertNotification()) + encode(SubmitSmResp(sequence=77)))
    assert memory.binds.bound == 1
    assert memory.counted("misplaced_total") == {"a,outbind": 1, "a,alert_notification": 1, "a,submit_sm_resp": 1}


def test_a_transmitter_is_not_delivered_to():
    memory = Memory({"bind": "transmitter"}).start()
    memory.only.say(encode(DeliverSm(sequence=7)))
    assert memory.heard == [] and memory.counted("misplaced_total") == {"a,deliver_sm": 1}


def test_a_fault_of_the_channel_is_an_alarm_and_the_session_goes_on(no_fault_in_the_log):
    memory = Memory()
    memory.binds.heard = lambda peer, request: 1 / 0
    memory.binds.late = lambda *what: 1 / 0
    memory.start()
    memory.only.session.send(DeliverSm(short_message=b"hi"), None, 0.0)
    memory.exchange()
    assert memory.only.events[-1].answer.status == Status.RX_T_APPN
    assert memory.alarmed() == ["internal_fault:a"] and memory.binds.bound == 1
    memory.send("1")
    memory.pass_time(31)
    memory.only.answer()
    assert [failure.type for failure in no_fault_in_the_log] == [ZeroDivisionError] * 2 and memory.binds.bound == 1
    no_fault_in_the_log.clear()


def test_without_a_listener_the_peer_is_told_to_try_later():
    memory = Memory()
    memory.binds.heard = _nobody_listens
    memory.start()
    memory.only.session.send(DeliverSm(short_message=b"hi"), None, 0.0)
    memory.exchange()
    assert memory.only.events[-1].answer.status == Status.RX_T_APPN


def test_sessions_are_shown():
    memory = Memory({"sessions": 2, "window": 5}).start()
    memory.send("1")
    shown = memory.binds.shown()
    assert [(one["account"], one["session"], one["state"], one["window"], one["used"], one["queue"]) for one in shown] == [
        ("a", "a/1", "bound_trx", 5, 1, 0), ("a", "a/2", "bound_trx", 5, 0, 0)]


def test_a_bind_may_be_refused_and_tried_again():
    memory = Memory({"reconnect_s": 1})
    memory.lets_in = False
    memory.start()
    memory.only.session.refuse(memory.only.events[0].bind, Status.RALYBND)
    memory.exchange()
    assert memory.binds.shown()[0] | {"since": 0} == {
        "account": "a", "session": "a/1", "address": "tcp:a:1", "state": "waiting", "since": 0, "window": 2, "used": 0,
        "why": "the bind was refused: ESME_RALYBND", "paused": False, "queue": 0}
    memory.lets_in = True
    memory.pass_time(1.1)
    assert memory.binds.bound == 1
