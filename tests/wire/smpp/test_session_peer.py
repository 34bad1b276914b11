"""What the peer asks: each PDU in each state, one too many, and octets that cannot be read."""

import pytest

from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.events import (
    Asked,
    BindAsked,
    Closed,
    Faulty,
    Misplaced,
    Stray,
    Told,
)
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.pdus import (
    PDUS,
    BindReceiver,
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Notice,
    Request,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from tectonics.wire.smpp.status import Status
from tests.wire.smpp.ends import ALL_STATES, esme, hear, smsc, taken


def test_a_delivery_is_answered_by_the_owner():
    session = esme()
    delivery = DeliverSm(sequence=77, short_message=b"SOS")
    event, = hear(session, delivery)
    assert (event, session.take(), session.unanswered) == (Asked(delivery), b"", 1)
    with pytest.raises(Unsendable, match="SubmitSmResp is no answer to DeliverSm"):
        session.answer(event.request, SubmitSmResp())
    assert session.answer(event.request, DeliverSmResp())
    assert taken(session) == [DeliverSmResp(sequence=77)]
    assert not session.answer(event.request, DeliverSmResp())
    assert session.take() == b""


def test_a_delivery_sent_again_meanwhile_is_answered_once():
    session = esme()
    delivery = DeliverSm(sequence=77)
    assert [type(event) for event in hear(session, delivery, delivery)] == [Asked, Stray]


def test_nobody_waits_for_an_answer_when_the_connection_is_lost():
    session = esme()
    event, = hear(session, DeliverSm(sequence=77))
    session.close("connection lost")
    assert not session.answer(event.request, DeliverSmResp())


@pytest.mark.parametrize(("session", "request_", "status"), [
    (esme, DeliverSm, Status.RX_T_APPN), (smsc, SubmitSm, Status.RTHROTTLED)])
def test_one_request_too_many_is_told_to_come_later(session, request_, status):
    session = session()
    events = hear(session, *(request_(sequence=number) for number in (1, 2, 3)))
    assert [type(event) for event in events] == [Asked, Asked, Misplaced]
    assert [(pdu.sequence, pdu.status) for pdu in taken(session)] == [(3, status)]


def test_a_delivery_that_crosses_an_unbind_is_told_to_come_later():
    session = esme(states.UNBINDING)
    hear(session, DeliverSm(sequence=5))
    assert taken(session) == [DeliverSmResp(sequence=5, status=Status.RX_T_APPN)]


def test_an_enquiry_is_answered_in_any_state():
    for session in (esme(states.OPEN), esme(), smsc(states.OPEN), smsc(states.UNBINDING)):
        assert hear(session, EnquireLink(sequence=8)) == []
        assert taken(session)[-1] == EnquireLinkResp(sequence=8)


@pytest.mark.parametrize("state", ALL_STATES)
@pytest.mark.parametrize(("make", "peer"), [(esme, states.SMSC), (smsc, states.ESME)])
def test_every_pdu_in_every_state_is_taken_or_refused_with_its_status(make, peer, state):
    own_way = {Unbind, EnquireLink}
    for made in (pdu for pdu in PDUS.values() if issubclass(pdu, Request | Notice) and pdu not in own_way):
        session = make(state)
        event, = hear(session, made(sequence=50))
        if states.may_say(peer, made, state):
            assert isinstance(event, Asked | Told | BindAsked) and session.take() == b""
        else:
            assert isinstance(event, Misplaced)
            answers = [(pdu.sequence, pdu.status) for pdu in taken(session)]
            assert answers == ([(50, event.status)] if issubclass(made, Request) else [])


@pytest.mark.parametrize(("session", "pdu", "status"), [
    (smsc(states.OPEN), SubmitSm(sequence=2), Status.RINVBNDSTS),
    (smsc(states.BINDING), SubmitSm(sequence=2), Status.RINVBNDSTS),
    (smsc(states.BOUND_RX), SubmitSm(sequence=2), Status.RINVBNDSTS),
    (smsc(states.BOUND_TX), BindTransceiver("me", sequence=2), Status.RALYBND),
    (smsc(states.BINDING), BindTransceiver("me", sequence=2), Status.RALYBND),
    (smsc(), DeliverSm(sequence=2), Status.RINVCMDID),
    (esme(states.BOUND_TX), DeliverSm(sequence=2), Status.RINVBNDSTS),
    (esme(), SubmitSm(sequence=2), Status.RINVCMDID),
    (esme(), BindReceiver(sequence=2), Status.RINVCMDID),
])
def test_the_right_status(session, pdu, status):
    assert hear(session, pdu) == [Misplaced(pdu, status)]


@pytest.mark.parametrize(("octets", "answer"), [
    ("00000014 00000021 00000000 00000005 00000000", GenericNack(sequence=5, status=Status.RINVCMDID)),
    ("00000011 00000005 00000000 00000005 00", DeliverSmResp(sequence=5, status=Status.RINVCMDLEN)),
    ("00000014 00000015 00000000 00000005 05010001", EnquireLinkResp(sequence=5, status=Status.RINVOPTPARSTREAM)),
])
@pytest.mark.parametrize("make", [esme, smsc])
def test_a_bad_pdu_is_answered_and_the_session_goes_on(make, octets, answer):
    session = make()
    assert [type(event) for event in session.receive(bytes.fromhex(octets), 0.0)] == [Faulty]
    assert taken(session) == [answer]
    assert session.state == states.BOUND_TRX


def test_a_bad_answer_and_an_unknown_one_are_not_answered():
    session = esme()
    octets = bytes.fromhex("00000010 80000099 00000000 00000005 00000011 80000004 00000000 00000005 31")
    assert [type(event) for event in session.receive(octets, 0.0)] == [Faulty, Faulty]
    assert session.take() == b""


def test_an_unreadable_answer_to_the_bind_ends_the_session():
    session = esme(states.BINDING)
    events = session.receive(bytes.fromhex("00000011 80000009 00000000 00000001 31"), 0.0)
    assert [type(event) for event in events] == [Faulty, Closed]


@pytest.mark.parametrize("make", [esme, smsc])
def test_no_smpp_at_all_gets_one_nack_and_the_end(make):
    session = make(states.OPEN)
    events = session.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0.0)
    assert [type(event) for event in events] == [Faulty, Closed]
    nack, = taken(session)
    assert (type(nack), nack.status) == (GenericNack, Status.RINVCMDLEN)
    assert session.receive(encode(EnquireLink()), 0.0) == []
