"""An entity against the octets of a network: whole sessions, what goes wrong in them, time, and bounds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain import alphabet
from tectonics.domain.errors import OurFault
from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import Answered, Dialled, Down, Ended, Ignored, Key, Refused, Undelivered, Up
from tectonics.wire.map.ussd import BINARY, GSM7, UCS2, Words
from tests.wire.gsup.octets import (
    BEGIN,
    CONTINUE,
    DIALLED_133,
    END,
    ERROR,
    GREETED,
    IDENTITY_REQUEST,
    IMSI,
    PONG,
    REQUEST,
    RESULT,
    answered,
    asking,
    frames,
    last_word,
    ss,
)

EXCUSES = Excuses(over=Words(GSM7, b"Dial again"), busy=Words(GSM7, b"Try later"))
MENU = Words(GSM7, b"1 2.00\n2 5.00")
DONE = Words(GSM7, b"Done")
KEY = Key(IMSI, 7, 1)
DIAL = ss(REQUEST, BEGIN, DIALLED_133)


class World:
    """An entity whose link is up, with what it says."""

    def __init__(self, **limits):
        self.entity = Entity("EUSE-tectonics", EXCUSES, Limits(guard_s=30, **limits))
        self.connect(0)

    def connect(self, now):
        self.entity.connected(now)
        assert self.entity.receive(GREETED, now) == [Up()]
        self.entity.take()

    def hear(self, data, now=1.0):
        """The events of `data`."""
        return self.entity.receive(data, now)

    def said(self):
        """The payloads that were written."""
        return [payload for _, payload in frames(self.entity.take())]

    def dial(self, now=1.0):
        assert self.hear(DIAL, now) == [Dialled(KEY, Words(GSM7, b"*133#"))]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def asked(world):
    world.dial()
    assert world.entity.ask(KEY, MENU, 2.0)
    world.said()
    return world


def gsup(type, state, component):
    """The payload that we are expected to write."""
    return frames(ss(type, state, component))[0][1]


def test_a_whole_session(world):
    world.dial()
    assert world.entity.ask(KEY, MENU, 2.0)
    assert world.said() == [gsup(REQUEST, CONTINUE, asking("1 2.00\n2 5.00"))]
    assert world.hear(ss(REQUEST, CONTINUE, answered("2"))) == [Answered(KEY, 1, Words(GSM7, b"2"))]
    assert world.entity.ask(KEY, Words(UCS2, "€".encode("utf-16-be")), 3.0)
    assert world.said() == [gsup(REQUEST, CONTINUE, "a10f 020102 02013c 3007 040148 0402 20ac")]
    assert world.hear(ss(REQUEST, CONTINUE, answered("1", 2))) == [Answered(KEY, 2, Words(GSM7, b"1"))]
    assert world.entity.end(KEY, DONE)
    assert world.said() == [gsup(RESULT, END, "a213 020101 300e 02013b 3009 04010f 0404 c4b7bb0c")]
    assert world.entity.sessions == 0


def test_two_subscribers_and_two_sessions_at_once(world):
    other = "001010000000002"
    data = DIAL + ss(REQUEST, BEGIN, DIALLED_133, imsi=other) + ss(REQUEST, BEGIN, DIALLED_133, session=8)
    assert [event.key for event in world.hear(data)] == [KEY, Key(other, 7, 2), Key(IMSI, 8, 3)]
    assert world.entity.end(Key(other, 7, 2), DONE)
    assert world.entity.sessions == 2


def test_a_session_ends_while_the_subscriber_is_asked(asked):
    assert asked.entity.end(KEY, DONE)
    assert len(asked.said()) == 1
    assert asked.hear(ss(REQUEST, CONTINUE, answered("2"))) == [Ignored("a message of a session that is no more")]


def test_what_is_over_is_not_answered(world):
    world.dial()
    world.entity.end(KEY, DONE)
    world.said()
    assert not world.entity.end(KEY, DONE) and not world.entity.ask(KEY, MENU, 1.0)
    assert world.said() == []


def test_nobody_is_asked_twice_at_once(asked):
    with pytest.raises(OurFault):
        asked.entity.ask(KEY, MENU, 2.0)
    assert asked.said() == []


@pytest.mark.parametrize("words, fits", [
    (Words(GSM7, b"x" * 128), True), (Words(GSM7, b"x" * 129), False), (Words(GSM7, b"x" * 127 + b"\r"), False),
    (Words(UCS2, bytes(112)), True), (Words(UCS2, bytes(114)), False), (Words(BINARY, b""), False),
])
def test_a_screen_that_the_subscriber_would_never_see_is_our_fault(world, words, fits):
    world.dial()
    if fits:
        assert world.entity.end(KEY, words)
    else:
        with pytest.raises(OurFault):
            world.entity.end(KEY, words)
        with pytest.raises(OurFault):
            world.entity.ask(KEY, words, 1.0)
        assert world.entity.end(KEY, DONE)


# --- what goes wrong


def test_a_beginning_said_twice_is_answered_once(world):
    world.dial()
    assert world.hear(DIAL) == [Ignored("a session begins twice")]
    assert world.entity.sessions == 1


@pytest.mark.parametrize("component", [DIALLED_133, "a112 020105 02013b 300a 04010f 0405 aad86c3602"])
def test_a_session_that_begins_again_replaces_the_one_that_we_asked(asked, component):
    again = Key(IMSI, 7, 2)
    assert asked.hear(ss(REQUEST, BEGIN, component)) == [
        Ended(KEY, "the network began another session in its place"), Dialled(again, Words(GSM7, b"*133#"))]
    assert not asked.entity.end(KEY, DONE), "an answer for the old one must not reach the new one"
    assert asked.entity.end(again, DONE)


def test_an_answer_to_a_session_that_was_replaced_is_none_to_the_new_one(asked):
    asked.hear(ss(REQUEST, BEGIN, DIALLED_133))
    again = Key(IMSI, 7, 2)
    assert asked.entity.ask(again, MENU, 2.0)
    assert asked.said() == [gsup(REQUEST, CONTINUE, asking("1 2.00\n2 5.00", 2))]
    assert asked.hear(ss(REQUEST, CONTINUE, answered("1", 1))) == [Ignored("an answer to nothing that we asked")]
    assert asked.hear(ss(REQUEST, CONTINUE, answered("1", 2))) == [Answered(again, 1, Words(GSM7, b"1"))]


ENDS = {
    "our last screen": lambda world: world.entity.end(KEY, DONE),
    "our guard timer": lambda world: world.entity.due(40.0),
    "the network": lambda world: world.hear(ss(REQUEST, END)),
    "a question that was not delivered": lambda world: world.hear(ss(ERROR, END, more="020160")),
    "a handset that shows nothing": lambda world: world.hear(ss(REQUEST, CONTINUE, "a306 020101 020147")),
    "an answer that says nothing": lambda world: world.hear(ss(REQUEST, CONTINUE, "a203 020101")),
}


def session_again(world, count, question):
    """The network begins a session under the same number and we ask: the number of our question."""
    again = Key(IMSI, 7, count)
    assert world.hear(DIAL, 41.0) == [Dialled(again, Words(GSM7, b"*133#"))]
    world.said()
    assert world.entity.ask(again, MENU, 41.0)
    assert world.said() == [gsup(REQUEST, CONTINUE, asking("1 2.00\n2 5.00", question))]
    return again


@pytest.mark.parametrize("end", ENDS)
def test_an_answer_to_a_session_that_is_over_is_none_to_a_new_one(asked, end):
    ENDS[end](asked)
    again = session_again(asked, 2, 2)
    assert asked.hear(ss(REQUEST, CONTINUE, answered("1", 1)), 42.0) == [Ignored("an answer to nothing that we asked")]
    assert asked.hear(ss(REQUEST, CONTINUE, answered("1", 2)), 42.0) == [Answered(again, 1, Words(GSM7, b"1"))]


def test_questions_count_on_over_a_session_that_asked_nothing(asked):
    asked.entity.end(KEY, DONE)
    asked.hear(DIAL)
    asked.entity.end(Key(IMSI, 7, 2), DONE)
    session_again(asked, 3, 2)


def test_of_the_sessions_that_are_over_the_newest_count_on():
    world = World(over_max=1)
    for count, (session, question) in enumerate([(7, 1), (7, 2), (8, 1), (8, 2), (7, 1)], start=1):
        world.hear(ss(REQUEST, BEGIN, DIALLED_133, session=session))
        assert world.entity.ask(Key(IMSI, session, count), MENU, 2.0)
        assert world.said() == [frames(ss(REQUEST, CONTINUE, asking("1 2.00\n2 5.00", question), session=session))[0][1]]
        world.entity.end(Key(IMSI, session, count), DONE)
        world.said()


def test_an_answer_said_twice_is_heard_once(asked):
    answer = ss(REQUEST, CONTINUE, answered("2"))
    assert asked.hear(answer * 2) == [Answered(KEY, 1, Words(GSM7, b"2")), Ignored("an answer to nothing that we asked")]
    asked.entity.ask(KEY, MENU, 2.0)
    assert asked.hear(answer) == [Ignored("an answer to nothing that we asked")]


@pytest.mark.parametrize("component, why", [
    ("a306 020101 020147", "the handset answered with error 71"),
    ("a406 020101 810102", "the handset rejected our question with problem 2"),
    ("a405 0500 800100", "the handset rejected our question with problem 0"),
])
def test_a_handset_that_cannot_show_it_ends_the_session_with_our_excuse(asked, component, why):
    assert asked.hear(ss(REQUEST, CONTINUE, component)) == [Ended(KEY, why)]
    assert asked.said() == [gsup(RESULT, END, last_word("Dial again"))]
    assert asked.entity.sessions == 0


@pytest.mark.parametrize("component, why", [
    ("a203 020101", "not an argument"),
    ("a210 020101 300b 02013c 3006 040160 0401 32", "compressed"),
])
def test_an_answer_that_cannot_be_read_is_refused_with_a_text(asked, component, why):
    [refused] = asked.hear(ss(REQUEST, CONTINUE, component))
    assert isinstance(refused, Refused) and refused.key == KEY and why in refused.why
    assert len(asked.said()) == 1 and asked.entity.sessions == 0


@pytest.mark.parametrize("component, answer", [
    ("a112 020109 02013b 300a 040160 0405 aad86c3602", last_word("Dial again", 9)),
    ("a106 020109 02013b", last_word("Dial again", 9)),
    ("a106 020109 02010a", "a306 020109 020115"),
])
def test_a_dial_that_cannot_be_read_is_refused(world, component, answer):
    [refused] = world.hear(ss(REQUEST, BEGIN, component))
    assert isinstance(refused, Refused)
    assert world.said() == [gsup(RESULT, END, answer)]
    assert world.entity.sessions == 0


@pytest.mark.parametrize("component", ["", "a0", "a203 020101", "a112 020101 02013b 300a 04010f 0405 aad86c36"])
def test_a_beginning_that_asks_nothing_is_ignored(world, component):
    [ignored] = world.hear(ss(REQUEST, BEGIN, component))
    assert isinstance(ignored, Ignored) and world.said() == []


def test_the_network_ends_a_session(asked):
    assert asked.hear(ss(REQUEST, END) * 2) == [
        Ended(KEY, "the network ended it"), Ignored("the end of a session that is no more")]
    assert not asked.entity.end(KEY, DONE)


def test_a_question_that_the_network_could_not_deliver(asked):
    error = ss(ERROR, END, more="020160")
    assert asked.hear(error * 2) == [Undelivered(KEY, 0x60), Undelivered(Key(IMSI, 7), 0x60)]
    assert asked.entity.sessions == 0


@pytest.mark.parametrize("data", [
    ss(REQUEST, CONTINUE, answered("1"), session=99),
    ss(0x04, BEGIN),
    ss(0x4E, END),
    bytes.fromhex("000c ee 05 20 0108 00010100000000f1"),
    bytes.fromhex("0012 ee 05 20 0108 00010100000000f1 3004 00000007"),
])
def test_strays_are_ignored(world, data):
    world.dial()
    [ignored] = world.hear(data)
    assert isinstance(ignored, Ignored) and world.entity.sessions == 1 and world.said() == []


def test_at_the_bound_a_dial_gets_the_excuse():
    world = World(sessions_max=1)
    world.dial()
    assert world.hear(ss(REQUEST, BEGIN, DIALLED_133, session=8)) == [Refused(Key(IMSI, 8, 2), "too many sessions")]
    [said] = world.said()
    assert said == frames(ss(RESULT, END, last_word("Try later"), session=8))[0][1] and world.entity.sessions == 1


# --- time and connections


def test_the_guard_ends_sessions_and_every_message_restarts_it(world):
    world.dial(10.0)
    world.hear(ss(REQUEST, BEGIN, DIALLED_133, session=8), 15.0)
    world.entity.ask(KEY, MENU, 20.0)
    world.hear(ss(REQUEST, CONTINUE, answered("2")), 30.0)
    assert world.entity.next_at == 45.0
    assert world.entity.due(44.9) == []
    world.said()
    assert world.entity.due(45.0) == [Ended(Key(IMSI, 8, 2), "we did not answer in time")]
    assert world.said() == [frames(ss(RESULT, END, last_word("Dial again"), session=8))[0][1]]
    world.entity.ask(KEY, MENU, 50.0)
    world.said()
    world.hear(PONG, 51.0)
    assert Ended(KEY, "the subscriber did not answer") in world.entity.due(80.0)
    assert world.said() == [gsup(RESULT, END, last_word("Dial again"))]
    assert world.entity.sessions == 0


def test_sessions_outlive_the_connection(asked):
    asked.entity.disconnected()
    assert not asked.entity.end(KEY, DONE), "nobody is there to hear it"
    asked.connect(5.0)
    assert asked.hear(ss(REQUEST, CONTINUE, answered("2")), 6.0) == [Answered(KEY, 1, Words(GSM7, b"2"))]
    assert asked.entity.end(KEY, DONE) and len(asked.said()) == 1


def test_the_guard_runs_without_a_connection(asked):
    asked.entity.disconnected()
    assert asked.entity.next_at == 32.0
    assert asked.entity.due(32.0) == [Ended(KEY, "the subscriber did not answer")]
    assert asked.entity.next_at == float("inf") and asked.said() == []


def test_answers_are_written_in_the_order_of_what_they_answer(world):
    world.hear(ss(REQUEST, BEGIN, "a106 020109 02013b") + IDENTITY_REQUEST)
    assert [protocol for protocol, _ in frames(world.entity.take())] == [0xEE, 0xFE]


# --- any network

WORDS = [DIALLED_133, answered("1"), answered("1", 2), "", "a306 020101 020147", "a0", "a203 020102"]
network = st.builds(ss, st.sampled_from([REQUEST, RESULT, ERROR, 0x04]), st.sampled_from([BEGIN, CONTINUE, END]),
                    st.sampled_from(WORDS), st.integers(0, 2))
moves = network | st.sampled_from(["ask", "end", "pass", "reconnect"]) | st.binary(max_size=9)


@given(st.lists(moves, max_size=30))
def test_any_history_keeps_the_rules(history):
    world, now, connected, waiting, seen = World(sessions_max=2), 0.0, True, set(), set()
    for move in history:
        now += 7
        events = world.entity.due(now)
        assert world.entity.next_at > now
        connected = Down not in map(type, events) and connected
        if isinstance(move, bytes):
            events += world.hear(move, now)
        elif move == "reconnect":
            world.connect(now)
            connected = True
        for event in events:
            if isinstance(event, Dialled | Answered):
                assert event.key not in waiting and (event.key in seen) == isinstance(event, Answered)
                waiting.add(event.key)
                seen.add(event.key)
            elif isinstance(event, Ended | Undelivered | Refused):
                waiting.discard(event.key)
        assert len(waiting) <= world.entity.sessions <= 2
        if move in ("ask", "end") and waiting:
            key = waiting.pop()
            said = world.entity.ask(key, MENU, now) if move == "ask" else world.entity.end(key, DONE)
            assert said or not connected


over = st.sampled_from([DIAL, ss(REQUEST, END), ss(ERROR, END, more="020160"), ss(REQUEST, CONTINUE, "a306 020101 020147")])


@given(st.lists(st.tuples(st.booleans(), over), max_size=120))
def test_no_two_questions_under_the_number_of_a_session_are_numbered_alike(sessions):
    world, asked, dials = World(), 0, 0
    for is_asked, ending in sessions:
        dials += sum(isinstance(event, Dialled) for event in world.hear(DIAL))
        if is_asked and world.entity.ask(Key(IMSI, 7, dials), MENU, 1.0):
            asked += 1
            assert world.said()[-1] == gsup(REQUEST, CONTINUE, asking("1 2.00\n2 5.00", asked))
        world.hear(ending)


@given(st.lists(network | st.binary(max_size=12), max_size=8).map(b"".join), st.lists(st.integers(0, 400)))
def test_events_are_the_same_in_any_pieces(data, places):
    whole, pieces = World(), World()
    places = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    assert [event for a, b in pairwise(places) for event in pieces.hear(data[a:b])] == whole.hear(data)
    assert pieces.entity.take() == whole.entity.take()


def test_a_text_of_the_domain_is_words():
    assert Words(*alphabet.choose("Done")) == DONE
