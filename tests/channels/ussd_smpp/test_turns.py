"""What a PDU means to its session: repetitions, late ones, dialling anew, and the table of sessions."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.ussd_smpp.heard import ABORT, BEGIN, EITHER, INPUT, SHOWN, Address, Addresses, Heard
from tectonics.channels.ussd_smpp.table import ENDED_S, Table
from tectonics.channels.ussd_smpp.turns import (
    ABORTED,
    COMING,
    CONFIRMED,
    DROPPED,
    GONE,
    NEW,
    NEXT,
    REPEATED,
    SAID,
    UNHEARD,
    Session,
    named,
    took,
    turn,
)

NOW = 1_790_000_000_000
BETWEEN = Addresses(Address("33600000001", 1, 1), Address("*133#", 0, 0))
ONE, OTHER = object(), object()  # connections


def heard(kind, text="", unit=None, correlator=7, dialled=None):
    return Heard(kind, "33600000001", correlator, unit, text, text if dialled is None else dialled, BETWEEN)


def session(counted=False, unit=None, screen=SAID, **changes):
    made = Session("gw/7/id1", ("gw", "33600000001", 7), BETWEEN, "*133#", "", "*133#", NOW, ONE, 1, counted, unit, unit or 0,
                   screen=screen)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_session_has_a_name_that_never_comes_again():
    assert named(("gw", "33600000001", 0xBEEF), "01A") == "gw/beef/01A"
    assert named(("gw", "33600000001", -1), "01A") == "gw/01A"


def test_nothing_is_known():
    for kind, expected in ((BEGIN, NEW), (INPUT, GONE), (ABORT, DROPPED), (SHOWN, DROPPED)):
        assert turn(None, heard(kind, "1"), ONE, 1, NOW) == expected
    assert turn(None, heard(EITHER, "*133#"), ONE, 1, NOW) == NEW
    assert turn(None, heard(EITHER, "1"), ONE, 1, NOW) == GONE
    assert turn(None, heard(EITHER, "1", dialled="*133#"), ONE, 1, NOW) == NEW  # the code is in destination_addr


def test_without_an_op_the_session_tells():
    assert turn(session(), heard(EITHER, "1"), ONE, 2, NOW) == NEXT
    assert turn(session(inputs=1), heard(EITHER, "*133#"), ONE, 2, NOW) == NEW
    assert turn(session(open=False), heard(EITHER, "*133#", correlator=-1), ONE, 2, NOW) == NEW


def test_dialling_again():
    again = heard(BEGIN, "*133#")
    assert turn(session(), again, ONE, 1, NOW + 100) == DROPPED  # the very PDU
    assert turn(session(screen=COMING), again, OTHER, 1, NOW + 100) == DROPPED  # its screen comes
    assert turn(session(screen=UNHEARD), again, OTHER, 1, NOW + 100) == REPEATED
    assert turn(session(screen=UNHEARD, open=False), again, OTHER, 1, NOW + 100) == REPEATED
    for seen in (session(), session(open=False)):  # dialled anew, with a correlator that came again
        assert turn(seen, again, ONE, 2, NOW + 100) == NEW == turn(seen, again, OTHER, 1, NOW + 100)
    for newer in (heard(BEGIN, "*133*1#"), again):
        assert turn(session(inputs=1), newer, ONE, 2, NOW + 100) == NEW
    assert turn(session(screen=COMING), again, ONE, 2, NOW + 5000) == NEW
    assert turn(session(screen=COMING), again, ONE, 2, NOW - 1) == NEW  # the clock went back


def test_units_tell_a_repetition():
    now = session(counted=True, unit=4, inputs=1, text="1")
    assert turn(now, heard(INPUT, "1", unit=4), OTHER, 9, NOW) == DROPPED
    assert turn(now, heard(INPUT, "other", unit=3), ONE, 9, NOW) == DROPPED
    assert turn(now, heard(INPUT, "1", unit=5), ONE, 1, NOW) == NEXT
    now.screen = UNHEARD
    assert turn(now, heard(INPUT, "1", unit=4), OTHER, 9, NOW) == REPEATED
    now.screen = COMING
    assert turn(now, heard(INPUT, "1", unit=5), ONE, 9, NOW) == DROPPED  # nobody has seen what it answers


def test_a_gateway_that_does_not_count_after_all():
    one = session(counted=True, unit=0)
    first = heard(INPUT, "1", unit=0)
    assert turn(one, first, ONE, 2, NOW) == NEXT
    took(one, first, ONE, 2)
    assert not one.counted and turn(one, first, ONE, 2, NOW) == DROPPED
    one.screen = SAID
    assert turn(one, heard(INPUT, "99", unit=0), ONE, 3, NOW) == NEXT
    one = session(counted=True, unit=4, inputs=1, text="1")
    assert turn(one, heard(INPUT, "2", unit=4), ONE, 3, NOW) == NEXT
    assert turn(one, heard(INPUT, "2", unit=3), ONE, 3, NOW) == DROPPED  # while it seems to, an older one is late


def test_the_pdu_itself_tells_a_repetition():
    now = session(inputs=1, text="1", number=5)
    assert turn(now, heard(INPUT, "1"), ONE, 5, NOW) == DROPPED
    assert turn(now, heard(INPUT, "2"), ONE, 5, NOW) == NEXT  # a gateway that numbers badly
    assert turn(now, heard(INPUT, "1"), OTHER, 5, NOW) == NEXT  # cannot be told: the dialogue is made for that
    assert turn(now, heard(INPUT, "1"), ONE, 6, NOW) == NEXT
    now.screen = COMING
    assert turn(now, heard(INPUT, "1"), OTHER, 6, NOW) == DROPPED
    assert turn(now, heard(INPUT, "2"), ONE, 6, NOW) == DROPPED


def test_what_is_over():
    over = session(inputs=1, text="99", open=False)
    assert turn(over, heard(INPUT, "99"), OTHER, 6, NOW) == DROPPED
    assert turn(over, heard(INPUT, "1"), OTHER, 6, NOW) == GONE
    over.screen = UNHEARD
    assert turn(over, heard(INPUT, "99"), OTHER, 6, NOW) == REPEATED
    assert turn(over, heard(ABORT), OTHER, 6, NOW) == DROPPED


def test_aborts_and_confirmations():
    assert turn(session(screen=COMING), heard(ABORT), ONE, 2, NOW) == ABORTED
    assert turn(session(), heard(SHOWN), ONE, 2, NOW) == DROPPED
    assert turn(session(push=object()), heard(SHOWN), ONE, 2, NOW) == CONFIRMED
    assert turn(session(push=object()), heard(BEGIN, "*133#"), ONE, 2, NOW) == NEW


@given(st.integers(0, 127), st.lists(st.integers(1, 63), max_size=40))
def test_steps_rise_though_units_begin_anew(first, jumps):
    one = session(counted=True, unit=first)
    steps, unit = [one.step], first
    for jump in jumps:
        unit = (unit + jump) % 128
        pdu = heard(INPUT, "1", unit=unit)
        assert turn(one, pdu, ONE, 2, NOW) == NEXT
        took(one, pdu, ONE, 2)
        assert turn(one, pdu, ONE, 2, NOW) == DROPPED
        one.screen = SAID
        assert turn(one, heard(INPUT, "1", unit=(unit - 1) % 128), ONE, 2, NOW) == DROPPED
        steps.append(one.step)
    assert steps == sorted(set(steps)) and steps[-1] == first + sum(jumps)


@given(st.lists(st.tuples(st.sampled_from([BEGIN, INPUT, ABORT, SHOWN, EITHER]), st.sampled_from(["", "1", "99", "*133#"]),
                          st.one_of(st.none(), st.integers(0, 127)), st.integers(0, 3), st.booleans()), max_size=30),
       st.booleans())
def test_no_input_moves_a_session_twice(said, counted):
    """Whatever is said, the same PDU said again at once over the same connection is never the next."""
    one = session(counted=counted, unit=0 if counted else None)
    for kind, text, unit, number, elsewhere in said:
        peer = OTHER if elsewhere else ONE
        pdu = heard(kind, text, unit if counted else None)
        if turn(one, pdu, peer, number, NOW) == NEXT:
            took(one, pdu, peer, number)
            assert turn(one, pdu, peer, number, NOW) == DROPPED
            one.screen = SAID
            assert turn(one, pdu, peer, number, NOW) in (DROPPED, NEW)  # without an op a whole code is a dialling


# --- the table

def kept(table, correlator, now=NOW, msisdn="33600000001"):
    one = session()
    one.key = ("gw", msisdn, correlator)
    return one, table.keep(one, now)


def test_sessions_are_found_until_they_are_too_old():
    table = Table(10, 180)
    one, forgotten = kept(table, 7)
    assert forgotten == [] and table.find(one.key, NOW + 179_999) is one
    assert table.find(one.key, NOW + 180_000) is None
    _, forgotten = kept(table, 8, NOW + 180_000)
    assert forgotten == [one] and not one.open and len(table) == 1


def test_the_one_that_slept_longest_is_forgotten_first():
    table = Table(2, 180)
    one, _ = kept(table, 1)
    two, _ = kept(table, 2, NOW + 1)
    assert table.keep(one, NOW + 2) == []
    assert kept(table, 3, NOW + 3)[1] == [two] and table.open == 2


def test_one_takes_the_place_of_another():
    table = Table(10, 180)
    one, _ = kept(table, 7)
    two, forgotten = kept(table, 7)
    assert forgotten == [one] and table.find(one.key, NOW) is two and len(table) == 1


def test_what_has_ended_is_kept_for_a_while():
    table = Table(3, 180)
    one, _ = kept(table, 1)
    table.end(one, NOW)
    assert table.find(one.key, NOW) is one and not one.open and table.open == 0
    assert table.find(one.key, NOW + ENDED_S * 1000) is None
    table.end(one, NOW)  # once more changes nothing
    for correlator in range(2, 9):
        other, _ = kept(table, correlator)
        table.end(other, NOW)
    assert len(table) == 3
    last, _ = kept(table, 9, NOW + ENDED_S * 1000)
    table.end(last, NOW + ENDED_S * 1000)
    assert len(table) == 1
    table.drop(last)
    assert len(table) == 0 and table.find(last.key, NOW) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["keep", "end", "drop"]), st.integers(0, 100_000)), max_size=60))
def test_the_table_keeps_its_bounds(moves):
    table, now = Table(4, 60), NOW
    for correlator, move, passed in moves:
        now += passed
        found = table.find(("gw", "33600000001", correlator), now)
        if move == "keep":
            kept(table, correlator, now)
        elif found is not None:
            getattr(table, move)(*((found, now) if move == "end" else (found,)))
        assert table.open <= 4 and len(table) <= 8
