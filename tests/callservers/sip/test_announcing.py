"""What A hears while B rings: an announcement of the trunk's, or nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.domain.call import Answered
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.media import port_of
from tests.callservers.sip.world import B, World

QUIET = ("SIP transactions", 0), 0, []
NAME = "ringback-fr"


def made(**section):
    world = World(announcement="ringback-{language}", **section)
    world.script(NAME, ring=-1, answer=0.05)
    world.script(B, answer=10)
    return world


@pytest.mark.parametrize("flow", ["IV", "III"])
def test_a_hears_it_until_b_answers(flow):
    world = made(flow=flow)
    a = world.until(world.ring())
    ringing = world.connect(a)
    world.run(5)
    announcer = world.switch.of(NAME)
    assert port_of(world.a.given) == announcer.port and port_of(announcer.given) == world.a.port
    assert announcer.state == "connected" and world.b.state == "ringing"
    over = world.talk(a, world.until(ringing))
    world.run(1)
    assert announcer.state == "over" and announcer.ended_by == "them"
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    world.a.hang_up()
    assert world.until(over).cause == "by_a" and world.peace() == QUIET


@pytest.mark.parametrize("script", [{"status": 404, "ring": -1, "answer": 0.1}, {"answer": -1}, {"ring": -1, "answer": 0.1, "hang_up": 2}])
def test_one_that_fails_is_silence(script):
    world = made()
    world.script(NAME, **script)
    *_, over = world.up()
    assert port_of(world.a.given) == world.b.port
    world.b.hang_up()
    assert world.until(over).cause == "by_b" and world.peace() == QUIET


@pytest.mark.parametrize("answer", [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08])
def test_b_answers_while_it_begins(answer):
    world = made()
    world.script(B, ring=0, answer=answer)
    *_, over = world.up()
    assert port_of(world.a.given) == world.b.port and port_of(world.b.given) == world.a.port
    world.a.hang_up()
    assert world.until(over).cause == "by_a" and world.peace() == QUIET


def test_a_refuses_it():
    world = made()
    world.script("336", media=False)
    a = world.until(world.ring())
    connecting = world.connect(a)
    world.run(3)
    assert connecting.value is None and world.switch.of(NAME).state == "over"


@pytest.mark.parametrize("end", ["a", "busy", "dies", "hang_up"])
def test_it_ends_with_the_call(end):
    world = made()
    if end == "busy":
        world.script(B, status=486, answer=3)
    a = world.until(world.ring())
    connecting = world.connect(a)
    world.run(2)
    if end == "a":
        world.a.hang_up()
    elif end == "hang_up":
        world.hang_up(("LEGA", a.handle), ("LEGB", ""))
    elif end == "dies":
        world.again()
        connecting = world.connect(a, again=True)
    assert world.until(connecting).cause in ("by_a", "busy", "gone", "cancelled")
    world.run(40)
    assert [one.number for one in world.switch.open] == ([NAME] if end == "dies" else [])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.sampled_from(["IV", "III"]))
def test_over_a_bad_line_it_comes_to_an_end(seed, flow):
    world = made(line=Line(seed, 15, 10, 0.3), flow=flow)
    a = world.until(world.ring())
    if isinstance(a, Answered):
        b = world.until(world.connect(a, ring_s=15), 100)
        if isinstance(b, Answered):
            world.until(world.talk(a, b, 20), 400)
    assert world.peace(250)[1:] == QUIET[1:]
