"""Silence and patience, the table of states, and both ends against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import IllegalMove
from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import (
    Answered,
    Asked,
    BindAsked,
    Closed,
    Unanswered,
)
from tectonics.wire.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    Outbind,
    QuerySm,
    ReplaceSm,
    SubmitSm,
    SubmitSmResp,
)
from tectonics.wire.smpp.session import NotAllowed
from tectonics.wire.smpp.smsc import Smsc
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag
from tests.wire.smpp.ends import ALL_STATES, LIMITS, esme, hear, smsc, taken
from tests.wire.smpp.making import pdus, pieces


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


def test_an_unlisted_move_is_a_bug():
    with pytest.raises(IllegalMove, match="'bind' cannot happen in state 'closed'"):
        states.move(states.CLOSED, "bind")


@pytest.mark.parametrize(("side", "made", "where"), [
    (states.ESME, BindReceiver, "open"), (states.ESME, BindTransmitter, "open"), (states.ESME, BindTransceiver, "open"),
    (states.SMSC, Outbind, "open"), (states.ESME, SubmitSm, "bound_tx bound_trx"),
    (states.ESME, DataSm, "bound_tx bound_trx"), (states.SMSC, DataSm, "bound_rx bound_trx"),
    (states.SMSC, DeliverSm, "bound_rx bound_trx"), (states.SMSC, AlertNotification, "bound_rx bound_trx"),
    (states.ESME, QuerySm, "bound_tx bound_trx"), (states.ESME, CancelSm, "bound_tx bound_trx"),
    (states.ESME, ReplaceSm, "bound_tx bound_trx"), (states.SMSC, SubmitSm, ""), (states.ESME, DeliverSm, ""),
    (states.SMSC, BindReceiver, ""), (states.ESME, Outbind, "")])
def test_who_says_what_where_is_the_specification_s_table(side, made, where):
    """SMPP 3.4 section 2.3, table 2-1; data_sm of an SMSC only to an ESME that receives."""
    assert [state for state in (*ALL_STATES, states.CLOSED) if states.may_say(side, made, state)] == where.split()


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
