"""Whole binds against the simulated centre over real sockets: what is sent arrives, what goes wrong is told as it is."""

import pytest_twisted
from twisted.internet.defer import gatherResults

from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.simulators.smsc.faults import (
    CUT,
    DOUBLE,
    GARBAGE,
    LATE,
    LOSE_ANSWER,
    QUEUE_FULL,
    REFUSE,
    SILENT,
    THROTTLE,
    Faults,
)
from tectonics.wire.smpp.pdus import message_octets
from tectonics.wire.smpp.receipts import receipt_of
from tectonics.wire.smpp.status import Status
from tests.links.smpp.loopback import submit


@pytest_twisted.ensureDeferred
async def test_what_is_submitted_is_accepted_under_an_id(loopback):
    await loopback.up()
    outcomes = await gatherResults([loopback.send(f"m{n}") for n in range(200)])
    assert outcomes == [Accepted("smsc1", str(n)) for n in range(1, 201)]
    assert [one.pdu.short_message for one in loopback.centre.submitted] == [b"m%d" % n for n in range(200)]
    assert loopback.counted("pdus_total") == {"smsc1,out,submit_sm": 200, "smsc1,in,submit_sm_resp": 200}
    assert loopback.counted("bound") == {"smsc1": 1}
    await loopback.until(lambda: loopback.counted("window") == {"smsc1": 0})


@pytest_twisted.ensureDeferred
async def test_the_load_is_shared_by_all_sessions(make_loopback):
    one, other = await make_loopback(), await make_loopback()
    accounts = one.account("a", sessions=2, window=5), other.account("b", sessions=2, window=5)
    await one.up(*accounts)
    assert one.binds.bound == 4 and len(one.centre.bound) == len(other.centre.bound) == 2
    await gatherResults([one.send(f"m{n}") for n in range(400)])
    counts = [one.counted("pdus_total")[f"{name},out,submit_sm"] for name in "ab"]
    assert sum(counts) == 400 and min(counts) > 100
    by_session = [sum(taken.session is session for taken in one.centre.submitted) for session in one.centre.bound]
    assert min(by_session) > 50


@pytest_twisted.ensureDeferred
async def test_a_higher_rank_takes_over_while_the_lower_is_away(make_loopback):
    first, second = await make_loopback(), await make_loopback()
    binds = await first.up(first.account("a"), second.account("b", rank=1))
    assert (await first.send("x")).account == "a"
    await first.away()
    await first.until(lambda: binds.bound == 1)
    assert (await first.send("y")).account == "b"
    await first.back()
    await first.until(lambda: binds.bound == 2)
    assert (await first.send("z")).account == "a"


@pytest_twisted.ensureDeferred
async def test_throttled_is_tried_again_until_its_time_is_over(loopback):
    await loopback.up()
    loopback.centre.faults.order(THROTTLE, 2)
    loopback.centre.faults.order(QUEUE_FULL, 1)
    assert await loopback.send("m") == Accepted("smsc1", "1")
    assert loopback.counted("throttled_total") == {"smsc1": 3}
    loopback.centre.faults.order(THROTTLE, percent=100)
    assert isinstance(await loopback.send("m", wait_s=0.1), Unsent)
    assert len(loopback.centre.submitted) == 1


@pytest_twisted.ensureDeferred
async def test_a_refusal_is_for_good(loopback):
    await loopback.up()
    loopback.centre.faults.order(REFUSE, 1)
    assert await loopback.send("m") == Rejected("smsc1", Status.RSUBMITFAIL)
    assert loopback.counted("rejected_total") == {"smsc1,ESME_RSUBMITFAIL": 1}


@pytest_twisted.ensureDeferred
async def test_an_answer_that_does_not_come_is_lost(loopback):
    await loopback.up(loopback.account(response_s=0.05))
    loopback.centre.faults.order(LOSE_ANSWER, 1)
    assert await loopback.send("m") == Lost("smsc1", "not answered in time")
    assert await loopback.send("n") == Accepted("smsc1", "2")
    assert loopback.counted("lost_total") == {"smsc1": 1}


@pytest_twisted.ensureDeferred
async def test_a_late_answer_is_told(make_loopback):
    loopback = await make_loopback(faults=Faults(late_s=0.2))
    await loopback.up(loopback.account(response_s=0.05))
    loopback.centre.faults.order(LATE, 1)
    assert isinstance(await loopback.send("m"), Lost)
    await loopback.until(lambda: loopback.late)
    [(request, account, message_id)] = loopback.late
    assert (request.short_message, account, message_id) == (b"m", "smsc1", "1")
    assert loopback.counted("late_total") == {"smsc1": 1}


@pytest_twisted.ensureDeferred
async def test_a_connection_cut_within_a_pdu_loses_what_was_under_way_and_comes_back(loopback):
    await loopback.up()
    loopback.centre.faults.order(CUT, 1)
    outcome = await loopback.send("m")
    assert isinstance(outcome, Lost) and "connection" in outcome.why
    assert isinstance(await loopback.send("n"), Accepted)
    assert loopback.centre.counts["bound"] == 2


@pytest_twisted.ensureDeferred
async def test_garbage_ends_the_session_and_is_counted(loopback):
    await loopback.up()
    loopback.centre.faults.order(GARBAGE, 1)
    assert isinstance(await loopback.send("m"), Lost)
    assert isinstance(await loopback.send("n"), Accepted)
    assert loopback.counted("bad_pdus_total") == {"smsc1": 1}


@pytest_twisted.ensureDeferred
async def test_a_silent_peer_is_left(loopback):
    await loopback.up(loopback.account(response_s=0.1, enquire_s=1))
    loopback.centre.faults.order(SILENT, 1)
    assert isinstance(await loopback.send("m"), Lost)
    await loopback.until(lambda: loopback.centre.counts["bound"] == 2)
    assert isinstance(await loopback.send("n"), Accepted)


@pytest_twisted.ensureDeferred
async def test_a_wrong_password_is_tried_again_and_told(loopback):
    binds = loopback.bind(loopback.account(), password="wrong")
    await loopback.until(lambda: loopback.centre.counts["refused"] >= 2)
    await loopback.until(lambda: binds.shown()[0]["why"] == "the bind was refused: ESME_RINVPASWD")
    assert binds.bound == 0
    assert isinstance(await loopback.send("m", wait_s=0.05), Unsent)


@pytest_twisted.ensureDeferred
async def test_receipts_and_messages_are_heard_and_answered(loopback):
    await loopback.up()
    binds, centre = loopback.binds, loopback.centre
    answered = binds.submit(submit("m", registered_delivery=1), 0, 1e18)
    assert (await answered).message_id == "1"
    await loopback.until(lambda: loopback.heard)
    receipt = receipt_of(loopback.heard[0][1])
    assert (receipt.id, receipt.state) == ("1", "delivered")
    assert await centre.message("BAL", "33600000001") == [0]
    peer, request = loopback.heard[1]
    assert (peer.name, message_octets(request)) == ("smsc1/1", b"BAL")
    centre.faults.order(DOUBLE, 1)
    assert await centre.message("x" * 400, "33600000001", way="sar") == [0, 0, 0]
    await loopback.until(lambda: len(loopback.heard) == 6)


@pytest_twisted.ensureDeferred
async def test_stops_in_good_order(loopback):
    await loopback.up(loopback.account(window=1))
    first = loopback.send("m")
    second = loopback.send("n")
    await loopback.binds.stop()
    assert await first == Accepted("smsc1", "1") and await second == Unsent("stopping")
    assert await loopback.send("o") == Unsent("stopping")
    assert [event.why for _, event in loopback.centre.events] == ["unbound by the peer"]
