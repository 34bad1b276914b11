"""One end of a session against octets written by hand and against time; both ends against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import IllegalMove
from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import SEQUENCE_MAX, decode, encode
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import (
    Answered,
    Asked,
    BindAsked,
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
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Notice,
    Outbind,
    Request,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from tectonics.wire.smpp.session import Limits, NotAllowed
from tectonics.wire.smpp.smsc import Smsc
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.stream import Stream
from tectonics.wire.smpp.tlvs import Tag
from tectonics.wire.smpp.window import LATE_MAX, WindowFull
from tests.wire.smpp.making import pdus, pieces

LIMITS = Limits(window=3, asked_max=2, bind_s=30, response_s=10, enquire_s=55)
BINDS = {states.BOUND_TX: BindTransmitter, states.BOUND_RX: BindReceiver, states.BOUND_TRX: BindTransceiver}


def taken(session) -> list:
    """What the session has written, read."""
    return Stream().feed(session.take())


def esme(state: str = states.BOUND_TRX, now: float = 0.0) -> Esme:
    """An ESME in that state, by octets alone."""
    session = Esme(now, LIMITS)
    if state != states.OPEN:
        session.bind(BINDS.get(state, BindTransceiver)("me", "secret"), now)
        if state != states.BINDING:
            answer = taken(session)[0].command | 0x80000000
            session.receive(bytes.fromhex(f"00000013 {answer:08x} 00000000 00000001 736d00"), now)
        if state == states.UNBINDING:
            session.unbind(now)
        session.take()
    return session


def smsc(state: str = states.BOUND_TRX, now: float = 0.0) -> Smsc:
    """An SMSC in that state."""
    session = Smsc(now, LIMITS)
    if state != states.OPEN:
        bind = BINDS.get(state, BindTransceiver)("me", sequence=1)
        session.receive(encode(bind), now)
        if state != states.BINDING:
            session.accept(session._binding, "sm")
        if state == states.UNBINDING:
            session.unbind(now)
        session.take()
    return session


def hear(session, *pdus, now: float = 0.0) -> list:
    return session.receive(b"".join(map(encode, pdus)), now)


# --- bind and unbind ----------------------------------------------------------------------------------

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


# --- the window ---------------------------------------------------------------------------------------

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


# --- requests of the peer -----------------------------------------------------------------------------

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


ALL_STATES = (states.OPEN, states.BINDING, *states.BOUND, states.UNBINDING)


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


# --- bad octets ---------------------------------------------------------------------------------------

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


# --- time ---------------------------------------------------------------------------------------------

def test_silence_is_enquired_and_then_ends_the_session():
    session = esme(now=100.0)
    assert session.due_at == 155.0
    assert (session.due(154.0), session.take()) == ([], b"")
    assert session.due(155.0) == []
    assert [type(pdu) for pdu in taken(session)] == [EnquireLink]
    assert session.due_at == 165.0
    assert (session.due(160.0), session.take()) == ([], b"")
    assert session.due(165.0) == [Closed("the peer is silent")]


def test_anything_whole_that_is_heard_is_life():
    session = esme()
    session.due(55.0)
    octets = encode(EnquireLinkResp(sequence=2))
    session.receive(octets[:9], 56.0)
    assert session.due_at == 65.0
    session.receive(octets[9:], 57.0)
    assert session.due_at == 112.0


def test_who_does_not_bind_is_dropped():
    for state in (states.OPEN, states.BINDING):
        session = smsc(state, now=5.0)
        hear(session, EnquireLink(sequence=1), now=30.0)
        assert session.due_at == 35.0
        assert session.due(35.0) == [Closed("not bound within 30 s")]


def test_a_bind_is_decided_once():
    session = smsc(states.OPEN)
    event, = hear(session, BindReceiver("me", sequence=4))
    session.refuse(event.bind, Status.RINVSYSID)
    with pytest.raises(NotAllowed):
        session.accept(event.bind, "sm")
    answer, = taken(session)
    assert (answer.sequence, answer.status, session.state) == (4, Status.RINVSYSID, states.OPEN)
    again, = hear(session, BindReceiver("me", sequence=5))
    session.accept(again.bind, "sm")
    answer, = taken(session)
    assert (answer.system_id, answer.tlv(Tag.SC_INTERFACE_VERSION)) == ("sm", 0x34)


def test_a_bind_cannot_be_decided_after_the_end():
    session = smsc(states.BINDING)
    bind = session._binding
    session.close("connection lost")
    with pytest.raises(NotAllowed):
        session.accept(bind, "sm")


# --- the table, and both ends together ----------------------------------------------------------------

def test_an_unlisted_move_is_a_bug():
    with pytest.raises(IllegalMove, match="'bind' cannot happen in state 'closed'"):
        states.move(states.CLOSED, "bind")


def test_a_notice_is_told_by_the_smsc_alone():
    session = smsc()
    session.tell(AlertNotification(source_addr="33600"))
    assert [type(pdu) for pdu in taken(session)] == [AlertNotification]
    with pytest.raises(NotAllowed):
        esme().tell(AlertNotification())


class Wire:
    """Both ends and the octets between them, delivered in pieces."""

    def __init__(self, size: int) -> None:
        self.esme, self.smsc, self.size = Esme(0.0, LIMITS), Smsc(0.0, LIMITS), size
        self.events = {self.esme: [], self.smsc: []}

    def settle(self) -> None:
        """Until nobody has anything to say; deliveries and submissions are answered at once."""
        busy = True
        while busy:
            busy = False
            for one, other in ((self.esme, self.smsc), (self.smsc, self.esme)):
                for piece in pieces(one.take(), self.size):
                    busy = True
                    self.heard(other, other.receive(piece, 0.0))

    def heard(self, session, events: list) -> None:
        self.events[session] += events
        for event in events:
            match event:
                case BindAsked(bind):
                    session.accept(bind, "sm")
                case Asked(DeliverSm() as request):
                    session.answer(request, DeliverSmResp())
                case Asked(SubmitSm() as request):
                    session.answer(request, SubmitSmResp(f"id-{request.sequence}"))

    def told(self, session, kind) -> list:
        return [event for event in self.events[session] if isinstance(event, kind)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_whole_session(size):
    wire = Wire(size)
    wire.esme.bind(BindTransceiver("me", "secret"), 0.0)
    wire.settle()
    for number in range(10):
        wire.esme.send(SubmitSm(short_message=b"x"), f"mt{number}", 0.0)
        wire.smsc.send(DeliverSm(short_message=b"y"), f"mo{number}", 0.0)
        wire.settle()
    wire.esme.unbind(0.0)
    wire.settle()
    assert [event.token for event in wire.told(wire.esme, Answered)] == [f"mt{number}" for number in range(10)]
    assert [event.answer.message_id for event in wire.told(wire.esme, Answered)] == [
        f"id-{number}" for number in range(2, 12)]
    assert [event.token for event in wire.told(wire.smsc, Answered)] == [f"mo{number}" for number in range(10)]
    assert [event.why for event in wire.told(wire.esme, Closed)] == ["unbound"]
    assert [event.why for event in wire.told(wire.smsc, Closed)] == ["unbound by the peer"]


inputs = st.lists(st.tuples(st.floats(0, 40), pdus.map(encode) | st.binary(max_size=30)), max_size=12)


@given(inputs, st.sampled_from([esme, smsc]), st.sampled_from(ALL_STATES))
def test_whatever_comes_every_request_of_ours_has_one_outcome(script, make, state):
    session, now, events, sent = make(state), 0.0, [], []
    for wait, octets in script:
        now += wait
        events += session.due(now)
        request = SubmitSm() if session.side == states.ESME else DeliverSm()
        if session.room and states.may_say(session.side, type(request), session.state):
            sent.append(session.send(request, len(sent), now))
        events += session.receive(octets, now)
        assert session.unanswered <= LIMITS.asked_max and session.room >= 0
        assert all(decode(encode(pdu)) == pdu for pdu in taken(session))
    events += session.close("the end")
    closed = [number for number, event in enumerate(events) if isinstance(event, Closed)]
    assert closed == [len(events) - 1]
    outcomes = [event.token for event in events if isinstance(event, Unanswered)
                or isinstance(event, Answered) and not event.late]
    assert sorted(outcomes) == list(range(len(sent)))
