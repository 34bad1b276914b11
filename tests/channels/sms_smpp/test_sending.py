"""A command becomes submits once: what the centre has is not sent again, what it may have is, and is flagged."""

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from tectonics.domain.commands import REPLY
from tectonics.domain.delivery import DELIVERED, FAILED, LOST, SENDING, SENT, WAITING
from tectonics.domain.outcome import Done, Refused, Unknown
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.wire.smpp.status import Status
from tests.channels.sms_smpp.fakes import ACCOUNT, Binds, Broken, Line, notify
from tests.store.building import MSISDN, NOW, unit

LONG = "x" * 400  # three parts
NO = Rejected("smsc1", Status.RINVDSTADR)


def outbox(world):
    return [op for op, in world.query("SELECT op FROM outbox ORDER BY op")]


def commit(line, *commands):
    line.world.wait(line.opened.store.commit(unit(1, commands=commands)))


def test_a_message_is_marked_sent_and_taken_out_of_the_outbox(world):
    line = Line(world)
    commit(line, notify())
    answer = Deferred()
    line.binds.ends = [answer]
    sending = line.channel.send(notify(priority=REPLY))
    world.clock.advance(0)
    (pdu, priority, until_s, account), = line.binds.submitted
    assert (pdu.short_message, priority, until_s, account) == (b"You have 2.00", REPLY, NOW / 1000 + 10, "")
    assert line.rows() == [("TEC-N1", 1, SENDING, "", "", 1, 0)]  # before the answer, and durable
    answer.callback(Accepted("smsc1", "00ff"))
    assert world.wait(sending) == Done("00ff")
    assert line.rows() == [("TEC-N1", 1, SENT, "smsc1", "ff", 1, 0)] and outbox(world) == []
    assert line.counted("sms_parts_total") == {("smsc1", "accepted"): 1}


def test_all_parts_go_over_the_account_of_the_first(world):
    line = Line(world)
    line.binds.ends = [Accepted("smsc2", "1")]
    assert line.send(text=LONG) == Done("1,1,2")
    assert [account for *_, account in line.binds.submitted] == ["", "smsc2", "smsc2"]
    references = {pdu.short_message[3] for pdu, *_ in line.binds.submitted}
    assert len(references) == 1


def test_a_part_that_was_accepted_is_not_sent_again(world):
    line = Line(world)
    commit(line, notify(text=LONG))
    line.binds.ends = [Accepted("smsc1", "a"), Unsent("its time was over"), Accepted("smsc1", "c")]
    assert line.send(text=LONG) == Refused("unreachable", "its time was over")
    assert outbox(world) == ["TEC-N1"]
    first = line.binds.submitted[1][0]
    line = Line(world, now=NOW + 60_000)  # in the next life too
    line.binds.ends = [Accepted("smsc1", "b")]
    assert line.send(text=LONG) == Done("b")
    assert [pdu.short_message for pdu, *_ in line.binds.submitted] == [first.short_message]
    assert line.binds.submitted[0][-1] == "smsc1"
    assert line.rows("part, state, id, repeated") == [(1, SENT, "a", 0), (2, SENT, "b", 0), (3, SENT, "c", 0)]
    assert outbox(world) == [] and line.counted("sms_repeated_total") == {}


def test_the_rest_of_a_message_goes_anywhere_when_its_account_is_gone(file_world):
    line = Line(file_world)
    line.binds.ends = [Accepted("smsc1", "a"), Unsent("full"), Unsent("full")]
    line.send(text=LONG)
    line = Line(file_world, now=NOW + 60_000, accounts=({**ACCOUNT, "name": "other"},))
    line.send(text=LONG)
    assert [account for *_, account in line.binds.submitted] == ["", "smsc1"]


def test_when_the_first_part_does_not_leave_the_others_stay(world):
    line = Line(world)
    line.binds.ends = [Unsent("full")]
    assert line.send(text=LONG) == Refused("unreachable", "full")
    assert len(line.binds.submitted) == 1
    assert line.rows("part, state, repeated") == [(1, WAITING, 0), (2, WAITING, 0), (3, WAITING, 0)]
    assert line.send(text=LONG) == Done("1,2,3")
    assert line.rows("part, attempts, repeated") == [(1, 2, 0), (2, 2, 0), (3, 2, 0)]


def test_a_lost_answer_is_unknown_and_the_repetition_is_flagged(world):
    line = Line(world)
    line.binds.ends = [Lost("smsc1", "not answered in time")]
    assert line.send() == Unknown("smsc1 did not say whether it has it: not answered in time")
    assert line.rows() == [("TEC-N1", 1, LOST, "smsc1", "", 1, 0)]
    assert line.send() == Done("1")
    assert line.rows() == [("TEC-N1", 1, SENT, "smsc1", "1", 2, 1)]
    assert line.counted("sms_repeated_total") == {(): 1}


def test_an_answer_that_comes_late_spares_the_repetition(world):
    line = Line(world)
    line.binds.ends = [Lost("smsc1", "not answered in time")]
    line.send()
    line.binds.late(replace(line.binds.submitted[0][0], sequence=77), "smsc1", "9")
    line.binds.late(replace(line.binds.submitted[0][0], sequence=78), "smsc1", "10")  # of nobody any more
    world.clock.advance(0)
    assert line.rows() == [("TEC-N1", 1, SENT, "smsc1", "9", 1, 0)]
    assert line.send() == Done("9")
    assert len(line.binds.submitted) == 1 and line.counted("sms_repeated_total") == {}


def test_a_mark_of_an_earlier_life_is_a_lost_answer(world):
    line = Line(world)
    commit(line, notify())
    line.binds.ends = [Deferred()]
    line.channel.send(notify())
    world.clock.advance(0)
    line = Line(world, now=NOW + 1000)
    assert line.send() == Done("1")
    assert line.rows() == [("TEC-N1", 1, SENT, "smsc1", "1", 2, 1)] and outbox(world) == []


def test_what_another_node_is_sending_waits_until_it_cannot_be_any_more(world):
    line = Line(world)
    line.binds.ends = [Deferred()]
    line.channel.send(notify())
    world.clock.advance(0)
    other = Line(world, origin="n2")
    assert other.send() == Refused("busy", "another node may be sending it") and not other.binds.submitted
    world.clock.advance(10 + 30 + 5)
    assert other.send() == Done("1")
    assert other.rows("owner, repeated") == [("n2", 1)]


@pytest.mark.parametrize(("end", "outcome"), [
    (NO, Refused("unknown_subscriber", "smsc1 refused it: ESME_RINVDSTADR")),
    (Rejected("smsc1", Status.RSUBMITFAIL), Refused("rejected", "smsc1 refused it: ESME_RSUBMITFAIL"))])
def test_what_is_refused_for_good_is_over(world, end, outcome):
    line = Line(world)
    commit(line, notify())
    line.binds.ends = [end]
    assert line.send() == outcome
    assert line.rows() == [("TEC-N1", 1, FAILED, "smsc1", "", 1, 0)] and outbox(world) == []
    assert line.send() == Refused("rejected", "a part of it was refused before")
    assert len(line.binds.submitted) == 1


def test_what_is_refused_for_now_may_be_tried_again_and_is_no_repetition(world):
    line = Line(world)
    line.binds.ends = [Rejected("smsc1", Status.RSYSERR)]
    assert line.send() == Unknown("smsc1 refused it for now: ESME_RSYSERR")
    assert line.send() == Done("1")
    assert line.rows("attempts, repeated") == [(2, 0)]


def test_nothing_is_written_while_nobody_is_bound(world):
    line = Line(world)
    line.binds.bound = 0
    assert line.send() == Refused("unreachable", "no message centre is bound")
    assert line.rows() == [] and line.binds.submitted == []


def test_nothing_is_sent_while_nothing_can_be_written(file_world):
    line = Line(file_world)
    line.channel._sender._messages = Broken("begin")
    assert line.send() == Refused("busy", "the database is away")
    assert line.binds.submitted == []


def test_a_fault_of_ours_stops_the_one_message_and_is_told(file_world):
    line = Line(file_world)
    line.channel._sender._submits = None
    assert line.send().reason == "busy"
    assert line.metrics.raised == {("internal_fault", "sms"): "a message could not be sent: AttributeError"}


def test_an_answer_that_could_not_be_written_is_not_forgotten(file_world):
    line = Line(file_world)
    commit(line, notify())
    log, line.channel._sender._messages = line.opened.messages, Broken("note", line.opened.messages)
    assert line.send() == Done("1")
    assert line.rows("state") == [(SENDING,)] and outbox(file_world) == ["TEC-N1"]
    assert line.send() == Refused("busy", "the database is away")
    line.channel._sender._messages = log
    assert line.send() == Done("1") and len(line.binds.submitted) == 1
    assert line.rows("state, id, repeated") == [(SENT, "1", 0)] and outbox(file_world) == []


def test_what_has_been_delivered_is_not_sent_again(world):
    line = Line(world)
    line.send()
    world.query("UPDATE message SET state = 'delivered' RETURNING op")
    assert line.send() == Done("1")
    assert line.rows("state") == [(DELIVERED,)] and len(line.binds.submitted) == 1


def test_it_waits_no_longer_at_the_binds_than_it_matters(file_world):
    line = Line(file_world)
    line.send(expires_at=NOW + 3000)
    assert line.binds.submitted[0][2] == NOW / 1000 + 3


def test_what_comes_to_nothing_raises_an_alarm_and_what_arrives_clears_it(file_world):
    binds = Binds()
    line = Line(file_world, binds)
    binds.ends = [Unsent("full")] * 20
    for number in range(19):
        line.send(f"TEC-N{number}")
    assert line.metrics.raised == {}
    line.send("TEC-N19")
    assert line.metrics.raised == {
        ("messages_failing", "sms"): "20 of the last 20 messages failed, the last: full"}
    for number in range(39):
        line.send(f"TEC-M{number}")
    assert line.metrics.raised
    line.send("TEC-M39")
    assert line.metrics.raised == {}


def test_a_centre_that_gives_no_ids_is_believed(world):
    line = Line(world)
    line.binds.ends = [Accepted("smsc1", "")]
    assert line.send() == Done("")
    assert line.rows("state, id") == [(SENT, "")]
    assert line.send() == Done("") and len(line.binds.submitted) == 1
    assert MSISDN == line.binds.submitted[0][0].destination_addr
