"""Notifications on a virtual clock: numbered, damped, acknowledged or given up, and never more than the bounds."""

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

from tectonics.oam.flapping import Damping
from tectonics.oam.snmp import notify
from tectonics.oam.snmp.schema import BASE, arcs
from tests.oam.snmp.lab import NOC, Lab, manager, message, of, read

TRAP_OID = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
COLD_START, AUTHENTICATION_FAILURE = (1, 3, 6, 1, 6, 3, 1, 1, 5, 1), (1, 3, 6, 1, 6, 3, 1, 1, 5, 5)


def kind(name):
    return (*BASE, *arcs()[name])


def told(lab):
    """(which, {name: value}) of each notification that went out, repetitions too."""
    found = []
    for octets, address in lab.port.sent:
        assert address == NOC
        variables = dict(read(octets)[2])
        found.append((variables.pop(TRAP_OID), variables))
    return found


def numbers(lab):
    return [variables[of("tectonicsNotificationSequence")] for _, variables in told(lab) if of("tectonicsNotificationSequence") in variables]


def acknowledge(lab, octets):
    asked, _ = decoder.decode(octets, asn1Spec=v2c.Message())
    answer = v2c.apiMessage.get_response(asked)
    lab.give(encoder.encode(answer), NOC)
    lab.world.clock.advance(0)


def results(lab):
    return {key.partition(",")[2]: count for key, count
            in lab.world.metrics.snapshot().get("tectonics_snmp_notifications_total", {}).items()}


def test_a_start_an_alarm_and_a_stop():
    lab = Lab([manager()])
    lab.agent.notifier.started()
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    lab.world.alarms.raise_alarm("billing_down", "no answer for long")
    lab.world.alarms.clear("billing_down")
    lab.world.clock.advance(20)
    stopped = []
    lab.agent.stop().addCallback(stopped.append)
    assert [which for which, _ in told(lab)] == [COLD_START, kind("tectonicsDaemonStarted"), kind("tectonicsAlarmRaised"),
                                                 kind("tectonicsAlarmCleared"), kind("tectonicsDaemonStopping")]
    assert numbers(lab) == [1, 2, 3, 4] and lab.agent.notifier.sequence == 4
    raised, cleared = told(lab)[2][1], told(lab)[3][1]
    assert raised[of("tectonicsAlarmId", 1)] == b"billing_down" and raised[of("tectonicsAlarmSeverity", 1)] == 3
    assert cleared[of("tectonicsAlarmSeverity", 1)] == 1 and cleared[of("tectonicsAlarmText", 1)] == b"no answer for long"
    assert stopped == [None] and lab.port.closed
    assert not lab.world.clock.getDelayedCalls()


def test_who_looks_after_an_alarm_and_that_it_flaps_is_told():
    lab = Lab([manager()])
    alarms = lab.world.alarms
    alarms.raise_alarm("billing_down", "no answer")
    alarms.acknowledge("billing_down", "cli:ann", "seen")
    alarms.take_back("billing_down", "cli:ann")
    for _ in range(Damping().raises):
        alarms.clear("billing_down")
        alarms.raise_alarm("billing_down", "no answer")
    found = told(lab)
    assert [which for which, _ in found] == [kind("tectonicsAlarmRaised")] + [kind("tectonicsAlarmChanged")] * 3
    states = [(one[of("tectonicsAlarmAcknowledged", 1)], one[of("tectonicsAlarmAcknowledgedBy", 1)], one[of("tectonicsAlarmFlapping", 1)],
               one[of("tectonicsAlarmRaises", 1)], one[of("tectonicsAlarmSeverity", 1)]) for _, one in found[1:]]
    assert states == [(1, b"cli:ann", 2, 1, 3), (2, b"", 2, 1, 3), (2, b"", 1, 6, 3)]
    assert numbers(lab) == [1, 2, 3, 4]


def test_what_is_too_much_is_not_sent_and_its_numbers_show_it():
    lab = Lab([manager()])
    for count in range(int(notify.BURST) + 10):
        lab.world.alarms.raise_alarm("feed_lag", "silent", str(count))
    assert len(told(lab)) == notify.BURST and results(lab)["damped"] == 10
    lab.world.clock.advance(1)
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    assert numbers(lab)[-1] == notify.BURST + 11 == lab.get(of("tectonicsNotificationLast"))[0]
    column = of("tectonicsAlarmId")[:-1]
    found, last = set(), column
    while last[:-1] == column or last == column:
        answer = lab.ask("getbulk", last, repetitions=30)[2]
        found |= {value for name, value in answer if name[:-1] == column}
        last = answer[-1][0]
    assert len(found) == notify.BURST + 11


def test_no_number_is_kept_of_alarms_that_are_over():
    lab = Lab()
    for count in range(50):
        lab.world.alarms.raise_alarm("feed_lag", "silent", str(count))
        lab.world.alarms.clear("feed_lag", str(count))
        lab.world.clock.advance(20)
    assert lab.figures.alarm_index("feed_lag:new", 1) == 51 and len(lab.figures._numbered) == 1


def test_authentication_failures_are_told_once_a_minute():
    lab = Lab([manager()])
    for _ in range(5):
        lab.give(message("get", (1, 3), community=b"guess"))
    assert [which for which, _ in told(lab)] == [AUTHENTICATION_FAILURE] and lab.agent.notifier.sequence == 0
    lab.world.clock.advance(notify.AUTHENTICATION_S)
    lab.give(message("get", (1, 3), community=b"guess"))
    assert len(told(lab)) == 2


def test_an_inform_is_sent_again_until_it_is_acknowledged_and_the_next_one_waits():
    lab = Lab([manager(inform=True, who=b"traps")])
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    lab.world.alarms.raise_alarm("disk_low", "3 MiB are left")
    assert numbers(lab) == [1] and lab.agent.notifier.waiting() == 2
    lab.world.clock.pump([0.5] * 6)
    assert numbers(lab) == [1, 1]
    acknowledge(lab, lab.port.sent[-1][0])
    assert numbers(lab) == [1, 1, 2] and lab.agent.notifier.waiting() == 1
    acknowledge(lab, lab.port.sent[-1][0])
    assert lab.agent.notifier.waiting() == 0
    assert results(lab) == {"sent": 2, "repeated": 1, "acknowledged": 2}


def test_a_manager_who_is_away_is_given_up_for_this_one():
    lab = Lab([manager(inform=True, who=b"traps")])
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    lab.world.clock.pump([0.5] * 400)
    assert results(lab) == {"sent": 1, "repeated": notify.TRIES_MAX - 1, "given_up": 1}
    assert lab.agent.notifier.waiting() == 0


def test_an_acknowledgement_from_elsewhere_does_not_count():
    lab = Lab([manager(inform=True, who=b"traps")])
    lab.world.alarms.raise_alarm("billing_down", "no answer")
    asked, _ = decoder.decode(lab.port.sent[-1][0], asn1Spec=v2c.Message())
    lab.give(encoder.encode(v2c.apiMessage.get_response(asked)), ("127.0.0.66", 162))
    assert lab.agent.notifier.waiting() == 1 and lab.dropped() == {"operation": 1}


def test_the_queue_of_a_manager_has_a_bound(monkeypatch):
    monkeypatch.setattr(notify, "QUEUE_MAX", 3)
    lab = Lab([manager(inform=True, who=b"traps")])
    for count in range(6):
        lab.world.alarms.raise_alarm("feed_lag", "silent", str(count))
    assert lab.agent.notifier.waiting() == 4 and results(lab) == {"sent": 1, "shed": 2}


def test_a_stop_waits_for_informs_but_not_for_long():
    lab, stopped = Lab([manager(inform=True, who=b"traps")]), []
    lab.agent.stop().addCallback(stopped.append)
    assert numbers(lab) == [1] and not stopped
    acknowledge(lab, lab.port.sent[-1][0])
    assert stopped == [None]
    lab, stopped = Lab([manager(inform=True, who=b"traps")]), []
    lab.agent.stop().addCallback(stopped.append)
    lab.world.clock.pump([0.5] * 5)
    assert stopped == [None] and not lab.world.clock.getDelayedCalls()
