"""Orders to a switch full of phones, and the process that is shipped."""

import json
import subprocess
import sys
from itertools import count

import pytest
from twisted.internet.task import Clock

from tectonics.domain.errors import TheirFault
from tectonics.simulators.phones.control import ORDERS, order
from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.script import NEVER, Script, script
from tectonics.simulators.phones.switch import Switch
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.message import parse
from tests.wire.sip.making import request

HERE = ("192.0.2.9", 5060)


def switch():
    clock, said = Clock(), []
    made = Switch(clock, written=lambda octets, place: said.append((parse(octets), place)))
    return made, clock, said


def statuses(said):
    return [one.status for one, _ in said]


def test_a_phone_does_as_its_script_says():
    made, clock, said = switch()
    assert order(made, ["script", "133", "ring=1", "status=486", "answer=2", "cause=17"]) == {"script": "133"}
    made.datagramReceived(request().encode(), HERE)
    clock.advance(1)
    clock.advance(2)
    assert statuses(said)[:3] == [100, 180, 486] and said[2][0].header("Reason") == "Q.850;cause=17"
    assert order(made, ["calls"])["calls"][0] | {"state": "over", "rang": True, "number": "133"} == order(made, ["calls"])["calls"][0]
    assert order(made, ["stats"])["rung"] == 1
    made.close()


def test_a_phone_stops_ringing_by_itself_where_nobody_gives_up():
    made, clock, said = switch()
    order(made, ["script", "133", "answer=never", "rings=200"])
    made.datagramReceived(request().encode(), HERE)
    clock.advance(199.9)
    assert [one.number for one in made.ringing] == ["133"]
    clock.advance(0.1)
    assert statuses(said)[-1] == 487 and made.of("133").ended_by == "time"
    made.close()


def test_an_invite_that_comes_behind_its_call_is_told_from_one_that_is_sent_again():
    made, clock, said = switch()
    order(made, ["script", "133", "status=486", "answer=0", "ring=never"])
    late = {"s": 0.0}
    made.line.delays = lambda message: [late["s"] if getattr(message, "method", "") == "INVITE" else 0.0]

    def rung(late_s):
        late["s"] = late_s
        made.datagramReceived(request().encode(), HERE)

    def over():
        clock.advance(0)
        made.datagramReceived(request("ACK", to_tag=said[-1][0].to.tag).encode(), HERE)
        clock.advance(6)  # its transaction is gone (RFC 3261, section 17.2.1, timer I)

    rung(0.0)
    rung(1.0)  # within the transaction: it answers, nobody rings
    rung(12.0)
    clock.advance(1)
    over()
    rung(20.0)  # comes last, and was sent when all was over
    clock.advance(5)
    over()
    clock.advance(9)
    over()
    assert [one.copy_of for one in made.phones] == [None, made.phones[0], None]
    made.close()


@pytest.mark.parametrize("acked_s, sent_s, copy", [(4.0, 2.0, True), (4.0, 4.5, False), (0.0, 31.0, True), (0.0, 33.0, False)])
@pytest.mark.parametrize("forgets", [False, True])
def test_who_has_not_heard_the_answer_sends_the_invite_again(acked_s, sent_s, copy, forgets):
    made, clock, said = switch()
    order(made, ["script", "133", "status=404", "answer=0", "ring=never"])
    made.datagramReceived(request().encode(), HERE)
    clock.advance(0)
    if acked_s:
        made.sent = lambda: acked_s  # the answer took that long; the ACK is lost behind that
        order(made, ["lose", "ACK", "1"])
        made.datagramReceived(request("ACK", to_tag=said[-1][0].to.tag).encode(), HERE)
    if forgets:
        made.restart()
    else:
        clock.advance(40)  # its transaction is gone (RFC 3261, section 17.2.1, timer H)
    made.sent = lambda: sent_s
    made.datagramReceived(request().encode(), HERE)
    first, again = made.phones
    assert (again.copy_of is first) is copy
    made.close()


def test_an_invite_of_another_branch_or_node_is_no_copy_nor_is_one_that_its_switch_has_forgotten():
    made, clock, _ = switch()
    order(made, ["script", "133", "status=404", "answer=0", "ring=never"])
    for invite in (request(), request(branch="z9hG4bK9"), request().encode().replace(b"5081", b"5082")):
        made.restart()
        made.datagramReceived(invite if isinstance(invite, bytes) else invite.encode(), HERE)
        clock.advance(0)
    order(made, ["script", "133", "answer=never"])
    for _ in range(2):  # the one that is cut is not the first of anything
        made.datagramReceived(request(call_id="c2").encode(), HERE)
        made.restart()
    assert [one.copy_of for one in made.phones] == [None] * 5
    made.close()


def test_what_is_lost_is_missed_by_its_call():
    made, clock, said = switch()
    made.datagramReceived(request().encode(), HERE)
    order(made, ["lose", "180/INVITE", "1"])
    clock.advance(0.1)
    assert made.of("133").missed == 1 and statuses(said) == [100]
    order(made, ["away", "yes"])
    made.datagramReceived(request("BYE").encode(), HERE)
    assert made.of("133").missed == 2
    made.close()


def test_orders_are_carried_out():
    made, clock, said = switch()
    made.datagramReceived(request().encode(), HERE)
    clock.advance(0.1)
    clock.advance(0.5)
    clock.advance(0)
    assert statuses(said)[-1] == 200
    ack = request("ACK", to_tag=said[-1][0].to.tag, branch="z9hG4bK2")
    made.datagramReceived(ack.encode(), HERE)
    for words, method in (("change 133 hold", "INVITE"), ("change 133 empty", "INVITE"), ("hang_up 133", "BYE")):
        order(made, words.split())
        assert said[-1][0].method == method
    order(made, ["away", "yes"])
    count = len(said)
    made.datagramReceived(request("OPTIONS", branch="z9hG4bK3", call_id="c3").encode(), HERE)
    assert len(said) == count
    made.close()


def test_packets_are_lost_and_doubled_by_order_and_by_chance():
    line = Line()
    line.order("200 INVITE", "lose", 1, 1)
    line.order("any", "double", 1)
    ok = parse(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=y\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n")
    assert [len(line.delays(one)) for one in (ok, ok, ok, request("BYE"))] == [2, 0, 1, 1]
    by_chance = [len(Line(seed, 30, 30).delays(ok)) for seed in range(200)]
    assert by_chance == [len(Line(seed, 30, 30).delays(ok)) for seed in range(200)]
    assert all(30 < by_chance.count(copies) < 120 for copies in (0, 1, 2))


@pytest.mark.parametrize("words", ["sing", "script - answer=soon", "script - wish=1", "hang_up 1", "lose INVITE", "lose INVITE x"])
def test_what_cannot_be_understood(words):
    with pytest.raises(TheirFault):
        order(switch()[0], words.split())


def test_words_of_a_script():
    assert script([]) == Script() and script(["answer=never", "media=no", "contact=192.0.2.1:5060"]) == Script(
        answer=NEVER, media=False, contact="192.0.2.1:5060")


def test_the_process_serves_until_its_input_ends():
    running = subprocess.Popen([sys.executable, "-m", "tectonics.simulators.phones", "--port", "0", "--script", "answer=never"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said, _ = running.communicate("stats\nnothing\n", timeout=30)
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines[0]["port"] and lines[1]["rung"] == 0 and "no order" in lines[2]["error"] and running.returncode == 0
    assert set(ORDERS) == {"script", "hang_up", "change", "lose", "double", "away", "calls", "stats"}


def answered(**more):
    """A phone that has been picked up, and what its switch said."""
    made, clock, said = switch()
    made.scripts[""] = Script(ring=0.1, answer=0.1, **more)
    made.datagramReceived(request().encode(), HERE)
    clock.advance(0.2)
    clock.advance(0.2)
    return made, clock, said


def test_who_is_never_acknowledged_hangs_up():
    made, clock, said = answered()
    rung, = made.phones
    for _ in range(40):
        clock.advance(1)
    assert (rung.state, rung.ended_by) == ("over", "us") and "BYE" in [getattr(one, "method", "") for one, _ in said]
    assert rung.rung_at < rung.answered_at < rung.over_at
    made.close()


def test_a_strict_phone_hangs_up_when_nobody_refreshes():
    made, clock, said = answered(timer=90, strict=True)
    rung, = made.phones
    tag = next(one.to.tag for one in statused(said, 200))
    made.datagramReceived(request("ACK", "z9hG4bK2", tag).encode(), HERE)
    clock.advance(60)
    made.datagramReceived(request("UPDATE", "z9hG4bK3", tag, number=2).encode(), HERE)
    clock.advance(89)
    assert rung.state == "connected"
    clock.advance(2)
    assert (rung.state, rung.ended_by, rung.over_at) == ("over", "us", clock.seconds())
    made.datagramReceived(request("BYE", "z9hG4bK4", tag, number=3).encode(), HERE)
    assert rung.ended_by == "us"
    made.close()


def statused(said, status):
    return [one for one, _ in said if getattr(one, "status", 0) == status]


def test_a_switch_that_restarts_knows_nobody_and_tells_nobody():
    made, _, said = answered()
    told, over = len(said), []
    made.on_over = over.append
    rung, = made.phones
    made.restart()
    assert (rung.state, rung.ended_by, over, len(said)) == ("over", "switch", [rung], told)
    made.datagramReceived(request().encode(), HERE)
    assert len(made.phones) == 2
    made.close()


def two_answer(**more):
    """Two telephones were picked up; `hear(method, fork)` lets one of them hear something."""
    made, clock, said = answered(forks=2, **more)
    clock.advance(0.1)
    tags = list(dict.fromkeys(one.to.tag for one in statused(said, 200)))
    numbers = count(2)

    def hear(method, fork, **headers):
        number = 1 if method == "ACK" else next(numbers)
        made.datagramReceived(request(method, f"z9hG4bK{method}{fork}", tags[fork], number=number, **headers).encode(), HERE)

    return made, clock, said, hear


def parted(said):
    return [one.sender.tag[-1] for one, _ in said if getattr(one, "method", "") == "BYE"]


@pytest.mark.parametrize("kept", [0, 1])
def test_of_telephones_that_answer_the_caller_is_where_he_does_not_hang_up(kept):
    made, clock, said, hear = two_answer()
    rung, = made.phones
    hear("ACK", 1 - kept)
    hear("BYE", 1 - kept)
    assert rung.state == "answered"
    hear("ACK", kept, body=b"v=1")
    clock.pump([1.0] * 40)  # nobody is missed any more
    hear("UPDATE", 1 - kept)
    assert (rung.state, rung.given, said[-1][0].status, parted(said)) == ("connected", b"v=1", 481, [])
    hear("BYE", kept, more="Reason: Q.850;cause=16\r\n")
    hear("ACK", kept)
    assert (rung.state, rung.ended_by, rung.q850) == ("over", "them", 16)
    made.close()


def test_each_answer_is_repeated_until_its_ack_and_hung_up_where_none_comes():
    made, clock, said, hear = two_answer()
    rung, = made.phones
    hear("ACK", 0)
    told = len(statused(said, 200))
    clock.pump([0.5] * 8)
    assert {one.to.tag[-1] for one in statused(said, 200)[told:]} == {"1"}
    clock.pump([1.0] * 40)
    assert (rung.state, set(parted(said))) == ("connected", {"1"})
    made.close()


def test_who_hangs_up_hangs_up_everywhere_and_is_through_when_all_have_answered():
    made, clock, said, hear = two_answer(hang_up=5)
    rung, = made.phones
    hear("ACK", 0)
    hear("ACK", 1)
    clock.advance(5)
    assert (rung.state, rung.ended_by, parted(said)) == ("over", "us", ["0", "1"])
    for one, farewell in zip([one for one, _ in said[-2:]], (False, True), strict=True):
        made.datagramReceived(answer(one, 200).encode(), HERE)
        assert bool(rung.farewell_at) is farewell
    hear("ACK", 0)
    assert rung.ended_by == "us"
    made.close()


def test_whom_nobody_acknowledges_anywhere_hangs_up():
    made, clock, said, _ = two_answer()
    rung, = made.phones
    clock.pump([1.0] * 40)
    assert (rung.state, rung.ended_by, set(parted(said))) == ("over", "us", {"0", "1"})
    made.close()
