"""Two layers and a line between them that loses, doubles and delays: calls are set up, refused and cancelled."""

import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.domain.errors import Busy
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.client import acknowledgement
from tectonics.wire.sip.dialog import Dialog, OutOfOrder
from tectonics.wire.sip.layer import (
    Acknowledged,
    Answered,
    Asked,
    Cancelled,
    Layer,
    Unacknowledged,
    Unanswered,
    Write,
)
from tectonics.wire.sip.message import parse
from tests.wire.sip.making import request

CONTACT = (("Contact", "<sip:133@127.0.0.1:5070>"),)


class Line:
    """Two layers; `fate(n)` says when the n-th message arrives: delays in seconds, none for lost, several for doubled."""

    def __init__(self, fate=lambda n: [0.01]):
        self.ends, self.now, self.fate, self.sent = (Layer(), Layer()), 0.0, fate, []
        self.heard = ([], [])
        self.way: list = []

    def out(self, end, done):
        for one in done:
            if isinstance(one, Write):
                self.sent.append((end, one.message.first_line.split(" SIP/2.0")[0]))
                for delay in self.fate(len(self.sent)):
                    heapq.heappush(self.way, (self.now + delay, len(self.sent), delay, 1 - end, one.message.encode()))
            else:
                self.heard[end].append(one)
                self.user(end, one)

    def user(self, end, one):
        pass

    def run(self, until):
        while True:
            times = [at for at in (self.way[0][0] if self.way else None, *(e.due_at for e in self.ends)) if at is not None]
            if not times or min(times) > until:
                self.now = until
                return
            self.now = max(self.now, min(times))
            while self.way and self.way[0][0] <= self.now:
                *_, end, octets = heapq.heappop(self.way)
                self.out(end, self.ends[end].receive(parse(octets), "peer", self.now))
            for end in (0, 1):
                self.out(end, self.ends[end].due(self.now))

    def invite(self, **more):
        self.out(0, self.ends[0].send(request(**more), "peer", "call", self.now))

    def respond(self, serving, status, **more):
        self.out(1, self.ends[1].respond(serving, answer(serving.request, status, "b", **more), self.now))

    def kinds(self, end):
        return [type(one).__name__ for one in self.heard[end]]

    def statuses(self):
        return [one.response.status for one in self.heard[0] if isinstance(one, Answered)]


class Answering(Line):
    """The far end answers each INVITE; ours acknowledges."""

    def __init__(self, status, fate=lambda n: [0.01]):
        super().__init__(fate)
        self.status = status

    def user(self, end, one):
        if isinstance(one, Asked) and one.serving.request.method == "INVITE":
            self.respond(one.serving, 180)
            self.respond(one.serving, self.status, headers=CONTACT)
        elif isinstance(one, Answered) and 200 <= one.response.status < 300:
            dialog = Dialog.of_response(one.request, one.response)
            ack = dialog.acknowledge(one.request, "SIP/2.0/UDP 127.0.0.1:5081;branch=z9hG4bKack")
            self.out(0, [Write(ack, "peer")])


def test_a_call_is_answered():
    line = Answering(200)
    line.invite()
    line.run(200)
    assert line.statuses() == [180, 200] and line.kinds(1) == ["Asked", "Acknowledged"]
    assert [first for _, first in line.sent] == ["INVITE sip:133@127.0.0.1", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK",
                                                "ACK sip:133@127.0.0.1:5070"]
    assert len(line.ends[0]) == len(line.ends[1]) == 0


def test_a_call_is_refused():
    line = Answering(486)
    line.invite()
    line.run(200)
    assert line.statuses() == [180, 486] and line.kinds(1) == ["Asked"]
    assert line.sent[-1] == (0, "ACK sip:133@127.0.0.1")
    assert len(line.ends[0]) == len(line.ends[1]) == 0


def test_nobody_is_there():
    line = Line(lambda n: [])
    line.invite()
    line.run(31.9)
    assert [when for when, _ in line.sent] == [0] * 7 and line.heard[0] == []
    line.run(32)
    assert isinstance(line.heard[0][0], Unanswered) and len(line.ends[0]) == 0


def test_an_answer_that_is_never_acknowledged():
    line = Line()
    line.user = lambda end, one: line.respond(one.serving, 200) if isinstance(one, Asked) else None
    line.invite()
    line.run(100)
    assert isinstance(line.heard[1][-1], Unacknowledged)
    assert 8 <= sum(first.startswith("SIP/2.0 200") for _, first in line.sent) <= 12


def test_a_call_is_cancelled():
    line = Line()
    line.user = lambda end, one: line.respond(one.serving, 180) if isinstance(one, Asked) else (
        line.respond(one.serving, 487) if isinstance(one, Cancelled) else None)
    line.invite()
    line.run(3)
    line.out(0, line.ends[0].cancel(request(), "cancel", line.now))
    line.run(200)
    assert line.statuses() == [180, 200, 487]
    assert line.kinds(1) == ["Asked", "Cancelled"]
    assert len(line.ends[0]) == len(line.ends[1]) == 0


def test_only_what_rings_is_cancelled_and_only_once():
    layer = Layer()
    assert layer.cancel(request(), "t", 0.0) == []
    layer.send(request(), "p", "t", 0.0)
    assert layer.cancel(request(), "t", 0.0) == []
    found = layer.receive(request("CANCEL", branch="z9hG4bKother"), "p", 0.0)
    assert [one.message.status for one in found] == [481]


def test_the_same_call_over_two_ways_is_merged():
    layer = Layer()
    assert isinstance(layer.receive(request(branch="z9hG4bK1"), "p", 0.0)[0], Asked)
    assert layer.receive(request(branch="z9hG4bK2"), "q", 0.0)[0].message.status == 482
    assert layer.receive(request(branch="z9hG4bK1"), "p", 0.0) == []


def test_a_flood_is_turned_away():
    layer = Layer(transactions_max=3)
    for n in range(3):
        layer.receive(request(branch=f"z9hG4bK{n}", call_id=f"c{n}"), "p", 0.0)
    told, = layer.receive(request(branch="z9hG4bKx", call_id="cx"), "p", 0.0)
    assert (told.message.status, len(layer)) == (503, 3)
    with pytest.raises(Busy):
        layer.send(request(), "p", "t", 0.0)


def test_other_requests_are_answered_once():
    line = Line()
    line.user = lambda end, one: line.respond(one.serving, 200) if isinstance(one, Asked) else None
    line.out(0, line.ends[0].send(request("OPTIONS"), "peer", "t", 0.0))
    line.run(0.1)
    line.out(1, line.ends[1].receive(request("OPTIONS"), "peer", line.now))
    line.run(100)
    assert line.statuses() == [200] and line.kinds(1) == ["Asked"]
    assert len(line.ends[0]) == len(line.ends[1]) == 0


@settings(deadline=None)
@given(st.sampled_from([200, 302, 404, 486, 503, 603]), st.lists(
    st.sampled_from([[0.01], [], [0.01, 0.02], [0.3], [0.9, 0.01], [2.0]]), max_size=24))
def test_over_a_bad_line_both_ends_agree_and_forget(status, fates):
    line = Answering(status, lambda n: fates[n - 1] if n <= len(fates) else [0.01])
    line.invite()
    line.run(400)
    assert line.kinds(1).count("Asked") <= 1
    final = [one for one in line.statuses() if one >= 200]
    assert set(final) <= {status}
    assert final or any(isinstance(one, Unanswered) for one in line.heard[0])
    if status == 200 and final:
        assert any(isinstance(one, Acknowledged | Unacknowledged) for one in line.heard[1])
    assert status == 200 or len(final) <= 1
    assert len(line.ends[0]) == len(line.ends[1]) == 0
    assert line.ends[0].due_at is None or line.ends[0].due(10_000) == []


def test_the_ack_of_a_refusal_belongs_to_the_invite():
    invite = request()
    ack = acknowledgement(invite, answer(invite, 486, "b"))
    assert (ack.vias, ack.to.tag, ack.cseq.number, ack.uri) == (invite.vias, "b", 1, invite.uri)


def test_a_dialog_goes_through_its_proxies():
    invite = request(more="Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com>\r\n")
    ours = Dialog.of_request(invite, answer(invite, 200, "b"))
    bye = ours.request("BYE", "SIP/2.0/UDP h;branch=z9hG4bKx")
    assert bye.uri == "sip:33600000001@127.0.0.1:5081" and bye.all("Route")[0] == "<sip:p1.example.com;lr>"
    assert (bye.cseq.number, bye.sender.tag, bye.to.tag) == (1, "b", "a")
    theirs = Dialog.of_response(invite, answer(invite, 200, "b", CONTACT))
    reinvite = theirs.request("INVITE", "SIP/2.0/UDP h;branch=z9hG4bKy")
    assert reinvite.uri == "sip:p2.example.com" and reinvite.all("Route")[-1] == "<sip:133@127.0.0.1:5070>"
    assert reinvite.cseq.number == 2


def test_requests_keep_their_order():
    dialog = Dialog.of_request(request(number=7), answer(request(number=7), 200, "b"))
    dialog.check(request("BYE", number=9, to_tag="b"))
    for late in (9, 8):
        with pytest.raises(OutOfOrder):
            dialog.check(request("BYE", number=late, to_tag="b"))
    dialog.check(request("ACK", number=7, to_tag="b"))
