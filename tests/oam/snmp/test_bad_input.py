"""What is wrong with a request, line by line: dropped or answered as the RFCs say, counted, and the next good one is served.

Messages of v3 are sealed with our own codec (tests/wire/test_snmp_usm.py holds it against pysnmp), so that time, boots, keys
and contents can be made wrong one by one.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.oam.snmp.limits import SOURCES_MAX, WAITING_MAX
from tectonics.oam.snmp.operations import BULK_MAX, VARIABLES_MAX
from tectonics.oam.snmp.requests import OCTETS_MAX
from tectonics.oam.snmp.schema import BASE
from tectonics.simulators.snmp_manager import NoAnswer, V3User
from tectonics.wire import snmp_usm, snmp_v3
from tectonics.wire.snmp import AUTH, GET, GETBULK, INFORM, PRIV, REPORT, REPORTABLE, RESPONSE, SET
from tectonics.wire.snmp_ber import INTEGER, NULL, OCTETS, OID, SEQUENCE, integer, tlv
from tectonics.wire.snmp_pdu import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    IP_ADDRESS,
    OPAQUE,
    TIME_TICKS,
    binding,
    read_community,
    request,
    write_community,
    write_pdu,
)
from tests.fuzz.tracing import trace
from tests.oam.snmp.lab import ENGINE_ID, HERE, PHRASES, Lab, asking, keys, of
from tests.oam.snmp.lab import USERS as LAB_USERS

NOC, READER = V3User("noc", *PHRASES), V3User("reader", *PHRASES)
KEYS = keys(LAB_USERS)[b"noc"]
NODE, STATE = of("tectonicsNode"), of("tectonicsAdminState")
USM_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
LEVELS, TIMES, NAMES, ENGINES, DIGESTS, DECRYPTIONS = ((*USM_STATS, arc, 0) for arc in range(1, 7))  # RFC 3414, section 5
FLAGS = AUTH | PRIV | REPORTABLE


def sealed(pdu=None, keys=KEYS, **changed):
    """A message of noc, in time, with some of it changed."""
    scoped = snmp_v3.scoped(ENGINE_ID, request(GET, 7, [NODE]) if pdu is None else pdu)
    one = snmp_v3.Message(5, OCTETS_MAX, FLAGS, ENGINE_ID, 1, 0, b"noc", b"saltsalt", scoped)
    return snmp_usm.seal(keys, replace(one, **changed))


def plainly(pdu=None, flags=REPORTABLE, **changed):
    """The same in clear and without a digest."""
    scoped = snmp_v3.scoped(ENGINE_ID, pdu or request(GET, 7, [NODE]))
    return snmp_v3.write(replace(snmp_v3.Message(5, OCTETS_MAX, flags, ENGINE_ID, 1, 0, b"noc", b"", scoped), **changed), False)[0]


def pdu_of(answer):
    """What a message of the agent says: its flags, and the PDU in clear."""
    one = snmp_v3.read(answer)
    if one.flags & AUTH:
        assert snmp_usm.verified(KEYS, answer, one)
    return one.flags, snmp_v3.read_scoped(snmp_usm.opened(KEYS, one) if one.flags & PRIV else one.data).pdu


def serves(lab):
    """The next good request is served."""
    manager, _ = asking(lab, NOC)
    return manager.get(NODE)[0][2] == b"n1" and lab.get(NODE) == [b"n1"]


# --- replays, and who cannot prove himself


OTHER = snmp_usm.keys_of("another phrase", PHRASES[1], ENGINE_ID)
NO_PRIVACY = replace(KEYS, privacy=bytes(16))


@pytest.mark.parametrize("octets, counter, why", [
    (sealed(time_s=151), TIMES, "time"), (sealed(time_s=2**31 - 1), TIMES, "time"), (sealed(boots=0), TIMES, "time"),
    (sealed(boots=2), TIMES, "time"), (sealed(boots=2**31 - 1), TIMES, "time"),
    (sealed(user=b"nobody"), NAMES, "user"), (sealed(keys=OTHER), DIGESTS, "digest"), (sealed(keys=NO_PRIVACY), DECRYPTIONS, "decryption"),
    (plainly(), LEVELS, "level"), (plainly(engine_id=b"", user=b""), ENGINES, "discovery"),
    (sealed(engine_id=ENGINE_ID[:-1] + b"\xff"), ENGINES, "engine"), (plainly(engine_id=b"\x80" * 32), ENGINES, "engine"),
], ids=["time ahead", "time far ahead", "earlier boots", "later boots", "last boots", "stranger", "wrong key", "wrong privacy", "in clear",
        "discovery", "other engine", "other engine in clear"])
def test_who_is_not_in_order_gets_a_report_that_counts(octets, counter, why):
    lab = Lab()
    for times in (1, 2, 3):
        (answer, to), = lab.give(octets)
        flags, pdu = pdu_of(answer)
        assert (to, pdu.tag, pdu.variables) == (HERE, REPORT, ((counter, COUNTER32, times),))
        assert bool(flags & AUTH) == (counter == TIMES)  # section 3.2, step 7a: so that he can trust the time
        assert lab.dropped() == {why: times}
    assert snmp_v3.read(answer).engine_id == ENGINE_ID
    assert serves(lab)


@pytest.mark.parametrize("octets", [
    sealed(keys=OTHER, flags=AUTH | PRIV), sealed(time_s=151, flags=AUTH | PRIV), sealed(engine_id=b"\x80" * 32, flags=AUTH | PRIV),
    plainly(write_pdu(RESPONSE, 7, 0, 0, []), engine_id=b"\x80" * 32)], ids=["key", "time", "engine", "no request"])
def test_who_wants_no_report_gets_none_and_is_counted(octets):
    lab = Lab()
    assert lab.give(octets) == [] and sum(lab.dropped().values()) == 1
    assert serves(lab)


@pytest.mark.parametrize("later_s, served", [(0, True), (150, True), (-150, True), (151, False), (-151, False)])
def test_the_window_is_of_150_seconds_both_ways(later_s, served):
    lab = Lab()
    lab.engine_s = 1000
    (answer, _), = lab.give(sealed(time_s=1000 + later_s))
    _, pdu = pdu_of(answer)
    assert (pdu.tag == RESPONSE) == served
    assert lab.dropped() == ({} if served else {"time": 1})


def test_a_replay_in_time_is_answered_and_sets_nothing_twice():
    lab = Lab()
    octets = sealed(write_pdu(SET, 7, 0, 0, [binding(STATE, INTEGER, 1)]))
    first, second = (lab.give(octets)[0][0] for _ in range(2))
    assert pdu_of(first)[1] == pdu_of(second)[1] and first != second  # another salt
    assert lab.world.policies.current.version == 2 and lab.world.policies.current.lending.accepting is False


def test_a_replay_out_of_time_sets_nothing():
    lab = Lab()
    octets = sealed(write_pdu(SET, 7, 0, 0, [binding(STATE, INTEGER, 1)]))
    lab.engine_s = 200
    lab.give(octets)
    assert lab.dropped() == {"time": 1} and lab.world.policies.current.version == 1


def test_an_answer_of_ours_that_comes_back_is_no_request():
    lab = Lab()
    (answer, _), = lab.give(sealed())
    assert lab.give(answer) == [] and sum(lab.dropped().values()) == 1
    assert serves(lab)


def test_engines_without_number_do_not_fill_the_memory():
    lab = Lab(rate=10**9)
    for number in range(300):
        lab.give(sealed(engine_id=b"\x80\0\0\0\5" + number.to_bytes(2)))
    assert lab.dropped() == {"engine": 300} and serves(lab)


def test_what_is_in_order_costs_little_and_never_comes_to_pysnmp():
    lab = Lab(rate=10**9)
    bulk = request(GETBULK, 7, [BASE], 0, 2**31 - 1)
    once, again, secret, one = (trace(lab.give, octets).lines for octets in (
        write_community(b"public", bulk), write_community(b"public", bulk), sealed(bulk), sealed()))
    assert once < 15_000 and again < 5_000 and secret < 6_000 and one < 2_000  # lines of Python: 1000 are some 0.1 ms
    assert lab.agent._engine._made is None
    lab.give(sealed(time_s=1000))
    assert lab.agent._engine._made is not None


# --- huge, oversized, garbage


@pytest.mark.parametrize("size_max", [484, 600, 1472, 65_507])
@pytest.mark.parametrize("repetitions, names", [(2**31 - 1, 1), (2**31 - 1, VARIABLES_MAX), (1, VARIABLES_MAX)])
def test_a_huge_getbulk_is_answered_with_what_he_takes(size_max, repetitions, names):
    lab = Lab()
    (answer, _), = lab.give(sealed(request(GETBULK, 7, [BASE] * names, 2**31 - 1 if names == 1 else 0, repetitions), size_max=size_max))
    _, pdu = pdu_of(answer)
    assert len(answer) <= min(size_max, 1600) and pdu.first == 0 and 1 <= len(pdu.variables) <= BULK_MAX


def test_what_he_sent_does_not_come_back_where_it_is_longer_than_he_takes():
    lab = Lab()
    wanted = write_pdu(SET, 7, 0, 0, [binding(of("tectonicsNode"), OCTETS, b"x" * 700)])
    (answer, _), = lab.give(sealed(wanted, size_max=484))
    _, pdu = pdu_of(answer)
    assert (pdu.first, pdu.second, pdu.variables) == (1, 0, ()) and len(answer) <= 484
    (answer, _), = lab.give(sealed(wanted, size_max=4000))
    assert pdu_of(answer)[1].first == 17


def test_what_is_too_large_is_dropped_unread():
    lab = Lab()
    assert lab.give(sealed(request(GET, 7, [BASE] * 600))) == [] and lab.dropped() == {"oversized": 1}
    assert lab.give(bytes(OCTETS_MAX)) == [] and lab.dropped() == {"oversized": 1, "malformed": 1}
    assert serves(lab)


@pytest.mark.parametrize("pdu", [
    b"", b"\xa0", b"\x30\x00", tlv(0xA0), tlv(0xA4, integer(1), integer(0), integer(0), tlv(SEQUENCE)),
    tlv(0xA0, integer(2**31), integer(0), integer(0), tlv(SEQUENCE)), tlv(GETBULK, integer(1), integer(-1), integer(5), tlv(SEQUENCE)),
    request(GET, 1, [BASE])[:-1], request(GET, 1, [BASE] * 191), request(GET, 1, [BASE]) + b"\0\0",
    tlv(0xA0, integer(1), integer(0), integer(0), tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, b"\x2b\x80\x01"), tlv(NULL)))),
    tlv(0xA0, integer(1), integer(0), integer(0), tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, b"\x2b" + b"\xff" * 6 + b"\1"), tlv(NULL)))),
    tlv(0xA0, integer(1), integer(0), integer(0), tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, bytes([43]) + b"\1" * 130), tlv(NULL)))),
    tlv(0xA0, integer(1), integer(0), integer(0), tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, b"\x2b\1"), tlv(0x47, b"x")))),
    tlv(0xA0, integer(1), integer(0), integer(0), tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, b"\x2b\1"), tlv(INTEGER, b"\1" * 9)))),
], ids=lambda pdu: pdu[:14].hex() or "nothing")
def test_a_pdu_that_cannot_be_read_is_dropped_in_both_versions(pdu):
    lab = Lab()
    lab.give(write_community(b"public", pdu))
    assert sum(lab.dropped().values()) == 1
    for answer, _ in lab.give(sealed(pdu)):
        assert pdu_of(answer)[1].tag == REPORT
    assert sum(lab.dropped().values()) == 2 and lab.world.policies.current.version == 1
    assert serves(lab)


@pytest.mark.parametrize("octets", [write_community(b"public", request(GETBULK, 1, [BASE] * 3, 1, 9)), sealed(), plainly(engine_id=b"", user=b"")],
                         ids=["v2c", "v3", "discovery"])
def test_every_message_that_is_cut_off_is_dropped_and_counted(octets):
    lab = Lab(rate=10**9)
    for end in range(len(octets)):
        assert lab.give(octets[:end]) == []
    assert lab.dropped() == {"malformed": len(octets)}
    assert serves(lab)


LAB = Lab(rate=10**9)


@given(st.binary(max_size=120))
def test_garbage_in_a_message_that_is_authentic_does_no_harm(octets):
    before = sum(LAB.dropped().values())
    for answer, _ in LAB.give(sealed(data=octets)):
        assert pdu_of(answer)[1].tag == REPORT
    assert sum(LAB.dropped().values()) == before + 1
    assert len(LAB.give(sealed())) == 1


# --- SET, communities


@pytest.mark.parametrize("tag, held", [
    (OCTETS, b"locked"), (OCTETS, b""), (COUNTER32, 1), (COUNTER64, 1), (GAUGE32, 1), (TIME_TICKS, 1), (OID, (1, 3)), (NULL, None),
    (IP_ADDRESS, b"\x7f\0\0\1"), (OPAQUE, b"\1"), (0x80, None)])
def test_a_wrong_type_is_told_and_nothing_is_set(tag, held):
    lab = Lab()
    good = binding(of("tectonicsServiceAdminState", 7, *b"advance"), INTEGER, 1)
    (answer, _), = lab.give(sealed(write_pdu(SET, 7, 0, 0, [good, binding(STATE, tag, held)])))
    _, pdu = pdu_of(answer)
    assert (pdu.first, pdu.second) == (7, 2) and len(pdu.variables) == 2  # wrongType, of the second; the variables come back
    assert lab.world.policies.current.version == 1


@pytest.mark.parametrize("who, name, value, status", [
    (NOC, STATE, 0, 10), (NOC, STATE, 4, 10), (NOC, STATE, -2**31, 10), (NOC, NODE, 1, 17), (NOC, of("tectonicsServiceRequests", 7, *b"advance"), 1, 17),
    (NOC, of("tectonicsServiceAdminState", 4, *b"none"), 1, 11), (NOC, (1, 3), 1, 17), (READER, STATE, 1, 6), (b"public", STATE, 1, 6), (b"alarms", STATE, 1, 6)])
def test_what_cannot_be_set_is_told(who, name, value, status):
    lab = Lab()
    manager, _ = asking(lab, who)
    with pytest.raises(NoAnswer, match=f"error status {status} of variable 1"):
        manager.set(name, INTEGER, value)
    assert lab.world.policies.current.version == 1


def test_a_wrong_community_is_dropped_and_told_once_a_minute():
    lab = Lab()
    for community in (b"", b"private", b"publi", b"public\0", b"PUBLIC", b"x" * 2000):
        assert lab.give(write_community(community, request(GET, 1, [NODE]))) == []
    assert lab.dropped() == {"community": 6} and serves(lab)


@pytest.mark.parametrize("tag", [INFORM, 0xA7, RESPONSE, REPORT])
def test_what_is_no_request_is_dropped_in_both_versions(tag):
    lab = Lab()
    pdu = write_pdu(tag, 7, 0, 0, [binding(NODE)])
    assert lab.give(write_community(b"public", pdu)) == [] and lab.dropped() == {"operation": 1}
    lab.give(sealed(pdu))
    assert sum(lab.dropped().values()) == 2
    assert serves(lab)


# --- floods


@pytest.mark.parametrize("octets", [b"\x30\x03\x02\x01\x01", sealed(keys=OTHER), write_community(b"guess", request(GET, 1, [NODE])),
                                    write_community(b"public", request(GETBULK, 1, [BASE], 0, 9999))],
                         ids=["garbage", "wrong key", "wrong community", "bulk"])
def test_a_flood_of_one_source_leaves_room_for_others(octets):
    lab = Lab(rate=10)
    for number in range(400):
        lab.agent.datagramReceived(octets, ("127.0.0.2", 1000 + number))
    dropped = lab.dropped()
    assert dropped["rate"] == 380 and dropped["full"] == 4  # a burst of 20, of which 16 find a place
    assert serves(lab)


def test_a_flood_of_many_sources_fills_the_line_and_no_more():
    lab = Lab(rate=10)
    for number in range(3 * SOURCES_MAX):
        lab.agent.datagramReceived(b"junk", (f"10.0.{number // 256}.{number % 256}", 1))
    assert lab.dropped() == {"full": 3 * SOURCES_MAX - WAITING_MAX}
    lab.world.clock.pump([0] * (WAITING_MAX + 5))
    assert lab.dropped()["malformed"] == WAITING_MAX
    assert serves(lab)


def test_read_back():
    """The helper would notice a wrong answer."""
    assert read_community(write_community(b"x", request(GET, 1, [NODE]))).variables == ((NODE, NULL, None),)
