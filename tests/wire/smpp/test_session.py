"""An ESME's session and its window against octets: bind, requests and their answers, late ones, the end."""

import pytest

from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import SEQUENCE_MAX
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import (
    Answered,
    BindRefused,
    Bound,
    Closed,
    Faulty,
    Misplaced,
    Stray,
    Told,
    Unanswered,
)
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.pdus import (
    PDUS,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitterResp,
    DataSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from tectonics.wire.smpp.session import NotAllowed
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.window import LATE_MAX, WindowFull
from tests.wire.smpp.ends import BINDS, LIMITS, esme, hear, smsc, taken


@pytest.mark.parametrize(("state", "made"), BINDS.items())
def test_binding(state, made):
    session = Esme(0.0, LIMITS)
    session.bind(made("me", "secret"), 0.0)
    assert taken(session) == [made("me", "secret", sequence=1)]
    answer = PDUS[made.command | 0x80000000]("sm", sequence=1)
    assert hear(session, answer) == [Bound(answer)]
    assert session.state == state


@pytest.mark.parametrize("answer", [BindTransceiverResp(status=Status.RINVPASWD, sequence=1),
                                    GenericNack(status=Status.RINVPASWD, sequence=1)])
def test_a_bind_that_is_refused_may_be_tried_again(answer):
    session = esme(states.BINDING)
    assert hear(session, answer) == [BindRefused(Status.RINVPASWD)]
    session.bind(BindTransceiver("me", "other"), 1.0)
    assert taken(session)[0].sequence == 2


def test_the_answer_to_another_bind_is_not_ours():
    session = esme(states.BINDING)
    answer = BindTransmitterResp("sm", sequence=1)
    assert hear(session, answer) == [Stray(answer)]
    assert session.state == states.BINDING


def test_a_bind_that_is_not_answered():
    session = esme(states.BINDING, now=100.0)
    assert session.due_at == 130.0
    assert session.due(129.9) == []
    assert session.due(130.0) == [Closed("BindTransceiver was not answered")]
    assert (session.state, session.due_at) == (states.CLOSED, None)


def test_an_esme_binds_once():
    with pytest.raises(NotAllowed, match="BindTransceiver is not for an ESME that is bound_trx"):
        esme().bind(BindTransceiver("me"), 0.0)


def test_unbinding_waits_for_what_is_under_way():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    assert session.unbind(1.0) == []
    assert session.unbind(2.0) == []
    assert [type(pdu) for pdu in taken(session)] == [SubmitSm, Unbind]
    with pytest.raises(NotAllowed):
        session.send(SubmitSm(), "b", 2.0)
    events = hear(session, SubmitSmResp("1", sequence=2), UnbindResp(sequence=3))
    assert [type(event) for event in events] == [Answered, Closed]


def test_an_unbind_that_is_not_answered():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    session.unbind(1.0)
    assert [type(event) for event in session.due(11.0)] == [Unanswered, Closed]


def test_a_full_window_can_still_unbind():
    session = esme()
    for token in range(3):
        session.send(SubmitSm(), token, 0.0)
    session.unbind(0.0)
    assert type(taken(session)[-1]) is Unbind


def test_who_is_not_bound_just_closes():
    assert esme(states.OPEN).unbind(0.0) == [Closed("unbound")]


@pytest.mark.parametrize("state", [states.BOUND_TX, states.BOUND_TRX, states.UNBINDING])
def test_the_peer_unbinds(state):
    session = esme(state)
    assert hear(session, Unbind(sequence=5), EnquireLink(sequence=6)) == [Closed("unbound by the peer")]
    assert taken(session) == [UnbindResp(sequence=5)]


def test_the_peer_unbinds_before_it_was_bound():
    session = smsc(states.OPEN)
    assert [type(event) for event in hear(session, Unbind(sequence=5))] == [Misplaced]
    assert taken(session) == [UnbindResp(sequence=5, status=Status.RINVBNDSTS)]


def test_an_outbind_is_told():
    notice = Outbind("sm", "secret", sequence=1)
    assert hear(esme(states.OPEN), notice) == [Told(notice)]


def test_requests_are_numbered_and_answered_in_any_order():
    session = esme()
    numbers = [session.send(SubmitSm(), token, 0.0) for token in "abc"]
    assert numbers == [2, 3, 4] == [pdu.sequence for pdu in taken(session)]
    events = hear(session, SubmitSmResp("z", sequence=4), SubmitSmResp(status=Status.RTHROTTLED, sequence=2))
    assert [(event.token, event.answer.status, event.late) for event in events] == [
        ("c", Status.ROK, False), ("a", Status.RTHROTTLED, False)]
    assert session.room == 2


def test_the_window_is_full_and_has_room_again():
    session = esme()
    for token in range(3):
        session.send(SubmitSm(), token, 0.0)
    session.take()
    with pytest.raises(WindowFull, match="3 requests wait"):
        session.send(SubmitSm(), "x", 0.0)
    assert (session.room, session.take()) == (0, b"")
    hear(session, SubmitSmResp("1", sequence=3))
    assert session.send(SubmitSm(), "x", 0.0) == 6


def test_what_cannot_be_sent_takes_no_room():
    session = esme()
    with pytest.raises(Unsendable):
        session.send(SubmitSm(short_message=bytes(255)), "x", 0.0)
    assert (session.room, session.take()) == (3, b"")


def test_a_late_answer_is_known_for_what_it_is():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    session.send(SubmitSm(), "b", 5.0)
    assert session.due_at == 10.0
    assert [(event.token, event.why) for event in session.due(10.0)] == [("a", "not answered in time")]
    assert session.room == 2
    answer = SubmitSmResp("1", sequence=2)
    events = hear(session, answer, answer, now=60.0)
    assert [type(event) for event in events] == [Answered, Stray]
    assert (events[0].token, events[0].late) == ("a", True)


def test_the_oldest_late_one_is_forgotten_first():
    session = esme()
    for number in range(LATE_MAX + 1):
        session.send(SubmitSm(), number, number * 20.0)
        session.due(number * 20.0 + 10)
        hear(session, EnquireLink(sequence=1), now=number * 20.0 + 10)
    first, second = 2, 3
    events = hear(session, SubmitSmResp("1", sequence=first), SubmitSmResp("1", sequence=second))
    assert [type(event) for event in events] == [Stray, Answered]


def test_numbers_begin_again_and_pass_over_what_waits():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    session._window._last = SEQUENCE_MAX - 1
    assert [session.send(SubmitSm(), token, 0.0) for token in "bc"] == [SEQUENCE_MAX, 1]
    hear(session, SubmitSmResp("1", sequence=1))
    assert session.send(SubmitSm(), "d", 0.0) == 3


@pytest.mark.parametrize("answer", [DeliverSmResp(sequence=2), EnquireLinkResp(sequence=99), SubmitSmResp("1", sequence=1),
                                    SubmitSmResp("1", sequence=0), UnbindResp(sequence=2), GenericNack(sequence=0)])
def test_an_answer_to_nothing_changes_nothing(answer):
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    assert hear(session, answer) == ([] if isinstance(answer, EnquireLinkResp) else [Stray(answer)])
    assert session.room == 2


def test_a_generic_nack_answers_any_request():
    session = esme()
    session.send(DataSm(), "a", 0.0)
    event, = hear(session, GenericNack(sequence=2, status=Status.RINVCMDID))
    assert (event.token, event.answer.status) == ("a", Status.RINVCMDID)


def test_an_answer_that_cannot_be_read_settles_nothing():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    faulty, event = session.receive(bytes.fromhex("00000011 80000004 00000000 00000002 31"), 0.0)
    assert isinstance(faulty, Faulty)
    assert (event.token, event.why) == ("a", "unreadable answer: message_id is not ended within 65 octets")
    assert taken(session)[1:] == []


def test_what_waits_is_unanswered_when_the_connection_is_lost():
    session = esme()
    session.send(SubmitSm(), "a", 0.0)
    assert [type(event) for event in session.close("connection lost")] == [Unanswered, Closed]
    assert session.close("again") == []
    assert hear(session, SubmitSmResp("1", sequence=2)) == []
