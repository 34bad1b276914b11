"""Whole sessions with a simulated gateway over real sockets, in every dialect, while things go wrong."""

from dataclasses import replace

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.task import deferLater

from tectonics.channels.ussd_smpp.pushes import Shown, Typed
from tectonics.simulators.screens import NoScreen
from tectonics.simulators.smsc.faults import (
    CUT,
    DOUBLE,
    LATE,
    LOSE_ANSWER,
    LOSE_REQUEST,
    QUEUE_FULL,
    REFUSE,
    THROTTLE,
    Faults,
)
from tests.channels.ussd_smpp.speaking import MSISDN, SHIPPED, ScriptedDialogue, shipped


async def until(met):
    """Looks again each time the reactor has gone round, until it holds."""
    from twisted.internet import reactor  # pytest-twisted chooses it first
    end = reactor.seconds() + 20
    while not met():
        assert reactor.seconds() < end, "in vain"
        await deferLater(reactor, 0.002)


async def whole(gateway, msisdn=MSISDN, code="*133#", inputs=("1", "99")):
    """The texts of a session's screens."""
    handset = gateway.dial(msisdn, code)
    seen = [await handset.next()]
    for typed in inputs:
        seen.append(await handset.type(typed))
    return [screen.text for screen in seen], seen[-1].more


def people(count):
    return [f"336000{number:05}" for number in range(1, count + 1)]


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
@pytest_twisted.ensureDeferred
async def test_a_session_in_each_dialect(loopback, name, echo):
    house = await loopback(name, ScriptedDialogue(), echo=echo)
    assert await whole(house.gateway) == (["menu", "menu 1", "end 99"], False)
    handset = house.gateway.dial(MSISDN, "*133*5#")
    assert (await handset.next()).text == "menu 5"
    handset.hang_up()
    await until(lambda: house.dialogue.over)
    assert house.gateway.counts["out of place"] == 0 and house.gateway.refused == []


@pytest_twisted.ensureDeferred
async def test_cumulative_inputs(loopback):
    dialogue = ScriptedDialogue()
    house = await loopback(replace(shipped("standard"), input="cumulative"), dialogue)
    assert (await whole(house.gateway, code="*133*5#"))[1] is False
    assert dialogue.texts == ["5", "5*1", "5*1*99"]


@pytest_twisted.ensureDeferred
async def test_many_at_once_over_several_connections(loopback):
    house = await loopback("standard", ScriptedDialogue(), sessions=3)
    done = await gatherResults([Deferred.fromCoroutine(whole(house.gateway, msisdn)) for msisdn in people(100)])
    assert all(texts == ["menu", "menu 1", "end 99"] for texts, _ in done)
    assert house.gateway.counts["screens"] == 300
    await until(lambda: house.screens("accepted") == 300)


@pytest.mark.parametrize("name", SHIPPED)
@pytest_twisted.ensureDeferred
async def test_what_a_network_doubles_is_served_once(loopback, name):
    dialogue = ScriptedDialogue()
    house = await loopback(name, dialogue, faults=Faults())
    house.gateway.faults.order(DOUBLE, percent=100)
    done = await gatherResults([Deferred.fromCoroutine(whole(house.gateway, msisdn)) for msisdn in people(20)])
    assert all(texts == ["menu", "menu 1", "end 99"] for texts, _ in done)
    assert len(dialogue.asked) == 60 and house.gateway.counts["out of place"] == 0


@pytest_twisted.ensureDeferred
async def test_connections_that_break_in_the_middle_of_a_pdu(loopback):
    dialogue = ScriptedDialogue()
    house = await loopback("standard", dialogue, sessions=2, faults=Faults(seed=7))
    house.gateway.patience_s = 0.4
    saw, unseen = [], []
    for turn in range(4):
        house.gateway.faults.order(CUT, times=1)
        sessions = [Deferred.fromCoroutine(whole(house.gateway, msisdn)) for msisdn in people(4 * turn + 4)[4 * turn:]]
        for ok, result in await DeferredList(sessions, consumeErrors=True):
            (saw if ok else unseen).append(result)
    assert all(texts == (["menu", "menu 1", "end 99"], False) for texts in saw) and len(saw) >= 4
    assert all(failure.check(NoScreen) for failure in unseen)
    assert len(unseen) <= house.screens("lost")  # screens that went down with their connection
    assert house.gateway.faults.struck[CUT] == 4
    steps = [(dialled.session, dialled.step) for _, dialled in dialogue.asked]
    assert len(steps) == len(set(steps)) + house.requests("repeated")  # no step was served twice


@pytest.mark.parametrize("kind", [THROTTLE, QUEUE_FULL])
@pytest_twisted.ensureDeferred
async def test_a_gateway_that_slows_us_down_gets_the_screen_later(loopback, kind):
    house = await loopback("standard", ScriptedDialogue(), faults=Faults())
    house.gateway.faults.order(kind, times=2)
    assert (await whole(house.gateway))[0] == ["menu", "menu 1", "end 99"]
    assert house.gateway.faults.struck[kind] == 2


@pytest_twisted.ensureDeferred
async def test_a_screen_that_the_gateway_refuses_ends_the_session(loopback):
    dialogue = ScriptedDialogue()
    house = await loopback("standard", dialogue, faults=Faults())
    house.gateway.faults.order(REFUSE, times=1)
    handset = house.gateway.dial(MSISDN)
    await until(lambda: dialogue.over)
    assert house.screens("rejected") == 1 and not handset.waits


@pytest.mark.parametrize("kind", [LOSE_ANSWER, LATE])
@pytest_twisted.ensureDeferred
async def test_a_lost_answer_changes_nothing_for_who_has_seen_the_screen(loopback, kind):
    house = await loopback("standard", ScriptedDialogue(), faults=Faults(late_s=0.2))
    house.gateway.faults.order(kind, times=1)
    assert (await whole(house.gateway))[0] == ["menu", "menu 1", "end 99"]


@pytest_twisted.ensureDeferred
async def test_a_screen_that_was_lost_comes_with_the_repetition(loopback):
    house = await loopback("standard", ScriptedDialogue(), faults=Faults())
    house.gateway.faults.order(LOSE_REQUEST, times=1)
    handset = house.gateway.dial(MSISDN)
    coming = handset.next()
    await until(lambda: house.screens("lost") == 1)  # after response_s
    handset.again()
    assert (await coming).text == "menu"
    assert house.requests("repeated") == 1 and len(house.dialogue.asked) == 2


@pytest_twisted.ensureDeferred
async def test_an_old_pdu_that_comes_late_moves_nothing(loopback):
    dialogue = ScriptedDialogue()
    house = await loopback("standard", dialogue)
    handset = house.gateway.dial(MSISDN)
    await handset.next()
    await handset.type("1")
    await handset.type("2")
    handset.again(1)
    assert (await handset.type("99")).text == "end 99"
    assert dialogue.texts == ["", "1", "2", "99"] and house.gateway.counts["out of place"] == 0


@pytest_twisted.ensureDeferred
async def test_a_session_survives_the_loss_of_its_connection(loopback):
    house = await loopback("standard", ScriptedDialogue())
    handset = house.gateway.dial(MSISDN)
    await handset.next()
    house.gateway.cut_all()
    await house.gateway.wait_for(lambda: house.gateway.counts["bound"] == 2)
    assert (await handset.type("1")).text == "menu 1"


@pytest_twisted.ensureDeferred
async def test_when_the_daemon_has_forgotten_the_subscriber_is_told(loopback):
    house = await loopback("standard", ScriptedDialogue())
    handset = house.gateway.dial(MSISDN)
    await handset.next()
    house.channel._table.drop(next(iter(house.channel._table._open.values())))
    screen = await handset.type("1")
    assert (screen.text, screen.more) == ("session.gone", False)


@pytest.mark.parametrize("name", SHIPPED)
@pytest_twisted.ensureDeferred
async def test_notices_and_menus_of_ours(loopback, name):
    house = await loopback(name, ScriptedDialogue())
    arrived = []
    house.gateway.pushed = arrived.append
    assert await house.channel.push(MSISDN, "You are low on credit") == Shown(True)
    assert (await arrived[0].next()).text == "You are low on credit"
    answered = house.channel.push(MSISDN, "Pay for this call?", menu=True)
    await house.gateway.wait_for(lambda: len(arrived) == 2)
    assert (await arrived[1].next()).more
    last = arrived[1].type("1")
    typed = await answered
    assert isinstance(typed, Typed) and typed.text == "1"
    assert await house.channel.reply(typed, "Thank you") == Shown(False)
    assert (await last).text == "Thank you" and house.gateway.counts["out of place"] == 0


@pytest_twisted.ensureDeferred
async def test_nobody_is_left_waiting_when_the_channel_stops(loopback):
    house = await loopback("standard", ScriptedDialogue())
    house.gateway.patience_s = 1.0
    handset = house.gateway.dial(MSISDN)
    await handset.next()
    await house.channel.stop()
    assert house.gateway.sessions == [] or house.binds.bound == 0
    with pytest.raises(NoScreen):
        await handset.type("1")
