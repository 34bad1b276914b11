"""What goes wrong: every refusal, trunks that fail, passwords, intervals, phones that vanish, faults of the line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.callservers.sip.causes import Q850, TIMER
from tectonics.domain.call import Answered
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.media import port_of
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.message import parse
from tests.callservers.sip.world import A, B, World

QUIET = ("SIP transactions", 0), 0, []
WORDS = {400: "congestion", 401: "not_allowed", 402: "not_allowed", 403: "not_allowed", 404: "bad_number", 405: "failed",
         406: "failed", 407: "not_allowed", 408: "no_answer", 410: "bad_number", 413: "failed", 414: "failed", 415: "failed",
         416: "failed", 420: "failed", 421: "failed", 422: "failed", 423: "failed", 480: "no_answer", 481: "congestion",
         482: "unreachable", 483: "unreachable", 484: "bad_number", 485: "bad_number", 486: "busy", 488: "failed",
         491: "congestion", 500: "congestion", 501: "failed", 502: "congestion", 503: "congestion", 504: "no_answer",
         505: "failed", 513: "failed", 600: "busy", 603: "declined", 604: "bad_number", 606: "failed"}


@pytest.mark.parametrize("status", sorted(WORDS))
def test_every_refusal_has_its_word_and_its_cause(status):
    world = World()
    world.script(A, status=status)
    down = world.until(world.ring())
    assert (down.cause, down.q850) == (WORDS[status], Q850[status])
    assert world.peace() == QUIET


def test_every_cause_is_looked_at():
    assert WORDS.keys() == Q850.keys()


def test_the_network_s_own_cause_is_believed_before_the_status():
    world = World()
    world.script(A, status=480, cause=20)
    assert world.until(world.ring()).cause == "unreachable"
    world.script(A, status=480)
    assert world.until(world.ring("LEG2", call="CALL2")).cause == "no_answer"
    world.script(A, status=480, ring=-1, answer=0.1)
    down = world.until(world.ring("LEG3", call="CALL3"))
    assert (down.cause, down.q850) == ("unreachable", 18)


# --- trunks


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_the_next_trunk_is_tried(status):
    world = World(trunks=2)
    world.switches[0].scripts[A] = world.switches[0].scripts[""].__class__(status=status, ring=-1, answer=0.01)
    assert isinstance(world.until(world.ring()), Answered)
    assert [switch.rung[A] for switch in world.switches] == [1, 1]


def test_who_has_rung_is_not_rung_by_another_trunk():
    world = World(trunks=2)
    world.script(A, status=503)
    assert world.until(world.ring()).cause == "congestion"
    assert [switch.rung[A] for switch in world.switches] == [1, 0]


def test_a_trunk_that_is_silent_is_passed_over_and_alarms():
    world = World(trunks=2, keep_alive_s=30)
    world.switches[0].away = True
    begun = world.at
    up = world.until(world.ring())
    assert isinstance(up, Answered) and 4000 < up.at - begun < 5000
    assert world.counted.raised and "t1" in str(world.counted.raised)
    begun = world.at
    assert world.until(world.ring("LEG2", call="CALL2")).at - begun < 1000
    world.switches[0].away = False
    world.run(70)
    assert [one["state"] for one in world.server.shown()] == ["up", "up"]
    assert not world.counted.raised


def test_all_trunks_are_silent():
    world = World(trunks=2)
    for switch in world.switches:
        switch.away = True
    down = world.until(world.ring())
    assert down.cause == "congestion" and world.peace() == QUIET


def test_a_trunk_that_wakes_up_late_is_told_to_stop():
    world = World(trunks=2, line=None)
    world.switches[0].scripts[A] = world.switches[0].scripts[""].__class__(trying=False, ring=5, answer=1)
    up = world.until(world.ring())
    assert isinstance(up, Answered)
    world.run(20)
    assert world.switches[0].of(A).state == "over" and world.switches[1].of(A).state == "connected"


@pytest.mark.parametrize(("ring", "answer"), [(33, -1), (33, 34), (-1, 33)])
@pytest.mark.parametrize("trunks", [1, 2])
def test_who_is_heard_of_later_than_anybody_waits_is_told_to_stop(trunks, ring, answer):
    world = World(trunks=trunks, line=None)
    late = world.switches[0]
    late.scripts[A] = late.scripts[""].__class__(trying=False, ring=ring, answer=answer)
    up = world.until(world.ring())
    assert isinstance(up, Answered) if trunks == 2 else up.cause == "congestion"
    world.run(40)
    assert late.of(A).state == "over" and late.of(A).ended_by == "them"
    assert trunks == 1 or world.switches[1].of(A).state == "connected"


def test_a_2xx_behind_a_refusal_is_acknowledged_and_hung_up():
    world = World()
    world.script(A, status=486)
    assert world.until(world.ring()).cause == "busy"
    [invite] = [one for one in map(parse, world.sent) if one.method == "INVITE"]
    sent = len(world.sent)
    accepted = answer(invite, 200, "other", (("Contact", "<sip:other@192.0.2.1>"),))
    world._to_server("192.0.2.1")(accepted.encode(), None)
    world.run(1)
    assert [parse(octets).method for octets in world.sent[sent:]] == ["ACK", "BYE"]
    assert {parse(octets).to.tag for octets in world.sent[sent:]} == {"other"}


def test_a_trunk_asks_for_a_password():
    world = World(trunk={"user": "tectonics", "password_file": "x"})
    world.script(A, password="secret")
    world.up()
    assert world.a.state == "connected"
    world.script(A, password="other")
    assert world.until(world.ring("LEG2", call="CALL2")).cause == "not_allowed"


def test_a_trunk_wants_a_longer_interval():
    world = World(session_s=90)
    world.script(A, least=600, timer=600)
    world.up()
    assert world.a.invite.header("Session-Expires") == "600"


@pytest.mark.parametrize("trusted", [True, False])
def test_a_redirection_is_followed_where_the_trunk_is_trusted(trusted):
    world = World(trunk={"redirects": trusted})
    world.script(A, status=302, contact="sip:33911@192.0.2.1")
    result = world.until(world.ring())
    assert isinstance(result, Answered) == trusted
    assert world.switch.rung["33911"] == trusted


def test_the_bound_of_calls():
    world = World(calls_max=1)
    world.up()
    down = world.until(world.ring("LEG2", call="CALL2"))
    assert (down.cause, down.q850) == ("congestion", 34) and world.switch.rung[A] == 1


# --- phones that vanish


@pytest.mark.parametrize("who", [A, B])
@pytest.mark.parametrize("timer", [{}, {"timer": 90}, {"timer": 90, "refresher": "uas"}])
def test_a_phone_that_vanishes_ends_the_call(who, timer):
    world = World(session_s=90)
    world.script(who, vanish=20, **timer)
    *_, over = world.up()
    begun = world.at
    ended = world.until(over, 200)
    assert ended.cause == "lost" and begun - 2000 < ended.seen_at < begun + 25_000 and ended.at < begun + 130_000
    world.run(1)
    assert (world.b if who == A else world.a).state == "over"
    assert world.peace(100)[:2] == QUIET[:2]


@pytest.mark.parametrize("who", ["a", "b"])
def test_a_switch_that_has_waited_in_vain_for_a_refresh_is_nobody_who_hangs_up(who):
    world = World()
    *_, over = world.up()
    begun = world.at
    world.run(60)
    getattr(world, who).hang_up(TIMER)
    ended = world.until(over)
    assert (ended.cause, ended.q850) == ("lost", TIMER) and ended.seen_at <= begun < ended.at - 59_000
    world.run(1)
    assert world.states() == ["over", "over"]


def test_a_long_call_is_refreshed():
    world = World(session_s=90)
    *_, over = world.up(3600)
    world.run(1000)
    assert over.value is None and world.switch.line.seen["UPDATE"] > 30
    world.a.hang_up()
    assert world.until(over).cause == "by_a"


# --- the line


KINDS = ("INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE")


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("what", ["lose", "double"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_message_lost_or_doubled_once(kind, what, after):
    world = World(line=Line())
    world.line.order(kind, what, 1, after)
    _, b, over = world.up()
    world.run(35)
    assert isinstance(b, Answered) and (world.a.state, world.b.state) == ("connected", "connected")
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    world.a.hang_up()
    assert world.until(over).cause == "by_a"
    assert world.peace() == QUIET and world.switch.rung == {A: 1, B: 1}


@pytest.mark.parametrize("kind", ["CANCEL", "200 CANCEL", "487 INVITE", "ACK"])
def test_a_cancellation_whose_messages_are_lost(kind):
    world = World(line=Line())
    world.script(A, answer=-1)
    world.line.order(kind, "lose", 2)
    assert world.until(world.ring(ring_s=5)).cause == "no_answer"
    assert world.peace() == QUIET and world.a.ended_by == "them"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.sampled_from(["IV", "III"]), st.sampled_from(["a", "b", "limit", "hang_up", "busy", "no"]))
def test_over_a_bad_line_every_call_comes_to_an_end(seed, flow, end):
    world = World(line=Line(seed, 15, 10, 0.3), flow=flow)
    world.script(B, status=486 if end == "busy" else 0, answer=-1 if end == "no" else 1)
    a = world.until(world.ring())
    if isinstance(a, Answered):
        b = world.until(world.connect(a, ring_s=10), 100)
        if isinstance(b, Answered):
            over = world.talk(a, b, 20 if end == "limit" else 300)
            world.run(10)
            if end == "a":
                world.a.hang_up()
            elif end == "b":
                world.b.hang_up()
            elif end == "hang_up":
                world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))
            world.until(over, 400)
    assert world.peace(200)[1:] == QUIET[1:]
    assert max(world.switch.rung.values()) == 1
