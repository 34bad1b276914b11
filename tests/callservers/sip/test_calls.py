"""A call from its first ring to its end, as both phones see it."""

import pytest

from tectonics.domain.call import Answered, Ended, NotAnswered
from tectonics.domain.outcome import Done
from tectonics.simulators.phones.media import direction_of, port_of, version_of
from tests.callservers.sip.world import A, B, World

QUIET = ("SIP transactions", 0), 0, []


@pytest.mark.parametrize("flow", ["IV", "III"])
def test_two_people_are_connected_and_hear_each_other(flow):
    world = World(flow=flow)
    a, b, over = world.up()
    assert isinstance(a, Answered) and isinstance(b, Answered)
    assert (world.a.state, world.b.state) == ("connected", "connected")
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    assert direction_of(world.a.given) == direction_of(world.b.given) == "sendrecv"
    world.run(30)
    world.b.hang_up()
    assert world.until(over) == Ended(world.at, "by_b", 16)
    world.run(1)
    assert (world.a.ended_by, world.a.q850) == ("them", 16)
    assert world.peace() == QUIET


def test_the_first_offer_of_flow_iv_has_no_media_and_a_waits_in_silence():
    world = World()
    world.script(B, answer=40)
    a = world.until(world.ring())
    assert b"m=" not in world.a.given
    first = version_of(world.a.given)
    ringing = world.connect(a, ring_s=50)
    world.run(39)
    assert (world.a.state, world.b.state, ringing.value) == ("connected", "ringing", None) and world.b.rang
    world.until(ringing)
    origin, version = version_of(world.a.given)
    assert (origin, version) == (first[0], first[1] + 1)


def test_who_cannot_take_an_offer_without_media_offers_himself():
    world = World()
    world.script(A, empty=False)
    *_, over = world.up()
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    assert world.switch.rung == {A: 1, B: 1} and not world.a.invite.body
    world.a.hang_up()
    assert world.until(over).cause == "by_a" and world.peace() == QUIET


def test_flow_iii_lets_a_offer_and_sends_his_media_nowhere():
    world = World(flow="III")
    a = world.until(world.ring())
    world.run(1.5)
    assert direction_of(world.a.given) == "inactive" and b"0.0.0.0" in world.a.given and port_of(world.a.given)
    b = world.until(world.connect(a))
    world.talk(a, b)
    world.run(1)
    assert port_of(world.a.given) == world.b.port and version_of(world.a.given)[1] == 2


def test_flow_i_joins_an_automaton_by_one_round():
    world = World(flow="I")
    world.script(B, ring=-1, answer=0)
    *_, over = world.up()
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    assert (world.a.changes, world.b.changes) == (0, 0)
    world.a.hang_up()
    assert world.until(over).cause == "by_a"
    world.run(1)
    assert world.b.state == "over"


def test_flow_i_does_not_wait_for_a_person():
    world = World(flow="I")
    world.script(B, answer=25)
    a = world.until(world.ring())
    down = world.until(world.connect(a))
    assert down.cause == "no_answer"
    world.run(1)
    assert world.states() == ["over", "over"] and world.peace() == QUIET


def test_a_is_shown_the_number_and_b_a_s():
    world = World()
    world.up()
    assert world.a.caller == "+33800133000" and world.b.caller == f"+{A}"
    assert world.a.asserted == "<sip:+33800133000@192.0.2.200:5072;user=phone>"


def test_nobody_is_shown_where_no_number_is():
    world = World()
    world.until(world.ring(caller=""))
    assert world.a.caller == "" and world.a.invite.header("Privacy") == "id" and not world.a.asserted


def test_the_limit_ends_it_and_an_extension_moves_it():
    world = World()
    *_, over = world.up(for_s=60)
    world.run(50)
    world.server.extend("CALL", world.at + 60_000)
    world.run(59)
    assert over.value is None
    assert world.until(over, 3).cause == "limit"
    world.run(1)
    assert world.states() == ["over", "over"]
    assert world.peace() == QUIET


def test_hanging_up_while_they_talk():
    world = World()
    a, b, over = world.up()
    done = world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))
    assert world.until(over).cause == "hung_up" and world.until(done) == Done()
    assert world.states() == ["over", "over"] and world.peace() == QUIET


def test_hanging_up_while_a_rings():
    world = World()
    world.script(A, answer=20)
    ringing = world.ring()
    world.run(2)
    assert world.until(world.hang_up(("LEGA", ""))) == Done()
    assert world.until(ringing).cause == "cancelled"
    world.run(1)
    assert world.states() == ["over"] and world.peace() == QUIET


def test_hanging_up_before_the_switch_has_said_anything():
    world = World()
    world.script(A, trying=False, ring=1)
    ringing = world.ring()
    world.hang_up(("LEGA", ""))
    assert world.until(ringing).cause == "cancelled"
    world.run(3)
    assert world.states() == ["over"] and world.a.ended_by == "them"


def test_a_hangs_up_while_b_rings():
    world = World()
    world.script(B, answer=20)
    a = world.until(world.ring())
    connecting = world.connect(a)
    world.run(3)
    world.a.hang_up()
    down = world.until(connecting)
    assert down == NotAnswered(world.at, "by_a", 16)
    world.run(1)
    assert world.b.state == "over" and world.b.ended_by == "them"
    assert world.peace() == QUIET


def test_a_hangs_up_before_b_is_rung():
    world = World()
    a = world.until(world.ring())
    world.run(2)
    world.a.hang_up()
    world.run(1)
    assert world.until(world.connect(a)).cause == "by_a"
    assert world.switch.rung == {A: 1} and world.peace() == QUIET


def test_b_hangs_up_before_the_talk_is_asked_for():
    world = World()
    a = world.until(world.ring())
    b = world.until(world.connect(a))
    world.run(2)
    world.b.hang_up()
    world.run(1)
    assert world.until(world.talk(a, b)).cause == "by_b" and world.a.state == "over"
    assert world.peace() == QUIET


def test_a_is_told_by_bye_why_b_was_not_reached():
    world = World()
    world.script(B, status=486)
    a = world.until(world.ring())
    assert world.until(world.connect(a)) == NotAnswered(world.at, "busy", 17)
    world.run(1)
    assert (world.a.state, world.a.ended_by, world.a.q850) == ("over", "them", 17)


def test_nobody_answers():
    world = World()
    world.script(A, answer=-1)
    begun = world.at
    down = world.until(world.ring(ring_s=20))
    assert down.cause == "no_answer" and down.q850 == 19 and 19_900 < down.at - begun < 20_100
    world.run(1)
    assert world.a.state == "over" and world.a.ended_by == "them" and world.peace() == QUIET


def test_media_that_a_refuses_end_it():
    world = World()
    world.script(A, media=False)
    a = world.until(world.ring())
    assert world.until(world.connect(a)).cause == "failed"
    assert world.peace() == QUIET


def test_a_says_that_he_is_busy_with_an_offer_of_his_own():
    world = World()
    world.script(A, glare=2)
    world.up()
    assert port_of(world.a.given) == world.b.port and world.a.changes == 1


@pytest.mark.parametrize("who", ["a", "b"])
def test_hold_and_back(who):
    world = World()
    world.up()
    one, other = (world.a, world.b) if who == "a" else (world.b, world.a)
    for how, heard in (("hold", "sendonly"), ("resume", "sendrecv")):
        one.change(how)
        world.run(1)
        assert direction_of(other.given) == heard and port_of(other.given) == one.port
        assert direction_of(one.given) == {"sendonly": "recvonly"}.get(heard, heard)


def test_a_change_without_an_offer_is_passed_too():
    world = World()
    *_, over = world.up()
    world.b.change("empty")
    world.run(1)
    assert port_of(world.b.given) == world.a.port and port_of(world.a.given) == world.b.port
    assert (world.a.changes, world.b.changes) == (2, 1)
    world.a.hang_up()
    assert world.until(over).cause == "by_a" and world.peace() == QUIET


def test_both_want_a_change_at_once():
    world = World()
    *_, over = world.up()
    world.a.change("hold")
    world.b.change("hold")
    world.run(5)
    assert 491 in (world.a.refused_change, world.b.refused_change)
    world.a.hang_up()
    assert world.until(over).cause == "by_a" and world.peace() == QUIET


def test_of_forked_answers_the_first_wins():
    world = World()
    world.script(A, forks=3)
    *_, over = world.up()
    assert world.a.state == "connected" and world.switch.line.seen["200 BYE"] == 2
    world.a.hang_up()
    assert world.until(over).cause == "by_a"


def test_of_forked_answers_the_first_to_arrive_wins():
    world = World()
    world.script(B, forks=2)
    world.line.order("200 INVITE", "lose", 1, 1)  # behind A's
    *_, over = world.up()
    assert world.b.tag.endswith("-1") and port_of(world.a.given) == world.b.port
    world.run(5)
    assert world.b.state == "connected" and world.switch.line.seen["200 BYE"] == 1
    world.b.hang_up()
    assert world.until(over).cause == "by_b" and world.peace() == QUIET
