"""The manager against our agent without sockets: what is lost, late, forged or out of date."""

import pytest

from tectonics.oam.snmp.schema import BASE
from tectonics.simulators.snmp_manager import TRIES, NoAnswer, V3User
from tectonics.wire.snmp_ber import INTEGER
from tectonics.wire.snmp_pdu import COUNTER64, NO_SUCH_OBJECT, binding, write_community, write_pdu
from tests.oam.snmp.lab import ENGINE_ID, PHRASES, Lab, asking, of

NOC = V3User("noc", *PHRASES)


@pytest.mark.parametrize("who", [b"public", NOC], ids=["v2c", "v3"])
def test_it_gets_steps_and_walks(who):
    lab = Lab(rate=10**9)
    manager, wire = asking(lab, who)
    assert manager.get(of("tectonicsNode"))[0][2] == b"n1"
    assert manager.get((1, 3, 9, 0)) == [((1, 3, 9, 0), NO_SUCH_OBJECT, None)]
    walked = list(manager.walk(BASE))
    assert [name for name, _, _ in walked] == [name for name, _ in lab.tree().all() if name[:len(BASE)] == BASE]
    assert manager.next(walked[3][0]) == [walked[4]]
    assert manager.asked == len(wire.sent)


def test_a_user_sets():
    lab = Lab()
    manager, _ = asking(lab, NOC)
    manager.set(of("tectonicsAdminState"), INTEGER, 1)
    assert lab.world.policies.current.lending.accepting is False
    with pytest.raises(NoAnswer, match="error status 10"):
        manager.set(of("tectonicsAdminState"), INTEGER, 9)


def test_what_is_lost_is_asked_again_and_at_last_given_up():
    manager, wire = asking(Lab())
    wire.address = "192.0.2.1", 9
    with pytest.raises(NoAnswer):
        manager.get(of("tectonicsNode"))
    assert len(wire.sent) == TRIES
    manager, wire = asking(Lab(), NOC)
    wire.send = wire.sent.append
    with pytest.raises(NoAnswer, match="engineID"):
        manager.get(of("tectonicsNode"))


def test_who_has_not_the_keys_is_given_up():
    for who in (V3User("noc", "another phrase", PHRASES[1]), V3User("stranger", *PHRASES)):
        manager, _ = asking(Lab(), who)
        with pytest.raises(NoAnswer):
            manager.get(of("tectonicsNode"))


def test_answers_of_others_are_passed_over():
    manager, wire = asking(Lab())
    wire.waiting += [b"junk", write_community(b"public", write_pdu(0xA2, 1, 0, 0, [binding((1, 3), COUNTER64, 1)]))]
    assert manager.get(of("tectonicsNode"))[0][2] == b"n1"


def test_a_restart_is_learned_from_the_report():
    manager, wire = asking(Lab(), NOC)
    manager.get(of("tectonicsNode"))
    wire.lab = later = Lab(boots=2)
    assert manager.get(of("tectonicsNode"))[0][2] == b"n1"
    assert later.dropped() == {"time": 1}
    assert wire.sent[-1].count(ENGINE_ID) == 1


def test_a_walk_in_a_circle_ends():
    manager, _ = asking(Lab())
    manager.bulk = lambda name, repetitions: [(BASE, INTEGER, 1)]
    with pytest.raises(NoAnswer, match="circle"):
        list(manager.walk(BASE))
