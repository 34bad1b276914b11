"""Who sends what, when, over which session: ranks, shares, order, bounds, paces, and what is told to whom waits."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.domain.commands import ADVERT, NOTICE, REPLY
from tectonics.links.smpp.binds import OVER, PUSHED_OUT, PUT_OFF, STOPPING, SWEEP_S
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.wire.smpp.pdus import DeliverSm, DeliverSmResp, SubmitSm
from tectonics.wire.smpp.status import Status
from tests.links.smpp.memory import Memory


def test_the_urgent_goes_first_and_equals_in_their_order():
    memory = Memory({"window": 1}).start()
    memory.send("first", NOTICE)
    for text, priority in [("ad1", ADVERT), ("n1", NOTICE), ("ad2", ADVERT), ("r1", REPLY), ("n2", NOTICE), ("r2", REPLY)]:
        memory.send(text, priority)
    for _ in range(7):
        memory.only.answer()
    assert memory.only.submitted == [b"first", b"r1", b"r2", b"n1", b"n2", b"ad1", b"ad2"]


def test_no_more_than_the_window_is_under_way():
    memory = Memory({"window": 2}).start()
    outcomes = [memory.send(str(n)) for n in range(5)]
    assert memory.only.submitted == [b"0", b"1"] and memory.counted("window") == {"a": 2}
    assert memory.counted("queue") == {"x": 3} and memory.binds.loads() == [("x submits", 3, 102)]
    memory.only.answer()
    assert memory.only.submitted == [b"0", b"1", b"2"] and outcomes[0] == [Accepted("a", "0")]


def test_the_session_that_waits_for_the_fewest_goes_next():
    memory = Memory({"window": 4, "sessions": 2}, {"name": "b", "window": 2}).start()
    for n in range(6):
        memory.send(str(n))
    assert [len(one.submitted) for one in memory.connections] == [3, 2, 1], "in proportion to their windows"
    for n in range(4):
        memory.send(str(n))
    assert [len(one.submitted) for one in memory.connections] == [4, 4, 2], "all windows are full"


def test_a_higher_rank_serves_only_while_no_lower_one_is_bound():
    memory = Memory({"window": 1}, {"name": "b", "rank": 1}).start()
    memory.send("1")
    memory.send("2")
    assert memory.of("b")[0].submitted == [], "full is not down"
    memory.listens = False
    memory.of("a")[0].lose()
    assert memory.of("b")[0].submitted == [b"2"]


def test_an_account_can_be_asked_for():
    memory = Memory({}, {"name": "b", "rank": 1}).start()
    memory.send("1", account="b")
    assert memory.of("b")[0].submitted == [b"1"]
    assert memory.send("2", account="c") == [Unsent("there is no account c")]


def test_an_answer_goes_over_the_session_of_its_request():
    memory = Memory({"sessions": 3, "window": 1}).start()
    connection = memory.connections[1]
    connection.session.send(DeliverSm(short_message=b"hi"), None, 0.0)
    memory.exchange()
    peer, request = memory.heard[0]
    assert (peer.name, peer.account, request.short_message) == ("a/2", memory.accounts[0], b"hi")
    peer.answer(request, DeliverSmResp())
    memory.exchange()
    assert type(connection.events[-1]).__name__ == "Answered"
    for n in range(2):
        memory.send(str(n), session=peer)
    assert connection.submitted == [b"0"] and [one.submitted for one in memory.connections] == [[], [b"0"], []]
    connection.lose()
    assert sorted(one.submitted for one in memory.connections) == [[], [b"1"]], "another session of the account"
    memory.send("2", session=peer)
    assert sorted(one.submitted for one in memory.connections) == [[b"1"], [b"2"]]
    peer.answer(request, DeliverSmResp())  # nobody waits for it any more


def test_what_a_receiver_hears_is_answered_by_the_transmitter_of_the_same_peer():
    pair = {"address": "tcp:a:1", "system_id": "me"}
    memory = Memory(pair | {"name": "in", "bind": "receiver"}, pair | {"name": "out", "bind": "transmitter"},
                    {"name": "lonely", "bind": "receiver"}).start()
    memory.connections[0].session.send(DeliverSm(short_message=b"hi"), None, 0.0)
    memory.connections[2].session.send(DeliverSm(short_message=b"ho"), None, 0.0)
    memory.exchange()
    memory.send("1", session=memory.heard[0][0])
    assert memory.connections[1].submitted == [b"1"]
    assert memory.send("2", session=memory.heard[1][0]) == [Unsent("lonely only receives")]
    assert memory.send("3", account="lonely") == [Unsent("lonely only receives")]
    memory.send("4")
    assert memory.connections[1].submitted == [b"1", b"4"]


def test_receivers_alone_cannot_submit():
    assert Memory({"bind": "receiver"}).start().send("1") == [Unsent("no account submits")]


def test_its_time_is_over_while_nobody_is_bound():
    memory = Memory()
    memory.listens = False
    memory.start()
    outcomes = memory.send("1", wait_s=3.0)
    memory.pass_time(2.9)
    assert outcomes == []
    memory.pass_time(0.1 + SWEEP_S)
    assert outcomes == [OVER] and memory.counted("queue") == {"x": 0}


def test_what_is_too_old_is_not_sent_when_there_is_room_at_last():
    memory = Memory({"window": 1}).start()
    memory.send("1")
    outcomes = memory.send("2", wait_s=0.1)
    memory.clock.advance(0.11)
    memory.only.answer()
    assert outcomes == [OVER] and memory.only.submitted == [b"1"]


def test_at_the_bound_the_least_urgent_are_pushed_out():
    memory = Memory(queue_max=3)
    memory.listens = False
    memory.start()
    adverts = [memory.send(str(n), ADVERT) for n in range(2)]
    notice = memory.send("n", NOTICE)
    assert memory.send("one more", ADVERT) == [PUSHED_OUT]
    replies = [memory.send(str(n), REPLY) for n in range(4)]
    assert adverts == [[PUSHED_OUT]] * 2 and notice == [PUSHED_OUT] and replies == [[], [], [], [PUSHED_OUT]]
    assert memory.metrics.snapshot()["tectonics_shed_total"] == {"smpp_queue": 5}


@pytest.mark.parametrize("status", [Status.RTHROTTLED, Status.RMSGQFUL])
def test_a_throttling_peer_gets_a_pause_that_doubles_until_one_goes_well(status):
    memory = Memory({"throttle_s": 1, "window": 1}).start()
    outcomes = memory.send("1")
    sent = []
    for pause_s in (1, 2, 4, 8, 10, 10):
        memory.only.answer(status)
        sent.append(len(memory.only.submitted))
        memory.pass_time(pause_s - 0.1)
        assert memory.only.asked == [] and memory.binds.shown()[0]["paused"]
        memory.pass_time(0.1)
    assert sent == [1, 2, 3, 4, 5, 6] and len(memory.only.submitted) == 7
    memory.only.answer()
    assert outcomes == [Accepted("a", "1")] and memory.counted("throttled_total") == {"a": 6}
    memory.send("2")
    memory.only.answer(status)
    memory.pass_time(1)
    assert memory.only.submitted[-2:] == [b"2", b"2"], "the pause is the first again"


def test_many_throttled_in_one_window_count_as_one():
    memory = Memory({"throttle_s": 1, "window": 3}).start()
    for n in range(3):
        memory.send(str(n))
    for _ in range(3):
        memory.only.answer(Status.RTHROTTLED)
    memory.pass_time(1.2)
    assert memory.only.submitted == [b"0", b"1", b"2"] * 2, "in their order, after one pause"


def test_what_was_put_off_goes_before_what_came_after_it():
    memory = Memory({"throttle_s": 1, "window": 2}).start()
    for n in range(5):
        memory.send(str(n))
    memory.only.answer(Status.RTHROTTLED)
    memory.only.answer(Status.RTHROTTLED)
    memory.pass_time(1.1)
    for _ in range(4):
        memory.only.answer()
    assert memory.only.submitted == [b"0", b"1", b"0", b"1", b"2", b"3", b"4"]


def test_another_account_goes_on_while_one_is_throttled():
    memory = Memory({"throttle_s": 10, "window": 1}, {"name": "b", "window": 1}).start()
    memory.send("1")
    memory.send("2")
    memory.of("a")[0].answer(Status.RTHROTTLED)
    memory.of("b")[0].answer()
    assert memory.of("b")[0].submitted == [b"2", b"1"]


def test_put_off_until_its_time_is_over():
    memory = Memory({"throttle_s": 1, "window": 1}).start()
    outcomes = memory.send("1", wait_s=0.5)
    memory.clock.advance(0.6)
    memory.only.answer(Status.RTHROTTLED)
    assert outcomes == [PUT_OFF]


@pytest.mark.parametrize("per_second", [1, 7, 100, 1000])
def test_the_pace_is_kept(per_second):
    memory = Memory({"per_second": per_second, "window": 10_000}, queue_max=10_000).start()
    for n in range(4 * per_second):
        memory.send(str(n))
    counts = []
    for _ in range(3):
        before = len(memory.only.submitted)
        memory.pass_time(1)
        counts.append(len(memory.only.submitted) - before)
    assert len(memory.only.submitted) <= 3 * per_second + per_second // 20 + 1
    assert all(0.94 * per_second <= count <= 1.06 * per_second + 1 for count in counts), counts


def test_refused_for_good():
    memory = Memory().start()
    outcomes = memory.send("1")
    memory.only.answer(Status.RINVDSTADR)
    assert outcomes == [Rejected("a", Status.RINVDSTADR)]
    assert memory.counted("rejected_total") == {"a,ESME_RINVDSTADR": 1}


def test_a_nack_refuses_and_an_empty_one_is_no_acceptance():
    memory = Memory().start()
    for status, told in ((Status.RINVCMDID, Status.RINVCMDID), (0, Status.RUNKNOWNERR)):
        outcomes = memory.send("1")
        sequence = memory.only.asked.pop(0).sequence
        memory.only.say(bytes.fromhex(f"00000010 80000000 {int(status):08x} {sequence:08x}"))
        assert outcomes == [Rejected("a", told)]


def test_what_cannot_be_written_is_refused_and_nothing_is_sent(no_fault_in_the_log):
    memory = Memory().start()
    outcomes = []
    memory.binds.submit(SubmitSm(destination_addr="3" * 30), REPLY, 60.0).addCallback(outcomes.append)
    assert outcomes == [Rejected("a", Status.RSUBMITFAIL)]
    outcomes = memory.send("1")
    memory.only.answer()
    assert outcomes == [Accepted("a", "1")]


def test_what_was_under_way_is_lost_with_its_connection():
    memory = Memory({"window": 2}).start()
    outcomes = [memory.send(str(n)) for n in range(3)]
    memory.only.lose()
    assert [type(one[0]) for one in outcomes[:2]] == [Lost, Lost] and outcomes[2] == []
    memory.pass_time(1)
    assert memory.only.submitted == [b"2"], "sent when it is back"
    assert memory.counted("lost_total") == {"a": 2}


def test_a_late_answer_is_told():
    memory, late = Memory({"response_s": 1}).start(), []
    memory.binds.late = lambda *what: late.append(what)
    outcomes = memory.send("1")
    memory.pass_time(1.1)
    assert outcomes == [Lost("a", "not answered in time")]
    memory.only.answer()
    [(request, account, message_id)] = late
    assert (request.short_message, account, message_id) == (b"1", "a", "1") and len(outcomes) == 1
    memory.send("2")
    memory.pass_time(1.1)
    memory.only.answer(Status.RTHROTTLED)
    assert len(late) == 1 and memory.counted("late_total") == {"a": 2} and memory.counted("throttled_total") == {}


def test_stop_tells_what_waits_and_lets_finish_what_is_under_way():
    memory, stopped = Memory({"window": 1}).start(), []
    under_way, waiting = memory.send("1"), memory.send("2")
    memory.binds.stop().addCallback(stopped.append)
    memory.exchange()
    assert waiting == [STOPPING] and memory.send("3") == [STOPPING] and under_way == [] and stopped == []
    memory.only.answer()
    assert under_way == [Accepted("a", "1")] and stopped == [None] and memory.connections == []
    assert memory.clock.getDelayedCalls() == []


def test_stop_waits_only_so_long_for_answers_and_for_the_good_bye():
    memory, stopped = Memory({"window": 1}).start(), []
    under_way = memory.send("1")
    memory.binds.stop().addCallback(stopped.append)
    memory.pass_time(4.9)
    assert memory.only.session.state == "bound_trx"
    memory.only.session.receive = lambda data, now: []  # it is deaf from now on
    memory.pass_time(2.3)
    assert stopped == [None] and isinstance(under_way[0], Lost)
    assert memory.clock.getDelayedCalls() == []


def test_what_is_put_off_while_stopping_is_unsent():
    memory = Memory().start()
    outcomes = memory.send("1")
    memory.binds.stop()
    memory.only.answer(Status.RTHROTTLED)
    assert outcomes == [STOPPING]


def test_stop_while_connecting_and_while_waiting_to():
    memory, stopped = Memory(), []
    memory.hanging = Deferred()
    memory.start()
    assert memory.binds.shown()[0]["state"] == "connecting"
    memory.binds.stop().addCallback(stopped.append)
    assert stopped == [None] and memory.clock.getDelayedCalls() == []
    memory = Memory()
    memory.listens = False
    memory.start()
    assert memory.binds.shown()[0]["state"] == "waiting"
    memory.binds.stop().addCallback(stopped.append)
    assert stopped == [None, None] and memory.clock.getDelayedCalls() == []


def test_a_callback_that_sends_more_is_no_trouble():
    memory = Memory({"window": 1}).start()
    request = SubmitSm(short_message=b"again")
    for _ in range(3):
        memory.binds.submit(request, REPLY, 60.0).addCallback(lambda _: memory.binds.submit(request, REPLY, 60.0))
    memory.exchange()
    for _ in range(6):
        memory.only.answer()
    assert memory.only.submitted == [b"again"] * 6
