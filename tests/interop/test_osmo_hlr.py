"""Our External USSD Entity at a real OsmoHLR, with a switch whose octets are made by hand.

What the entity builds on is proven here, also where OsmoHLR 1.5 keeps silent; see wire/gsup/entity.py.
"""

import itertools
import time

import pytest

from tectonics.domain.errors import OurFault
from tectonics.wire.gsup.entity import Limits
from tectonics.wire.gsup.events import Answered, Dialled, Down, Key, Refused, Undelivered, Up
from tectonics.wire.gsup.link import Times
from tests.interop.gsup_sockets import EntityOnSocket, Octets, Switch, text, words
from tests.interop.osmo_hlr import DEMO_ENTITY, DemoEntity, OsmoHlr, wait_for
from tests.wire.gsup.octets import (
    CONTINUE,
    DIALLED_133,
    END,
    ERROR,
    IDENTITY_REQUEST,
    IMSI,
    NOTE,
    PONG,
    REQUEST,
    RESULT,
    answered,
    asking,
    dialling,
    identity,
    last_word,
    ss,
)

MENU = "1 2.00\n2 5.00\n0 Owed"
SURE = "2.00 costs 0.20. 1 Yes"
DONE = "Done. You owe 2.20"
FORGOTTEN = 0x60  # the cause that OsmoHLR gives: invalid mandatory information


@pytest.fixture
def make_hlr(tmp_path):
    """`make_hlr(guard_s)`: an OsmoHLR that serves."""
    made = []

    def make(guard_s: int = 30) -> OsmoHlr:
        made.append(OsmoHlr(tmp_path, guard_s))
        return made[-1].start()

    yield make
    for hlr in made:
        hlr.stop()


@pytest.fixture
def hlr(make_hlr):
    return make_hlr()


@pytest.fixture
def entity(hlr):
    made = EntityOnSocket(hlr.host, Limits())
    made.connect()
    assert made.next() == Up()
    yield made
    made.close()


@pytest.fixture
def switch(hlr):
    made = Switch(hlr.host)
    yield made
    made.close()


def dial(switch: Switch, entity: EntityOnSocket, session: int) -> Key:
    """The key of a session that *133# has begun."""
    switch.begin(DIALLED_133, session)
    event = entity.next()
    assert isinstance(event, Dialled) and event.key[:2] == (IMSI, session) and text(event.words) == "*133#"
    return event.key


def test_is_known_by_its_name(hlr, entity):
    wait_for(lambda: "EUSE-tectonics" in hlr.vty("show gsup-connections"), "the entity is connected")


def test_a_subscriber_goes_through_a_menu(hlr, entity, switch):
    created = hlr.vty(f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn 4670000001")
    assert "4670000001" in created
    key = dial(switch, entity, 7)
    entity.ask(key, MENU)
    assert switch.frame() == ss(REQUEST, CONTINUE, asking(MENU), 7)
    switch.answer("1", 7, 1)
    assert entity.next() == Answered(key, 1, words("1"))
    entity.ask(key, SURE)
    assert switch.frame() == ss(REQUEST, CONTINUE, asking(SURE, 2), 7)
    switch.answer("1", 7, 2)
    assert entity.next() == Answered(key, 2, words("1"))
    entity.end(key, DONE)
    assert switch.frame() == ss(RESULT, END, last_word(DONE), 7)
    assert "UssRequest '1 2.00" in hlr.log() and f"ProcessUssReq '{DONE}'" in hlr.log()


def test_codes_that_are_not_ours_go_elsewhere(hlr, entity, switch):
    hlr.vty(f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn 4670000001")
    switch.begin(dialling("*#100#"), 7)
    assert switch.frame() == ss(RESULT, END, last_word("Your extension is 4670000001"), 7)
    assert entity.settle() == []


def test_says_what_the_demonstration_entity_says_octet_by_octet(hlr, entity, switch):
    demo = DemoEntity(hlr.host)
    try:
        wait_for(lambda: DEMO_ENTITY in hlr.vty("show gsup-connections"), "osmo-euse-demo is connected")
        switch.begin(dialling("*134#"), 7)
        theirs = switch.frame()
    finally:
        demo.stop()
    key = dial(switch, entity, 7)
    entity.end(key, 'You sent "*134#"')
    assert switch.frame() == theirs


def test_many_sessions_at_once(entity, switch):
    keys = [dial(switch, entity, session) for session in range(1, 41)]
    for key in reversed(keys):
        entity.ask(key, MENU)
    heard = [switch.frame() for _ in keys]
    assert heard == [ss(REQUEST, CONTINUE, asking(MENU), key.session) for key in reversed(keys)]
    for key in keys:
        switch.answer("2", key.session, 1)
    assert [entity.next().key for _ in keys] == keys


@pytest.mark.parametrize("screen", ["x" * 128, "€" * 64, "é" * 127, "د" * 56], ids=["full", "escapes", "padded", "ucs2"])
def test_the_longest_screens_arrive(entity, switch, screen):
    key = dial(switch, entity, 7)
    entity.ask(key, screen)
    assert words(screen).packed in switch.frame()
    switch.answer("1", 7, 1)
    entity.next()
    entity.end(key, screen)
    assert switch.frame().endswith(words(screen).packed)


def test_a_longer_screen_is_our_fault_because_it_would_be_lost(hlr, entity, switch):
    key = dial(switch, entity, 7)
    with pytest.raises(OurFault):
        entity.end(key, "x" * 129)
    entity.close()
    careless = EntityOnSocket(hlr.host, Limits(octets_max=160))
    careless.connect()
    assert careless.next() == Up()
    careless.end(dial(switch, careless, 8), "x" * 129)
    assert careless.settle() == [] and switch.ping()
    careless.close()


def test_an_answer_that_cannot_be_read_gets_a_text(entity, switch):
    entity.ask(dial(switch, entity, 7), MENU)
    switch.frame()
    switch.send(ss(REQUEST, CONTINUE, answered("1").replace("04010f", "040160"), 7))
    refused = entity.next()
    assert isinstance(refused, Refused) and "compressed" in refused.why
    assert switch.frame() == ss(RESULT, END, last_word("Dial again"), 7)


def test_the_last_word_may_come_while_the_subscriber_is_asked(entity, switch):
    key = dial(switch, entity, 7)
    entity.ask(key, MENU)
    switch.frame()
    entity.end(key, DONE)
    assert switch.frame() == ss(RESULT, END, last_word(DONE), 7)
    switch.answer("1", 7, 1)
    assert switch.frame()[4] == ERROR
    assert entity.settle() == []


def test_of_a_hang_up_nothing_is_told_until_something_is_asked(entity, switch):
    key = dial(switch, entity, 7)
    switch.hang_up(7)
    assert entity.settle() == []
    entity.ask(key, MENU)
    assert entity.next() == Undelivered(key, FORGOTTEN)
    key = dial(switch, entity, 8)
    switch.hang_up(8)
    entity.end(key, DONE)
    assert entity.settle() == [] and switch.ping()


def test_of_its_guard_timer_nothing_is_told_until_something_is_asked(make_hlr):
    hlr = make_hlr(guard_s=1)
    entity, switch = EntityOnSocket(hlr.host, Limits(guard_s=1)), Switch(hlr.host)
    entity.connect()
    assert entity.next() == Up()
    key = dial(switch, entity, 7)
    wait_for(lambda: "SS Session Timeout" in hlr.log(), "the guard timer")
    assert entity.settle() == []
    entity.ask(key, MENU)
    assert entity.next() == Undelivered(key, FORGOTTEN)
    assert switch.ping()
    entity.close()
    switch.close()


def test_a_handset_that_fails_is_dealt_with_by_the_hlr(entity, switch):
    key = dial(switch, entity, 7)
    entity.ask(key, MENU)
    switch.frame()
    switch.send(ss(REQUEST, CONTINUE, "a306 020101 020147", 7))
    assert switch.frame() == ss(RESULT, END, "a306 020100 020115", 7)
    assert entity.settle() == []


def test_the_hlr_restarts(hlr, entity, switch):
    old = dial(switch, entity, 7)
    hlr.stop()
    entity.close()
    switch.close()
    hlr.start()
    switch = Switch(hlr.host)
    switch.begin(DIALLED_133, 8)
    assert switch.frame() == ss(RESULT, END, "a306 020101 020122", 8)  # nobody is there: system failure
    entity.connect()
    assert entity.next() == Up()
    entity.ask(old, MENU)
    assert entity.next() == Undelivered(old, FORGOTTEN)
    entity.end(dial(switch, entity, 7), DONE)
    assert switch.frame() == ss(RESULT, END, last_word(DONE), 7)
    switch.close()


def test_a_session_goes_on_over_a_new_connection(entity, switch):
    key = dial(switch, entity, 7)
    entity.close()
    assert not entity.entity.end(key, words(DONE))
    entity.connect()
    assert entity.next() == Up()
    entity.ask(key, MENU)
    assert switch.frame() == ss(REQUEST, CONTINUE, asking(MENU), 7)
    switch.answer("2", 7, 1)
    assert entity.next() == Answered(key, 1, words("2"))


def test_of_two_with_one_name_only_the_first_is_routed_to(hlr, entity, switch):
    second = Octets(hlr.host)
    assert second.frame() == IDENTITY_REQUEST
    second.send(identity("EUSE-tectonics"))
    assert second.ping()
    dial(switch, entity, 7)
    assert second.ping()
    entity.close()
    sessions = itertools.count(8)
    wait_for(lambda: _reaches_nobody(switch, next(sessions)), "the first is gone")
    assert second.ping(), "the second is not promoted"
    entity.connect()
    assert entity.next() == Up()
    dial(switch, entity, 10_000)
    second.close()


def _reaches_nobody(switch: Switch, session: int) -> bool:
    switch.begin(DIALLED_133, session)
    if switch.ping():
        return False
    return switch.frame() == PONG


def test_a_link_beside_one_of_our_name_is_not_up_until_it_is_made_anew_when_that_one_is_gone(hlr, switch):
    first = Octets(hlr.host)
    assert first.frame() == IDENTITY_REQUEST
    first.send(identity("EUSE-tectonics"))
    assert first.ping()
    entity = EntityOnSocket(hlr.host, Limits())
    entity.connect()
    entity.hear()  # who are you? And what it says to itself goes to the other
    assert first.frame() == NOTE and entity.settle() == [] and not entity.entity.up
    first.close()
    wait_for(lambda: "Lost GSUP client" in hlr.log(), "the first is gone")
    entity.entity.take()
    assert entity.settle() == []
    assert entity.tick(time.monotonic() + 10) == [Down("the peer routes our name to another connection")]
    entity.close()
    entity.connect()
    assert entity.next() == Up()
    dial(switch, entity, 7)
    entity.close()


def test_keeps_the_link_alive(hlr):
    entity = EntityOnSocket(hlr.host, Limits(times=Times(ping_s=1.0, pong_s=5.0)))
    entity.connect()
    assert entity.next() == Up()
    now = time.monotonic()
    assert entity.tick(now + 1.5) == []
    assert entity.entity.next_at == now + 1.5 + 5.0
    entity.hear()
    assert entity.entity.next_at < now + 1.5 + 5.0, "the answer has restarted the timer"
    entity.close()
