"""Which daemon a session is with: it stays, until there is no answer or a 503."""

from twisted.internet.defer import Deferred, fail, succeed

from tectonics.simulators.soak.routes import InTurn, Route, Routes
from tectonics.simulators.ussd_gateway import GatewayFault


class Daemon:
    def __init__(self, name, asked):
        self.name, self.asked, self.answers = name, asked, []

    def raw(self, body):
        self.asked.append((self.name, body))
        return self.answers.pop(0) if self.answers else succeed((200, b"END fine"))


def two():
    asked = []
    return Daemon("n1", asked), Daemon("n2", asked), asked


def test_a_session_stays_where_it_is_answered():
    n1, n2, asked = two()
    handset = Routes([n1, n2], seed=1).dial("33610000000", at=1)
    handset.send("1")
    assert [name for name, _ in asked] == ["n2", "n2"]


def test_after_silence_or_a_503_the_same_post_goes_to_the_next():
    n1, n2, asked = two()
    n1.answers = [fail(GatewayFault(0, "reset"))]
    n2.answers = [succeed((503, b"later"))]
    route, got = Route([n1, n2], 0), []
    for _ in range(3):
        route.raw(b"text=1").addErrback(lambda failure: failure.value.status).addCallback(got.append)
    assert got == [0, (503, b"later"), (200, b"END fine")]
    assert asked == [("n1", b"text=1"), ("n2", b"text=1"), ("n1", b"text=1")]


def test_several_requests_that_fail_together_move_the_session_once():
    n1, n2, asked = two()
    waiting = [Deferred() for _ in range(3)]
    n1.answers = list(waiting)
    route = Route([n1, n2], 0)
    for _ in waiting:
        route.raw(b"").addErrback(lambda failure: failure.trap(GatewayFault))
    for one in waiting:
        one.errback(GatewayFault(0, "reset"))
    route.raw(b"")
    assert [name for name, _ in asked] == ["n1", "n1", "n1", "n2"]


def test_the_seed_gives_the_same_sessions_and_both_daemons_get_some():
    def sessions(seed):
        n1, n2, asked = two()
        routes = Routes([n1, n2], seed)
        return [routes.dial("33610000000").session for _ in range(20)], {name for name, _ in asked}

    assert sessions(1) == sessions(1) != sessions(2)
    assert sessions(1)[1] == {"n1", "n2"}


def test_each_connection_goes_to_the_next_endpoint():
    class Endpoint:
        def __init__(self, name):
            self.connect = lambda factory: (name, factory)

    endpoint = InTurn([Endpoint("n1"), Endpoint("n2")])
    assert [endpoint.connect("f") for _ in range(3)] == [("n1", "f"), ("n2", "f"), ("n1", "f")]
