"""The agent as a v2c manager sees it, on a virtual clock; and what it throws away."""

from hypothesis import given
from hypothesis import strategies as st
from pysnmp.proto import rfc1902

from tectonics.oam.snmp.figures import SLICE, Figures
from tectonics.oam.snmp.limits import WAITING_PER_SOURCE_MAX
from tectonics.oam.snmp.operations import BULK_MAX
from tectonics.oam.snmp.schema import BASE
from tests.oam.snmp.lab import HERE, Lab, message, of, read

ADVANCE = tuple(len("advance").to_bytes()) + tuple(b"advance")
SYSTEM = (1, 3, 6, 1, 2, 1, 1)


def test_golden_octets():
    """sysName.0 with community public, written by hand from X.690 and RFC 3416."""
    asked = bytes.fromhex("3026" "020101" "04067075626c6963" "a019" "020107" "020100" "020100" "300e300c" "0608" "2b06010201010500" "0500")
    answered = bytes.fromhex("3028" "020101" "04067075626c6963" "a21b" "020107" "020100" "020100" "3010300e" "0608" "2b06010201010500"
                             "0402" "6e31")
    assert message("get", (*SYSTEM, 5, 0)) == asked
    assert Lab().give(asked) == [(answered, HERE)]


def test_the_figures_are_those_of_the_registry():
    lab = Lab()
    lab.world.metrics.count("tectonics_requests_total", "advance", by=2**40)
    lab.world.metrics.count("tectonics_refused_total", "advance", "tenure", by=3)
    lab.world.metrics.gauge("tectonics_outstanding_minor", 2**40)
    lab.world.metrics.count("tectonics_channel_requests_total", "ussd_http", "ok", by=5)
    lab.world.metrics.count("tectonics_channel_requests_total", "ussd_http", "bad")
    lab.world.metrics.count("tectonics_billing_requests_total", "credit", "unknown", by=2)
    for _ in range(99):
        lab.world.metrics.observe("tectonics_billing_seconds", 0.004, "credit")
    lab.world.metrics.observe("tectonics_billing_seconds", 3.0, "balance")
    embedded = (8, *b"embedded")
    assert lab.get(of("tectonicsServiceRequests", *ADVANCE), of("tectonicsServiceRefused", *ADVANCE),
                   of("tectonicsRefusals", *ADVANCE, 6, *b"tenure"), of("tectonicsOutstanding"),
                   of("tectonicsChannelIn", 9, *b"ussd_http"), of("tectonicsChannelErrors", 9, *b"ussd_http"),
                   of("tectonicsBillingNodeUnknown", *embedded), of("tectonicsBillingNodeLatencyP50", *embedded),
                   of("tectonicsBillingNodeLatencyP99", *embedded), of("tectonicsConsumerLag", 9, *b"mediation"),
                   of("tectonicsTicketNewest"), of("tectonicsAdminState")) \
        == [2**40, 3, 3, 2**32 - 1, 6, 1, 2, 5, 5, 5, 30, 2]
    assert lab.get((*SYSTEM, 1, 0), (*SYSTEM, 2, 0), (*SYSTEM, 3, 0), (*SYSTEM, 4, 0)) == [b"tectonics 0.1", BASE, 500, b"noc"]


def test_alarms_stand_in_the_table_and_keep_their_number():
    lab = Lab()
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    lab.world.alarms.raise_alarm("disk_low", "3 MiB are left")
    found = dict(lab.ask("getbulk", of("tectonicsAlarmId")[:-1], repetitions=2)[2])
    assert list(found.values()) == [b"billing_down", b"disk_low"]
    numbers = [name[-1] for name in found]
    assert lab.get(of("tectonicsAlarmSeverity", numbers[0]), of("tectonicsAlarmText", numbers[1])) == [3, b"3 MiB are left"]
    lab.world.alarms.clear("billing_down")
    lab.world.clock.advance(20)
    found = lab.ask("getbulk", of("tectonicsAlarmId")[:-1], repetitions=1)[2]
    assert found == [(of("tectonicsAlarmId", numbers[1]), b"disk_low")]
    assert lab.get(of("tectonicsAlarmId", numbers[0])) == ["NoSuchInstance"]


def test_a_walk_by_getbulk_and_one_by_getnext_are_the_same():
    lab = Lab()
    lab.world.alarms.raise_alarm("billing_down", "no answer")

    def walk(operation):
        found, name = [], (1, 3)
        while True:
            answer = lab.ask(operation, name, repetitions=20)[2]
            for name, value in answer:
                if value == "EndOfMibView":
                    return found
                found.append((name, value))
            lab.world.clock.advance(0.01)

    stepped = walk("getnext")
    assert [name for name, _ in walk("getbulk")] == [name for name, _ in stepped]
    assert len(stepped) > 60 and sorted(stepped) == stepped


def test_a_huge_getbulk_is_answered_with_what_fits_in_a_frame():
    lab = Lab()
    octets = message("getbulk", (1, 3), repetitions=2**31 - 1)
    answer, = lab.give(octets)
    assert 400 < len(answer[0]) < 1473
    assert read(answer[0])[0] == 0 and 30 < len(read(answer[0])[2]) <= BULK_MAX


def test_an_answer_fits_a_frame():
    lab = Lab()
    for count in range(30):
        lab.world.alarms.raise_alarm("feed_lag", "x" * 255, str(count))
    answer, = lab.give(message("getbulk", of("tectonicsAlarmText")[:-1], repetitions=24))
    assert 1000 < len(answer[0]) < 1473 and len(read(answer[0])[2]) == 4


def test_a_large_tree_is_gathered_in_slices(monkeypatch):
    lab, taken, sizes = Lab(), [], []
    for number in range(900):
        lab.world.metrics.count("tectonics_refused_total", "advance", f"reason{number}")
    monkeypatch.setattr(lab.figures, "cell", lambda *cell: taken.append(cell) or Figures.cell(lab.figures, *cell))
    for _ in lab.figures.gather():
        sizes.append(len(taken) - sum(sizes))
    assert len(sizes) >= 900 // SLICE and max(sizes) <= SLICE
    assert lab.get(of("tectonicsRefusals", *ADVANCE, 9, *b"reason899")) == [1]


def test_more_variables_than_are_served_are_too_big():
    lab = Lab()
    assert lab.ask("get", *[(*SYSTEM, 7, 0)] * 65) == (1, 0, [])
    assert len(lab.ask("get", *[(*SYSTEM, 7, 0)] * 64)[2]) == 64
    assert lab.ask("get", *[(*SYSTEM, 5, 0)] * 250) is None and lab.dropped() == {"malformed": 1}


def test_a_community_only_reads():
    lab = Lab()
    asked = (of("tectonicsAdminState"), rfc1902.Integer32(1))
    assert lab.ask("set", asked)[:2] == (6, 1)
    assert lab.world.policies.current.version == 1


def test_a_community_sees_its_view():
    lab = Lab()
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    assert lab.ask("get", (*SYSTEM, 5, 0), community=b"alarms")[2] == [((*SYSTEM, 5, 0), "NoSuchObject")]
    assert lab.ask("getnext", (1, 3), community=b"alarms")[2][0][0][:12] == (*BASE, 1, 8)


def test_who_may_not_ask_gets_no_answer():
    lab = Lab()
    name = (*SYSTEM, 5, 0)
    assert lab.ask("get", name, community=b"private") is None
    assert lab.give(message("get", name), ("192.0.2.7", 4000)) == []
    assert lab.give(message("get", name, version=0)) == []
    assert lab.ask("trap", name) is None and lab.ask("response", name) is None
    assert lab.give(b"x" * 8193) == []
    assert lab.dropped() == {"community": 2, "version": 1, "operation": 2, "oversized": 1}
    assert lab.get(name) == [b"n1"]


def test_a_flood_is_not_heard_and_others_are():
    lab = Lab(rate=10)
    flood = [lab.give(message("get", (*SYSTEM, 5, 0)), ("127.0.0.2", 1000 + i)) for i in range(100)]
    assert sum(map(len, flood)) == 20 and lab.dropped() == {"rate": 80}
    assert lab.get((*SYSTEM, 5, 0)) == [b"n1"]
    lab.world.clock.advance(1)
    assert len(lab.give(message("get", (*SYSTEM, 5, 0)), ("127.0.0.2", 1))) == 1


def test_who_does_not_wait_fills_his_place_only():
    lab = Lab()
    for _ in range(100):
        lab.agent.datagramReceived(message("get", (*SYSTEM, 5, 0)), HERE)
    lab.agent.datagramReceived(message("get", (*SYSTEM, 5, 0)), ("127.0.0.2", 1))
    assert lab.dropped() == {"full": 100 - WAITING_PER_SOURCE_MAX}
    lab.world.clock.pump([0] * 50)
    assert len(lab.port.sent) == WAITING_PER_SOURCE_MAX + 1
    assert lab.port.sent[-1][1] == ("127.0.0.2", 1)


LAB = Lab(rate=10**9)
GOOD = message("get", (*SYSTEM, 5, 0), (*SYSTEM, 1, 0))


@given(st.binary(max_size=300))
def test_garbage_is_dropped_and_the_agent_lives_on(octets):
    assert LAB.give(octets) == []
    assert len(LAB.give(GOOD)) == 1


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255), st.integers(0, len(GOOD)))
def test_what_is_damaged_or_cut_off_does_no_harm(place, change, end):
    LAB.give(GOOD[:end])
    damaged = bytearray(GOOD)
    damaged[place] ^= change
    LAB.give(bytes(damaged))
    assert len(LAB.give(GOOD)) == 1


@given(st.lists(st.tuples(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20), st.one_of(
    st.integers(-2**31, 2**31 - 1).map(rfc1902.Integer32), st.binary(max_size=40).map(rfc1902.OctetString),
    st.integers(0, 2**64 - 1).map(rfc1902.Counter64))), max_size=6),
    st.sampled_from(["get", "getnext", "getbulk", "set"]), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_whatever_is_asked_is_answered(pairs, operation, repetitions, non_repeaters):
    octets = message(operation, *[((1, 3, *arcs), value) for arcs, value in pairs], repetitions=repetitions, non_repeaters=non_repeaters)
    assert len(LAB.give(octets)) == 1
