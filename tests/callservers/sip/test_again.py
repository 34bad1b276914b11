"""The call server dies and lives again at each step; and what is asked twice."""

import pytest

from tectonics.callservers.sip.causes import NORMAL, TIMER
from tectonics.callservers.sip.handle import CHARS_MAX, decode
from tectonics.domain.call import Answered, Ended, NotAnswered
from tectonics.domain.outcome import Done, Unknown
from tectonics.simulators.phones.media import port_of
from tests.callservers.sip.world import A, B, World

QUIET = ("SIP transactions", 0), 0, []


def test_asked_again_in_the_same_life_it_waits_on():
    world = World()
    first, second = world.ring(), world.ring(again=True)
    a = world.until(first)
    assert second.value == a == world.ring(again=True).value
    first, second = world.connect(a), world.connect(a, again=True)
    b = world.until(first)
    assert second.value == b == world.connect(a).value
    first, second = world.talk(a, b), world.talk(a, b, again=True)
    world.run(1)
    world.a.hang_up()
    over = world.until(first)
    assert over == second.value == world.talk(a, b, again=True).value
    world.run(20)  # what is committed late ended when it ended, not when it was asked for again
    late = world.talk(a, b, again=True).value
    assert (late.cause, abs(late.at - over.at) <= 1) == (over.cause, True)
    assert world.switch.rung == {A: 1, B: 1} and world.peace() == QUIET


@pytest.mark.parametrize("script, when", [({"trying": False, "ring": 3, "answer": 5}, 1), ({"answer": 20}, 2),
                                          ({"password": "secret", "answer": 20}, 2)])
def test_a_leg_that_was_left_ringing_is_cancelled(script, when):
    world = World(trunk={"user": "tectonics", "password_file": "x"})
    world.script(A, **script)
    world.ring()
    world.run(when)
    world.again()
    assert world.until(world.ring(again=True)).cause == "gone"
    world.run(40)
    assert world.a.state == "over" and world.switch.rung == {A: 1} and world.peace() == QUIET


def test_it_is_cancelled_without_its_number_too_and_by_another_node():
    world = World(siblings=["192.0.2.200:5072"])
    world.script(A, answer=20)
    world.ring()
    world.run(2)
    world.die()
    world.section = world.section.model_copy(update={"public": "192.0.2.200:5073"})
    world.begin()
    assert world.until(world.hang_up(("LEGA", ""))) == Done()
    world.run(1)
    assert world.a.state == "over" and world.a.ended_by == "them"


def test_a_leg_that_is_answered_while_nobody_is_here_is_hung_up():
    world = World()
    world.script(A, answer=3)
    world.ring()
    world.run(1)
    world.die()
    world.run(5)
    assert world.a.state == "answered"
    world.begin()
    world.run(5)
    assert world.a.state == "over" and world.a.ended_by == "them" and world.switch.rung == {A: 1}


def test_who_was_answered_and_not_remembered_was_never_told_that_we_know():
    world = World()
    a = world.until(world.ring())
    world.die()
    assert isinstance(a, Answered) and world.a.state == "answered"
    world.begin()
    world.ring(again=True)
    world.run(5)
    assert world.a.state == "over" and world.peace() == QUIET


def test_a_dies_while_b_rings_again_is_gone_and_both_end():
    world = World()
    world.script(B, answer=20)
    a = world.until(world.ring())
    world.connect(a)
    world.run(3)
    world.again()
    assert world.until(world.connect(a, again=True)).cause == "gone"
    world.run(40)
    assert world.states() == ["over", "over"] and world.switch.rung == {A: 1, B: 1}
    assert world.peace() == QUIET


def test_b_is_never_rung_where_a_is_not_known():
    world = World()
    a = world.until(world.ring())
    world.run(2)
    world.again()
    assert world.until(world.connect(a)).cause == "gone"
    world.run(2)
    assert world.states() == ["over"] and world.switch.rung == {A: 1}


@pytest.mark.parametrize("flow", ["IV", "III", "I"])
def test_a_conversation_survives(flow):
    world = World(flow=flow)
    world.script(B, ring=-1, answer=0.01)
    a, b, _ = world.up()
    world.die()
    world.run(60)
    world.begin()
    over = world.talk(a, b, again=True)
    world.run(2)
    assert (over.value, world.a.state, world.b.state) == (None, "connected", "connected")
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    world.b.hang_up()
    assert world.until(over).cause == "by_b"
    world.run(1)
    assert world.states() == ["over", "over"] and world.switch.rung == {A: 1, B: 1} and world.peace() == QUIET


def test_it_survives_twice_and_on_another_node():
    world = World()
    a, b, _ = world.up()
    world.again()
    world.talk(a, b, again=True)
    world.run(5)
    world.again()
    over = world.talk(a, b, again=True)
    world.run(5)
    world.a.change("hold")
    world.run(1)
    assert world.b.changes == 3
    world.a.hang_up()
    assert world.until(over).cause == "by_a"


def test_its_limit_may_be_past():
    world = World()
    a, b, _ = world.up(20)
    world.die()
    world.run(60)
    world.begin()
    assert world.until(world.talk(a, b, -40, again=True)).cause == "limit"
    world.run(1)
    assert world.states() == ["over", "over"] and world.peace() == QUIET


@pytest.mark.parametrize("until", [-40, 40])
@pytest.mark.parametrize("who", ["a", "b"])
def test_somebody_hung_up_meanwhile(who, until):
    world = World()
    a, b, _ = world.up()
    world.die()
    world.run(10)
    (world.a if who == "a" else world.b).hang_up()
    world.run(40)
    world.begin()
    ended = world.until(world.talk(a, b, until, again=True))
    assert isinstance(ended, Ended) and ended.cause == "lost"
    world.run(1)
    assert world.states() == ["over", "over"] and world.peace() == QUIET


@pytest.mark.parametrize(("why", "cause"), [(NORMAL, "by_b"), (TIMER, "lost")])
def test_somebody_hangs_up_between_the_start_and_the_take_over(why, cause):
    world = World()
    a, b, _ = world.up()
    world.again()
    world.b.hang_up(why)
    world.run(1)
    said = world.at
    world.run(5)
    ended = world.until(world.talk(a, b, again=True))
    assert ended.cause == cause and said - 1100 < ended.at <= said
    world.run(1)
    assert world.states() == ["over", "over"]


def test_a_phone_that_refuses_to_be_taken_over_stays():
    world = World()
    a, b, _ = world.up()
    world.again()
    world.a.script = world.a.script.__class__(media=False)
    over = world.talk(a, b, again=True)
    world.run(5)
    assert over.value is None
    world.b.hang_up()
    assert world.until(over).cause == "by_b"


def test_hanging_up_by_the_handles_alone():
    world = World(trunk={"user": "tectonics", "password_file": "x"})
    a, b, _ = world.up()
    world.again()
    assert world.until(world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))) == Done()
    assert world.states() == ["over", "over"] and world.peace() == QUIET


@pytest.mark.parametrize("user, ends", [("tectonics", "over"), ("", "connected")])
def test_a_switch_that_asks_for_a_password_at_the_end(user, ends):
    world = World(trunk={"user": user, "password_file": "x" if user else ""})
    a, b, _ = world.up()
    for phone in (world.a, world.b):
        phone.script = phone.script.__class__(proves_bye=True, password="secret")
    assert world.until(world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))) == Done()
    assert world.states() == [ends, ends]


def test_hanging_up_what_is_not_there_is_no_error():
    world = World()
    assert world.until(world.hang_up(("NOBODY", ""), ("NOTHING", "{}"))) == Done()
    a, b, over = world.up()
    world.a.hang_up()
    world.until(over)
    world.run(60)
    assert world.until(world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))) == Done()
    assert world.peace() == QUIET


def test_a_switch_that_does_not_answer_the_bye_is_asked_again():
    world = World()
    a, b, _ = world.up()
    world.switch.away = True
    begun = world.at
    assert isinstance(world.until(world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))), Unknown)
    assert world.at - begun < 33_000
    world.switch.away = False
    assert world.until(world.hang_up(("LEGA", a.handle), ("LEGB", b.handle))) == Done()
    assert world.states() == ["over", "over"] and world.peace() == QUIET


def test_a_handle_that_is_none_of_ours_is_lost():
    world = World()
    assert world.until(world.talk(Answered(0, "{"), Answered(0, ""), again=True)).cause == "lost"


def test_a_trunk_that_is_no_more():
    world = World()
    a, b, _ = world.up()
    world.die()
    world.section = world.section.model_copy(update={"trunks": (world.section.trunks[0].model_copy(update={"name": "t9"}),)})
    world.begin()
    assert world.until(world.talk(a, b, again=True)).cause == "lost"


def test_handles_are_short_and_say_all():
    world = World()
    a = world.until(world.ring())
    handle = decode(a.handle)
    assert len(a.handle) < 500 < CHARS_MAX and handle.trunk == "t1" and handle.call_id.startswith("LEGA.")
    assert decode("[]") is decode("{}") is decode("") is None


def test_nobody_waits_for_ever_for_the_next_step():
    world = World()
    a = world.until(world.ring())
    world.run(130)
    assert world.a.state == "over"
    assert isinstance(world.until(world.connect(a)), NotAnswered) and world.peace() == QUIET
