"""Receipts find their part in any spelling, early or in a later life, and count once."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.channels.sms_smpp import early, receipts
from tectonics.domain.delivery import DELIVERED, EXPIRED, FAILED, SENDING, SENT
from tectonics.domain.outcome import Done
from tectonics.links.smpp.outcome import Accepted
from tectonics.simulators.smsc.receipts import REORDERED, SHOUTED, SPELLINGS, Style, receipt
from tectonics.wire.smpp.pdus import DeliverSm, SubmitSm
from tectonics.wire.smpp.status import Status
from tests.channels.sms_smpp.fakes import Broken, Line, notify
from tests.store.building import MSISDN, NOW

NUMBER = 6699  # 0x1a2b
OTHER = "33600000002"
SUBMITTED = SubmitSm(destination_addr=MSISDN, dest_addr_ton=1, source_addr="133", short_message=b"You have 2.00")
RECEIVER = {"name": "smsc1r", "address": "tcp:127.0.0.1:2775", "bind": "receiver"}
TRANSMITTER = {"name": "smsc1t", "address": "tcp:127.0.0.1:2775", "bind": "transmitter"}


def told(state="DELIVRD", number=NUMBER, style=None, of=SUBMITTED):
    return receipt(style or Style(), number, state, 0, of)


def sent(line, id=None, account="smsc1", **changes):
    line.binds.ends = [Accepted(account, str(NUMBER) if id is None else id)]
    line.send(**changes)


@pytest.mark.parametrize(("stat", "state"), [
    ("DELIVRD", DELIVERED), ("EXPIRED", EXPIRED), ("UNDELIV", FAILED), ("REJECTD", FAILED), ("DELETED", FAILED)])
def test_a_receipt_settles_its_part_and_is_acknowledged(world, stat, state):
    line = Line(world)
    sent(line)
    assert line.deliver(told(stat)) == [Status.ROK]
    assert line.rows("state, id") == [(state, str(NUMBER))]
    assert line.counted("sms_receipts_total") == {("smsc1", state): 1}
    assert line.counted("messages_total") == ({} if state == DELIVERED else {("failed",): 1})
    assert line.deliver(told("DELIVRD")) == [Status.ROK]
    assert line.counted("sms_receipts_total") == {("smsc1", state): 1, ("smsc1", "again"): 1}


SAME = [(answered, receipted) for answered in SPELLINGS for receipted in SPELLINGS
        if (answered == "text") == (receipted == "text")]


@pytest.mark.parametrize(("answered", "receipted"), SAME)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "in a later life"])
def test_any_spelling_is_recognised(file_world, answered, receipted, later):
    line = Line(file_world)
    sent(line, SPELLINGS[answered](NUMBER))
    if later:
        line = Line(file_world, now=NOW + 9000)
    assert line.deliver(told(style=Style(receipted=receipted))) == [Status.ROK]
    assert line.rows("state") == [(DELIVERED,)]


@pytest.mark.parametrize(("answered", "receipted", "configured"), [
    ("decimal", "padded_hex", "hex"), ("padded", "HEX", "hex"), ("hex", "decimal", "decimal"),
    ("padded_hex", "padded", "decimal")])
@pytest.mark.parametrize("later", [False, True], ids=["at once", "in a later life"])
def test_a_configured_spelling_is_not_guessed(file_world, answered, receipted, configured, later):
    line = Line(file_world, receipt_ids=configured)
    sent(line, SPELLINGS[answered](10))  # 10 and a: as text they would be other messages
    sent(line, SPELLINGS[answered](16), op="TEC-N2")
    if later:
        line = Line(file_world, now=NOW + 9000, receipt_ids=configured)
    line.deliver(told(number=16, style=Style(receipted=receipted)))
    assert line.rows("op, state") == [("TEC-N1", SENT), ("TEC-N2", DELIVERED)]


@pytest.mark.parametrize("style", [
    Style(format="", parameters=True), Style(parameters=False), Style(parameters=False, format=SHOUTED),
    Style(parameters=False, format=REORDERED, long_words=True), Style(ucs2=True), Style(data_sm=True)])
def test_any_form_is_read(file_world, style):
    line = Line(file_world)
    sent(line)
    assert line.deliver(told(style=style)) == [Status.ROK]
    assert line.rows("state") == [(DELIVERED,)]


def test_a_receipt_may_come_before_the_answer(world):
    line = Line(world)
    answer = Deferred()
    line.binds.ends = [answer]
    sending = line.channel.send(notify())
    world.clock.advance(0)
    assert line.deliver(told("UNDELIV", style=Style(receipted="hex"))) == [Status.ROK]
    assert line.rows("state") == [(SENDING,)] and ("sms receipts held", 1, early.HELD_MAX) in line.channel.loads()
    answer.callback(Accepted("smsc1", str(NUMBER)))
    assert world.wait(sending) == Done(str(NUMBER))
    world.clock.advance(0)
    world.clock.advance(0)
    assert line.rows("state") == [(FAILED,)]
    assert line.counted("sms_receipts_total") == {("smsc1", FAILED): 1}
    assert ("sms receipts held", 0, early.HELD_MAX) in line.channel.loads()


def test_what_another_node_has_sent_is_found_when_its_answer_is_written(world):
    one, other = Line(world), Line(world, origin="n2")
    assert other.deliver(told()) == [Status.ROK]
    sent(one)
    world.clock.advance(early.HOLD_S)
    world.clock.advance(0)
    assert one.rows("state") == [(DELIVERED,)] and other.counted("sms_receipts_total") == {("smsc1", DELIVERED): 1}


def test_a_receipt_of_nothing_is_counted_in_the_end(file_world):
    line = Line(file_world)
    assert line.deliver(told()) == [Status.ROK] and line.counted("sms_receipts_total") == {}
    file_world.clock.advance(early.HOLD_S)
    file_world.clock.advance(0)
    assert line.counted("sms_receipts_total") == {("smsc1", "unknown"): 1}


def test_after_a_stop_nothing_is_held(file_world):
    line = Line(file_world)
    line.deliver(told())
    answers = line.binds.deliver(told(number=1))
    line.channel.stop()
    file_world.clock.advance(0)
    file_world.clock.advance(0)
    assert [answer.status for answer in answers] == [Status.ROK] and file_world.clock.getDelayedCalls() == []


def test_held_receipts_have_a_bound(file_world, monkeypatch):
    monkeypatch.setattr(early, "HELD_MAX", 3)
    line = Line(file_world)
    for number in range(1, 6):
        line.deliver(told(number=number))
    assert line.counted("sms_receipts_total") == {("smsc1", "unknown"): 2}
    sent(line, "1")
    sent(line, "5", op="TEC-N2")
    file_world.clock.advance(0)
    file_world.clock.advance(0)
    assert line.rows("op, state") == [("TEC-N1", SENT), ("TEC-N2", DELIVERED)]


def test_an_old_part_is_only_in_the_log(file_world, monkeypatch):
    monkeypatch.setattr(receipts, "RECENT_MAX", 1)
    line = Line(file_world)
    sent(line, "1")
    sent(line, "2", op="TEC-N2")
    assert len(line.channel._receipts._recent) == 1
    line.deliver(told(number=1))
    assert line.rows("op, state") == [("TEC-N1", DELIVERED), ("TEC-N2", SENT)]


def test_a_guess_counts_only_for_the_number_it_went_to(file_world):
    line = Line(file_world)
    sent(line, "1a2b", msisdn=OTHER)  # hexadecimal for 6699
    line.deliver(told())
    assert line.rows("state") == [(SENT,)]
    line.deliver(told(of=SubmitSm(destination_addr=OTHER, dest_addr_ton=1)))
    assert line.rows("state") == [(DELIVERED,)]


def test_an_id_that_fits_counts_from_any_number_unless_another_fits_better(file_world):
    line = Line(file_world)
    sent(line, "6699", op="TEC-N1", msisdn=OTHER)
    sent(line, "1a2b", op="TEC-N2")
    line.deliver(told())
    assert line.rows("op, state") == [("TEC-N2", DELIVERED), ("TEC-N1", SENT)]
    line.deliver(told("EXPIRED", of=SubmitSm(destination_addr="short")))
    assert line.rows("op, state") == [("TEC-N2", DELIVERED), ("TEC-N1", EXPIRED)]


def test_an_account_that_only_receives_brings_the_receipts_of_its_twin(world):
    line = Line(world, accounts=(TRANSMITTER, RECEIVER))
    sent(line, account="smsc1t")
    line.deliver(told(), RECEIVER)
    assert line.rows("state, account") == [(DELIVERED, "smsc1t")]


@pytest.mark.parametrize("pdu", [
    DeliverSm(esm_class=0x20, short_message=b"id:6699 stat:ENROUTE", source_addr=MSISDN),
    DeliverSm(esm_class=0x04, short_message=b"id:6699 stat:ACCEPTD", source_addr=MSISDN),
    DeliverSm(esm_class=0x04, short_message=b"id:6699 stat:UNKNOWN", source_addr=MSISDN)])
def test_what_is_not_the_end_changes_nothing(file_world, pdu):
    line = Line(file_world)
    sent(line)
    assert line.deliver(pdu) == [Status.ROK]
    assert line.rows("state") == [(SENT,)] and line.counted("sms_receipts_total") == {("smsc1", "intermediate"): 1}


def test_a_receipt_that_names_no_message_is_refused(file_world):
    line = Line(file_world)
    assert line.deliver(DeliverSm(esm_class=0x04, short_message=b"stat:DELIVRD", source_addr=MSISDN)) == [
        Status.RX_P_APPN]
    assert line.counted("sms_received_total") == {("smsc1", "bad"): 1} and line.correspondence.messages == []


@pytest.mark.parametrize("what", ["find", "settle"])
def test_a_receipt_that_could_not_be_noted_is_to_come_again(file_world, what):
    line = Line(file_world)
    sent(line)
    line = Line(file_world, now=NOW + 1)
    log, line.channel._receipts._messages = line.opened.messages, Broken(what, line.opened.messages)
    assert line.deliver(told()) == [Status.RX_T_APPN] and line.metrics.raised == {}
    line.channel._receipts._messages = log
    assert line.deliver(told()) == [Status.ROK] and line.rows("state") == [(DELIVERED,)]


def test_failed_deliveries_raise_the_alarm(file_world):
    line = Line(file_world)
    for number in range(1, 21):
        sent(line, str(number), op=f"TEC-N{number}")
        line.deliver(told("UNDELIV", number=number))
    assert ("messages_failing", "sms") in line.metrics.raised
