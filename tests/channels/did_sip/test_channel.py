"""Calls ring, are declined or given up, and are told once; on the virtual clock."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.domain.errors import Busy
from tectonics.domain.keywords import Sos
from tests.channels.did_sip.house import ANN, DID, HOST, PAI, STRANGER, TRUNK, House, invite, section

RING = ("did_sip", "c1", ANN, DID, Sos())


@pytest.fixture
def house():
    return House()


def is_at_rest(house):
    """Nothing is kept of calls, and no timer runs."""
    house.pass_s(70)
    return len(house.channel.exchange) == 0 and house.clock.getDelayedCalls() == [] and not house.channel._ringing


@pytest.mark.parametrize("status", [480, 486, 603])
def test_a_call_rings_and_is_declined(status):
    house = House(status=status)
    ringing = house.ring()
    assert ringing.to.tag and ringing.header("Contact") == f"<sip:+{DID}@127.0.0.1:5070>"
    assert house.pass_s(7.9) == [] and house.told() == []
    declined, = house.pass_s(0.2)
    assert (declined.status, declined.to.tag) == (status, ringing.to.tag)
    house.acknowledge(invite(), declined)
    assert house.told() == [RING] and house.engine.messages[0].at == 1_700_000_008_000
    assert is_at_rest(house) and house.results() == {"rang": 1} and house.results("did_rings_told") == {"taken": 1}


def test_the_caller_hangs_up(house):
    house.ring()
    house.pass_s(3)
    assert house.hang_up(invite()) == [(200, "CANCEL"), (487, "INVITE")]
    assert house.told() == [RING] and house.results() == {"hung_up": 1}
    house.acknowledge(invite(), house.last())
    assert house.told() == [RING] and is_at_rest(house)


def test_the_caller_hangs_up_by_bye(house):
    ringing = house.ring()
    house.pass_s(2)
    bye = invite(method="BYE", number=2, branch="z9hG4bKbye", to_tag=ringing.to.tag)
    assert [(one.status, one.cseq.method) for one in house.hear(bye)] == [(200, "BYE"), (487, "INVITE")]
    assert house.told() == [RING]
    assert house.statuses(invite(method="BYE", number=3, branch="z9hG4bKb2", to_tag=ringing.to.tag)) == [481]


def test_who_hangs_up_too_soon_wanted_nothing(house):
    house.ring()
    house.pass_s(0.5)
    assert house.hang_up(invite()) == [(200, "CANCEL"), (487, "INVITE")]
    assert house.told() == [] and house.results() == {"too_short": 1}
    house.ring(invite("c2"))
    house.pass_s(9)
    assert [one[1] for one in house.told()] == ["c2"]


def test_repetitions_ring_once(house):
    call = invite()
    house.ring(call)
    for _ in range(5):
        assert house.statuses(call) == [180]
    declined = house.pass_s(8.3)
    assert house.statuses(call) == [480]
    house.acknowledge(call, declined[0])
    assert house.statuses(call) == []  # acknowledged: it is late
    assert house.told() == [RING] and is_at_rest(house)


def test_an_answer_that_is_lost_is_said_again_until_it_is_acknowledged(house):
    house.ring()
    said = house.pass_s(11.9)  # after 0.5, 1.5, 3.5
    assert [one.status for one in said] == [480] * 4
    house.acknowledge(invite(), said[0])
    assert house.pass_s(60) == [] and house.told() == [RING]


def test_an_answer_that_is_never_acknowledged_ends(house):
    house.ring()
    house.pass_s(50)
    assert house.told() == [RING] and is_at_rest(house)
    assert house.results("sip_dropped") == {"unacknowledged": 1}


def test_the_same_call_over_two_ways_rings_once(house):
    house.ring()
    assert house.statuses(invite(branch="z9hG4bKother")) == [482]
    house.pass_s(9)
    assert house.told() == [RING]


def test_a_call_that_wants_less_gets_less(house):
    house.ring(invite(headers="Expires: 3\r\n"))
    assert house.pass_s(2.9) == []
    assert [one.status for one in house.pass_s(0.2)] == [487] and house.told() == [RING]


def test_who_rings_again_at_once_is_declined_at_once():
    house = House(repeat_s=60)
    house.ring()
    house.pass_s(9)
    assert house.statuses(invite("c2")) == [480]
    house.ring(invite("c3", to="133"))  # another service
    house.ring(invite("c4", more=PAI.replace(ANN, "33600000002")))  # another caller
    house.pass_s(60)
    house.ring(invite("c5"))
    assert house.results()["repeated"] == 1 and len(house.told()) == 3


def test_so_many_rings_of_one_caller_in_an_hour():
    house = House(repeat_s=0, caller_per_hour=3)
    for n in range(3):
        house.ring(invite(f"c{n}"))
    assert house.statuses(invite("c4")) == [480] and house.results()["limited"] == 1
    house.clock.advance(3600)
    house.ring(invite("c5"))


def test_a_flood_is_shed_with_503():
    house = House(calls_max=2, repeat_s=0)
    house.ring(invite("c1"))
    house.ring(invite("c2"))
    third = invite("c3")
    refused, = house.hear(third)
    assert (refused.status, refused.header("Retry-After")) == (503, "2")
    house.acknowledge(third, refused)
    assert house.statuses(invite("c1")) == [180]  # who rings is served
    assert len(house.channel.exchange) == 2 and house.results()["shed"] == 1
    assert house.hang_up(invite("c2")) == [(200, "CANCEL"), (487, "INVITE")]
    house.ring(third)


def test_a_trunk_has_so_many_calls_a_second():
    house = House(section({**TRUNK, "per_second": 5}))
    statuses = [house.statuses(invite(f"c{n}", more=PAI.replace(ANN, f"3360000{n:04}")))[-1] for n in range(20)]
    assert statuses == [180] * 5 + [503] * 15
    house.clock.advance(1)
    assert house.statuses(invite("later", more=PAI.replace(ANN, "33600009999"))) == [100, 180]
    options = [house.statuses(invite(f"o{n}", method="OPTIONS"))[-1] for n in range(10)]
    assert options == [200] * 4 + [503] * 6


def test_strangers_are_not_answered(house):
    for _ in range(3):
        assert house.hear(invite(), STRANGER) == [] and house.hear(b"garbage", STRANGER) == []
    assert house.results("sip_dropped") == {"stranger": 6} and len(house.channel.exchange) == 0
    assert house.results() == {} and house.results("sip_messages") == {}


def test_or_are_refused_if_the_operator_wants_that():
    house = House(strangers="refuse")
    assert house.statuses(invite(), STRANGER) == [403] and len(house.channel.exchange) == 0
    assert house.hear(invite(method="ACK"), STRANGER) == [] == house.hear(b"garbage", STRANGER)
    assert house.hear(invite().encode().replace(b"CSeq: 1", b"CSeq: x"), STRANGER) == []


@pytest.mark.parametrize("more, result", [("", "no_cli"), (PAI.replace(ANN, DID), "loop")])
def test_a_call_that_nobody_is_known_to_have_made_is_ignored(house, more, result):
    assert house.statuses(invite(more=more)) == [480]
    assert house.results() == {result: 1} and house.told() == [] and is_at_rest(house)


def test_a_number_that_is_none_of_ours(house):
    assert house.statuses(invite(to="33800999999")) == [404] and house.results() == {"unknown_did": 1}


def test_other_requests(house):
    options, = house.hear(invite(method="OPTIONS"))
    assert (options.status, options.header("Allow")) == (200, "INVITE, ACK, CANCEL, BYE, OPTIONS")
    assert house.statuses(invite("c2", method="REGISTER")) == [405]
    assert house.statuses(invite("c3", headers="Require: 100rel\r\n")) == [420]
    for n, method in enumerate(("INVITE", "BYE", "OPTIONS")):
        assert house.statuses(invite(f"d{n}", method=method, to_tag="nobody's")) == [481]
    assert house.statuses(invite("c9", method="CANCEL")) == [481]
    assert house.hear(invite("c10", method="ACK", to_tag="x")) == []
    house.pass_s(70)
    assert house.told() == [] and is_at_rest(house)


# --- telling

def test_while_the_engine_is_busy_a_ring_is_told_again(house):
    house.engine.ends = [Busy("later"), Busy("later")]
    house.ring()
    house.pass_s(8.1)
    assert len(house.told()) == 1
    house.pass_s(3.2)
    assert house.told() == [RING] * 3 and house.results("did_rings_told") == {"again": 2, "taken": 1}


def test_but_not_for_ever(house):
    house.engine.ends = [Busy("later")] * 10
    house.ring()
    house.pass_s(60)
    assert len(house.told()) == 5 and house.results("did_rings_told") == {"again": 4, "lost": 1}


def test_a_fault_of_ours_is_an_alarm(house):
    house.engine.ends = [RuntimeError("a bug")]
    house.ring()
    house.pass_s(20)
    assert len(house.told()) == 1 and ("internal_fault", "did_sip") in house.counted.raised


def test_a_fault_in_a_request_costs_that_request(house, monkeypatch):
    monkeypatch.setattr("tectonics.channels.did_sip.channel.decide", lambda *_: 1 / 0)
    assert house.statuses(invite()) == [500]
    assert ("internal_fault", "sip") in house.counted.raised
    monkeypatch.undo()
    house.ring(invite("c2"))


# --- the end

def test_a_stop_declines_what_rings_and_tells_it(house):
    house.ring()
    house.pass_s(2)
    stopped = house.channel.stop()
    assert house.last().status == 480
    assert house.told() == [RING] and house.statuses(invite("c2")) == [503]
    assert [one.status for one in house.pass_s(0.5)] == [480]
    house.pass_s(0.2)
    assert stopped.called and house.clock.getDelayedCalls() == []


def test_a_stop_waits_for_the_engine_so_long(house):
    waiting = Deferred()
    house.engine.ends = [waiting]
    house.ring()
    house.pass_s(8.1)
    stopped = house.channel.stop()
    house.pass_s(1.9)
    assert not stopped.called
    house.pass_s(0.2)
    assert stopped.called


def test_a_stop_of_an_idle_channel_is_at_once(house):
    assert house.channel.stop().called and house.clock.getDelayedCalls() == []


# --- what is shown

def test_what_is_shown(house):
    assert house.channel.shown() == [{"name": "SIP trunk t1", "state": "silent", "why": "nothing has come from it yet"}]
    house.ring()
    shown, = house.channel.shown()
    assert (shown["state"], shown["since"]) == ("heard", 1_700_000_000_000)
    loads = {name: (depth, bound) for name, depth, bound in house.channel.loads()}
    assert loads["calls ringing"] == (1, 5000) and loads["SIP transactions"] == (1, 20_000)
    assert house.results("sip_messages") == {"INVITE": 1, "100": 1, "180": 1}


def test_answers_go_where_the_request_came_from(house):
    house.hear(invite(via="203.0.113.9:5099"), HOST, 6000)
    house.hear(invite("c2", via="203.0.113.9:5099;rport"), HOST, 6000)
    assert [address for _, address in house.wire] == [(HOST, 5099)] * 2 + [(HOST, 6000)]
