"""The simulated message centre: who is let in, what is taken and delivered, and each fault as it was ordered."""

import pytest
from twisted.internet.task import Clock

from tectonics.domain.errors import Busy, TheirFault
from tectonics.simulators.smsc import centre as centres
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.centre import UNANSWERED, MessageCentre
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.smsc.receipts import Style
from tectonics.simulators.smsc.session import GARBAGE
from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.pdus import BindReceiver, BindTransmitter, DataSm, DeliverSm, QuerySm, answer_to
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tectonics.wire.smpp.receipts import receipt_of
from tectonics.wire.smpp.status import Status
from tests.simulators.smsc.esme import EsmeInMemory


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock):
    """`make(**options)`: a centre, and an ESME that is bound to it."""
    def made(**options):
        centre = MessageCentre(clock, {"me": "secret", "other": ""}, **options)
        return centre, EsmeInMemory(centre, clock)
    return made


def test_lets_in_who_has_the_password(clock, make):
    centre, esme = make()
    assert esme.bound and [one.system_id for one in centre.bound] == ["me"]
    stranger = EsmeInMemory(centre, clock, password="wrong")
    assert not stranger.bound and stranger.events[0].status == Status.RINVPASWD and stranger.transport.disconnecting
    assert centre.counts == {"connected": 2, "bound": 1, "refused": 1, "closed": 1}


def test_everybody_is_let_in_where_no_names_are_given(clock):
    assert EsmeInMemory(MessageCentre(clock), clock, password="any").bound


def test_takes_messages_under_ids(make):
    centre, esme = make()
    esme.submit("one")
    esme.submit("two")
    assert [answer.message_id for answer in esme.answers] == ["1", "2"]
    assert [(one.id, one.system_id, one.pdu.short_message) for one in centre.submitted] == [
        ("1", "me", b"one"), ("2", "me", b"two")]


def test_a_data_sm_is_a_message_too(clock, make):
    centre, esme = make()
    esme.session.send(DataSm(destination_addr="33600000001"), None, 0.0)
    esme.session.send(QuerySm(message_id="1"), None, 0.0)
    esme.exchange()
    assert [answer.status for answer in esme.answers] == [0, Status.RINVCMDID] and len(centre.submitted) == 1


@pytest.mark.parametrize("registered, fate, told", [(0, "DELIVRD", False), (1, "DELIVRD", True), (1, "EXPIRED", True),
                                                    (2, "DELIVRD", False), (2, "UNDELIV", True)])
def test_a_receipt_goes_to_who_has_asked_for_it(make, registered, fate, told):
    centre, esme = make(receipt_s=3)
    centre.fate = lambda submitted: fate
    esme.submit(registered_delivery=registered)
    esme.pass_time(2.9)
    assert esme.heard == []
    esme.pass_time(0.2)
    assert [receipt_of(pdu).state for pdu in esme.heard] == (
        [{"DELIVRD": "delivered", "EXPIRED": "expired", "UNDELIV": "undeliverable"}[fate]] if told else [])


def test_a_receipt_may_come_before_the_answer(make):
    _, esme = make(style=Style(before_answer=True, answered="HEX", receipted="padded"))
    esme.submit(registered_delivery=1)
    kinds = [type(event).__name__ for event in esme.events]
    assert kinds == ["Bound", "Asked", "Answered"]
    assert (receipt_of(esme.heard[0]).id, esme.answers[0].message_id) == ("0000000001", "1")


@pytest.mark.parametrize("how", [{}, {"way": "udh16"}, {"way": "sar"}, {"way": "payload"}, {"data_sm": True},
                                 {"alphabet": "ucs2"}, {"way": "sar", "data_sm": True}])
def test_subscribers_write_short_and_long(make, how):
    centre, esme = make()
    statuses, reassembly = [], Reassembly()
    for text in ("BAL", "long " * 60):
        centre.message(text, "33600000001", reference=7, **how).addCallback(statuses.append)
        esme.exchange()
        whole = [found for pdu in esme.heard for found in reassembly.add(pdu, 0.0) if isinstance(found, Whole)]
        octets = text.encode("utf-16-be") if how.get("alphabet") else text.encode()
        assert [found.octets for found in whole] == [octets]
        esme.events.clear()
    assert statuses[0] == [0] and set(statuses[1]) == {0}


def test_what_the_alphabet_lacks_cannot_be_written(make):
    centre, _ = make()
    with pytest.raises(ValueError, match="gsm7"):
        centre.message("Ж", "33600000001", alphabet="gsm7")


def test_deliveries_wait_for_somebody_who_receives(clock, monkeypatch):
    monkeypatch.setattr(centres, "DELIVERIES_MAX", 2)
    centre, done = MessageCentre(clock), []
    EsmeInMemory(centre, clock, bind=BindTransmitter)
    for _ in range(2):
        centre.deliver(DeliverSm()).addCallback(done.append)
    with pytest.raises(Busy):
        centre.deliver(DeliverSm())
    receiver = EsmeInMemory(centre, clock, bind=BindReceiver)
    assert len(receiver.heard) == 2 and done == [0, 0]


def test_what_is_put_off_or_cut_off_is_delivered_again_a_few_times(make):
    centre, esme = make(retry_s=1)
    done = []
    esme.status = Status.RX_T_APPN
    centre.deliver(DeliverSm(short_message=b"x")).addCallback(done.append)
    for _ in range(9):
        esme.exchange()
        esme.pass_time(1)
    assert len(esme.heard) == 5 and done == [Status.RX_T_APPN]
    esme.status = None
    centre.deliver(DeliverSm(short_message=b"y")).addCallback(done.append)
    esme.exchange()
    esme.protocol.connectionLost()
    again = EsmeInMemory(centre, esme.clock)
    again.pass_time(1)
    assert [pdu.short_message for pdu in again.heard] == [b"y"] and done[1:] == [0]


def test_an_answer_that_comes_too_late_is_no_second_answer(make):
    centre, esme = make(retry_s=1)
    done, esme.status = [], None
    centre.deliver(DeliverSm(short_message=b"x")).addCallback(done.append)
    esme.exchange()
    first = esme.heard[0]
    esme.pass_time(31)
    esme.status = 0
    esme.pass_time(1)
    esme.exchange()
    esme.protocol.dataReceived(encode(answer_to(first.command, first.sequence, Status.ROK)))
    assert len(esme.heard) == 2 and done == [0] and centre.counts["late answers"] == 1


def test_a_refusal_for_good_is_the_end(make):
    centre, esme = make()
    done = []
    esme.status = Status.RX_P_APPN
    centre.deliver(DeliverSm()).addCallback(done.append)
    esme.exchange()
    esme.pass_time(10)
    assert done == [Status.RX_P_APPN] and len(esme.heard) == 1


@pytest.mark.parametrize("kind, status", [(wrong.THROTTLE, Status.RTHROTTLED), (wrong.QUEUE_FULL, Status.RMSGQFUL),
                                          (wrong.REFUSE, Status.RSUBMITFAIL)])
def test_refuses_as_often_as_ordered(make, kind, status):
    centre, esme = make()
    centre.faults.order(kind, 2)
    for _ in range(3):
        esme.submit()
    assert [answer.status for answer in esme.answers] == [status, status, 0]
    assert len(centre.submitted) == 1 and centre.faults.struck[kind] == 2 and centre.counts[status.name] == 2


def test_loses_requests_and_answers(make):
    centre, esme = make()
    centre.faults.order(wrong.LOSE_REQUEST, 1)
    esme.submit("never taken")
    centre.faults.order(wrong.LOSE_ANSWER, 1)
    esme.submit("taken")
    assert esme.answers == [] and [one.pdu.short_message for one in centre.submitted] == [b"taken"]


def test_answers_late(make):
    centre, esme = make(faults=Faults(late_s=5))
    centre.faults.order(wrong.LATE, 1)
    esme.submit()
    esme.pass_time(4.9)
    assert esme.answers == []
    esme.pass_time(0.2)
    assert [answer.message_id for answer in esme.answers] == ["1"]


def test_delivers_twice(make):
    centre, esme = make()
    centre.faults.order(wrong.DOUBLE, 1)
    centre.deliver(DeliverSm(short_message=b"x"))
    esme.exchange()
    assert [pdu.short_message for pdu in esme.heard] == [b"x", b"x"] and esme.heard[0].sequence != esme.heard[1].sequence


def test_breaks_the_connection_in_the_middle_of_the_answer(make):
    centre, esme = make()
    centre.faults.order(wrong.CUT, 1)
    esme.submit()
    assert esme.answers == [] and esme.session._stream.unfinished and esme.transport.disconnecting
    assert len(centre.submitted) == 1 and centre.sessions == []


def test_talks_garbage(make):
    centre, esme = make()
    centre.faults.order(wrong.GARBAGE, 1)
    esme.submit()
    assert esme.octets.endswith(GARBAGE) and esme.session.state == states.CLOSED


def test_falls_silent(make):
    centre, esme = make()
    centre.faults.order(wrong.SILENT, 1)
    esme.submit()
    esme.submit()
    esme.session.unbind(0.0)
    esme.exchange()
    assert esme.answers == [] and not centre.submitted and not esme.transport.disconnecting


def test_throttles_who_is_too_fast(clock, make):
    _, esme = make(per_second=3)
    for _ in range(5):
        esme.submit()
    esme.pass_time(1)
    esme.submit()
    assert [answer.status for answer in esme.answers] == [0, 0, 0, Status.RTHROTTLED, Status.RTHROTTLED, 0]


def test_chance_is_of_the_seed(clock):
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.order(wrong.LOSE_ANSWER, percent=30)
        return [faults.strikes(wrong.LOSE_ANSWER) for _ in range(1000)]
    assert struck(1) == struck(1) != struck(2) and 250 < sum(struck(1)) < 350
    with pytest.raises(TheirFault):
        Faults().order("typo", 1)


def test_closes_with_all_that_was_to_come(clock, make):
    centre, esme = make(receipt_s=5)
    esme.submit(registered_delivery=1)
    closed = []
    centre.close().addCallback(closed.append)
    esme.exchange()
    assert closed == [None] and clock.getDelayedCalls() == [] and UNANSWERED == -1
