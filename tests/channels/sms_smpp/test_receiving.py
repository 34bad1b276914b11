"""What subscribers write: read, put together, told once, and acknowledged when it is safe."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tectonics.channels.sms_smpp import receiving
from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.channels.sms_smpp.repetition import KNOWN_MAX, NUMBERED_S, PLAIN_S, Repetitions
from tectonics.domain.errors import Busy, OurFault
from tectonics.simulators.smsc.mobile import mobile
from tectonics.wire.smpp.pdus import DataSm, DataSmResp, DeliverSm, DeliverSmResp
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv
from tests.channels.correspondence import Correspondence
from tests.channels.sms_smpp.fakes import ACCOUNT, Binds, Line, NoLog, settings
from tests.engine.world import Counted
from tests.store.building import MSISDN, NOW

OK, AGAIN, NEVER = [Status.ROK], [Status.RX_T_APPN], [Status.RX_P_APPN]
OTHER = {**ACCOUNT, "name": "smsc2", "address": "tcp:127.0.0.1:2776"}


@pytest.fixture
def line(file_world):
    return Line(file_world)


def write(text, **how):
    """The only PDU of a message."""
    pdu, = mobile(text, MSISDN, "133", **how)
    return pdu


def heard(line):
    return [message.text for message in line.correspondence.messages]


def ids(line):
    return [message.id for message in line.correspondence.messages]


def result(line):
    counts = Counter()
    for (_, result), count in line.counted("sms_received_total").items():
        counts[result] += count
    return counts


@pytest.mark.parametrize("how", [{}, {"data_sm": True}, {"way": "payload"}])
def test_a_message_is_told_as_it_was_written(line, how):
    assert line.deliver(write("SOS 2", **how)) == OK
    message, = line.correspondence.messages
    assert (message.channel, message.msisdn, message.to, message.text, message.at) == ("sms", MSISDN, "133", "SOS 2", NOW)
    assert result(line) == {"taken": 1}


def test_the_answer_is_of_the_kind_of_the_request(line):
    answers = [answer for pdu in (write("b"), write("c", data_sm=True))
               for answer in line.binds.deliver(replace(pdu, sequence=7))]
    assert [(type(answer), answer.sequence) for answer in answers] == [(DeliverSmResp, 7), (DataSmResp, 7)]


@pytest.mark.parametrize(("octets", "data_coding", "text", "packing"), [
    (b"\x1b\x65 \x05", 0, "€ é", "octets"), (b"caf\xe9", 0, "café", "latin1"), (b"caf\xe9", 3, "café", "octets"),
    ("سلفة".encode("utf-16-be"), 8, "سلفة", "octets"), (b"\xfe\xff\x00a", 8, "a", "octets"),
    (b"en\r" + b"SOS", 0x10, "SOS", "octets"), (b"a\xff", 0, "a\ufffd", "octets")])
def test_the_alphabet_is_the_one_it_was_sent_in(file_world, octets, data_coding, text, packing):
    line = Line(file_world, gsm_packing=packing)
    assert line.deliver(DeliverSm(source_addr=MSISDN, short_message=octets, data_coding=data_coding)) == OK
    assert heard(line) == [text]


@pytest.mark.parametrize(("number", "ton", "msisdn"), [
    (MSISDN, 1, MSISDN), (f"+{MSISDN}", 1, MSISDN), (f"00{MSISDN}", 0, MSISDN), ("0600000001", 0, MSISDN),
    ("0600000001", 2, MSISDN), ("600000001", 2, MSISDN), (MSISDN, 0, MSISDN),
    ("0600000001", 1, MSISDN), (f"00{MSISDN}", 1, MSISDN),
    ("133", 0, None), ("133", 3, None), ("BANK", 5, None), ("33600000001", 5, None), ("", 0, None)])
def test_only_a_subscribers_number_is_listened_to(line, number, ton, msisdn):
    assert line.deliver(DeliverSm(source_addr=number, source_addr_ton=ton, short_message=b"SOS")) == OK
    assert [message.msisdn for message in line.correspondence.messages] == ([msisdn] if msisdn else [])
    assert result(line) == {"taken" if msisdn else "no_subscriber": 1}


@pytest.mark.parametrize("pdu", [
    DeliverSm(source_addr=MSISDN, esm_class=0x08, short_message=b"read"),
    DeliverSm(source_addr=MSISDN, esm_class=0x10, short_message=b"1"),
    DeliverSm(source_addr=MSISDN, data_coding=4, short_message=b"\1\2")])
def test_what_nobody_wrote_is_acknowledged_and_ignored(line, pdu):
    assert line.deliver(pdu) == OK and heard(line) == [] and result(line) == {"ignored": 1}


def test_a_header_that_lies_is_refused_for_good(line):
    assert line.deliver(DeliverSm(source_addr=MSISDN, esm_class=0x40, short_message=b"\x50\0")) == NEVER
    assert result(line) == {"bad": 1}


# --- safe

def test_it_is_acknowledged_when_it_is_committed(line):
    taking = Deferred()
    line.correspondence.ends = [taking]
    answers = line.deliver(write("SOS"))
    assert answers == [] and line.channel._receiver.under_way == 1
    taking.callback(None)
    assert answers == OK and line.channel._receiver.under_way == 0


def test_what_cannot_be_taken_now_is_to_come_again(line):
    line.correspondence.ends = [Busy("shed"), OurFault("a bug")]
    assert line.deliver(write("SOS")) == AGAIN and line.metrics.raised == {}
    assert line.deliver(write("SOS")) == AGAIN
    assert ("internal_fault", "sms") in line.metrics.raised
    assert line.deliver(write("SOS")) == OK
    assert len(set(ids(line))) == 1 and result(line) == {"busy": 2, "taken": 1}


def test_a_correspondence_that_raises_is_a_fault_of_ours(line):
    line.correspondence.received = None
    assert line.deliver(write("SOS")) == AGAIN and line.deliver(write("SOS")) == AGAIN
    assert ("internal_fault", "sms") in line.metrics.raised


def test_no_more_are_under_way_than_may_be(line, monkeypatch):
    monkeypatch.setattr(receiving, "UNDER_WAY_MAX", 2)
    waiting = line.correspondence.ends = [Deferred(), Deferred()]
    first, second = list(waiting)
    answers = [line.deliver(write(str(n))) for n in range(3)]
    assert answers == [[], [], AGAIN]
    first.callback(None)
    assert line.deliver(write("4")) == OK
    second.callback(None)
    assert line.channel._receiver.under_way == 0


def test_after_a_stop_nothing_is_taken(line):
    line.channel.stop()
    assert line.deliver(write("SOS")) == AGAIN and heard(line) == [] and line.binds.stopped
    assert line.world.clock.getDelayedCalls() == []


# --- once

def test_a_message_that_is_delivered_again_has_the_same_id(line):
    line.deliver(write("SOS"))
    line.world.clock.advance(PLAIN_S - 1)
    line.deliver(write("SOS"))
    assert len(set(ids(line))) == 1
    for other in (write("sos"), replace(write("SOS"), source_addr="33600000002"),
                  replace(write("SOS"), destination_addr="134")):
        line.deliver(other)
    line.deliver(write("SOS"), OTHER)  # the centre has found another way
    assert len(set(ids(line))) == 4
    line.world.clock.advance(1)
    line.deliver(write("SOS"))
    assert len(set(ids(line))) == 5


def test_a_numbered_message_is_told_from_another_with_the_same_words(line):
    def numbered(number):
        return replace(write("1"), tlvs=(Tlv(Tag.USER_MESSAGE_REFERENCE, number),))

    line.deliver(numbered(1))
    line.deliver(numbered(2))
    line.world.clock.advance(NUMBERED_S - 1)
    line.deliver(numbered(1))
    assert ids(line)[0] == ids(line)[2] != ids(line)[1]
    line.world.clock.advance(1)
    line.deliver(numbered(1))
    assert ids(line)[3] != ids(line)[0]


def test_a_restart_keeps_the_id_within_its_step(file_world):
    step = NOW // 60_000 * 60_000
    found = []
    for second in (1, 59, 61):
        line = Line(file_world, now=step + second * 1000)
        line.deliver(write("SOS"))
        found += ids(line)
    assert found[0] == found[1] != found[2]


def test_a_delivery_that_comes_again_meanwhile_waits_for_the_first(line):
    taking = Deferred()
    line.correspondence.ends = [taking]
    answers = [line.deliver(write("SOS")), line.deliver(write("SOS"))]
    assert answers == [[], []] and len(heard(line)) == 1
    taking.errback(Busy("shed"))
    assert answers == [AGAIN, AGAIN]


def test_ids_are_forgotten_at_the_bound(monkeypatch):
    from tectonics.channels.sms_smpp import repetition
    monkeypatch.setattr(repetition, "KNOWN_MAX", 2)
    known = Repetitions()
    first = known.id_of("", "a", now=119.0)
    for text in "bc":
        known.id_of("", text, now=119.0)
    assert known.id_of("", "a", now=120.0) != first and len(known._known) == 2 and KNOWN_MAX > 2


@given(st.lists(st.tuples(st.floats(0, 10_000), st.sampled_from(["", "7"])), max_size=40))
def test_the_same_words_have_one_id_within_the_time_and_never_after_it(times):
    known, seen = Repetitions(), {}
    for now, reference in sorted(times):
        window_s = NUMBERED_S if reference else PLAIN_S
        id = known.id_of(reference, "x", now=now)
        first = seen.setdefault(id, now)
        assert now - first < window_s
        assert all(now - at >= window_s for other, at in seen.items()
                   if other != id and other.startswith(id.partition("-")[0]))


# --- long

LONG = "SOS " + "x" * 400
WAYS = [{"way": way, "data_sm": data_sm} for way in ("udh8", "udh16", "sar") for data_sm in (False, True)]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 0, 2, 1)])
@pytest.mark.parametrize("text", [LONG, "ж" * 150])
def test_a_long_message_is_put_together(line, how, order, text):
    parts = mobile(text, MSISDN, "133", **how)
    assert [line.deliver(parts[place]) for place in order if place < len(parts)]
    assert heard(line) == [text]


def test_its_parts_may_come_over_different_sessions(line):
    first, second, third = mobile(LONG, MSISDN, "133")
    for pdu, account in ((first, ACCOUNT), (second, OTHER), (third, ACCOUNT)):
        assert line.deliver(pdu, account) == OK
    assert heard(line) == [LONG] and result(line) == {"part": 2, "taken": 1}


@pytest.mark.parametrize("again", [0, 1, 2])
def test_a_long_message_that_could_not_be_taken_is_kept_until_a_part_of_it_comes_again(line, again):
    parts = mobile(LONG, MSISDN, "133")
    line.correspondence.ends = [Busy("shed"), OurFault("a bug")]
    assert [line.deliver(pdu) for pdu in parts] == [OK, OK, AGAIN]
    assert line.deliver(parts[again]) == AGAIN
    assert line.deliver(parts[again]) == OK
    assert heard(line) == [LONG] * 3 and len(set(ids(line))) == 1
    assert line.channel._receiver._kept == {}


def test_what_is_kept_has_a_bound(line, monkeypatch):
    monkeypatch.setattr(receiving, "KEPT_MAX", 2)
    line.correspondence.ends = [Busy("shed")] * 3
    for reference in (1, 2, 3):
        for pdu in mobile(LONG, MSISDN, "133", reference=reference):
            line.deliver(pdu)
    assert len(line.channel._receiver._kept) == 2


def test_what_is_never_complete_is_given_up_and_counted(line):
    first, *_ = mobile(LONG, MSISDN, "133")
    line.deliver(first)
    assert ("sms unfinished", 1, receiving.UNFINISHED_MAX) in line.channel.loads()
    line.world.clock.advance(receiving.UNFINISHED_S)
    line.deliver(write("SOS"))
    assert result(line) == {"part": 1, "incomplete": 1, "taken": 1}


@given(st.binary(max_size=160), st.integers(0, 255), st.integers(0, 255), st.booleans())
def test_whatever_comes_is_answered(octets, data_coding, esm_class, data_sm):
    pdu = DataSm(source_addr=MSISDN, data_coding=data_coding, esm_class=esm_class,
                 tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, octets),)) if data_sm else \
        DeliverSm(source_addr=MSISDN, data_coding=data_coding, esm_class=esm_class, short_message=octets)
    metrics, binds = Counted(), Binds()
    channel = SmsSmpp(binds, settings(), NoLog(), Clock(), metrics, metrics)
    channel.start(Correspondence())
    assert len(binds.deliver(pdu)) == 1 and metrics.raised == {}
