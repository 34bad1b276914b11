"""The load generator against a small server of its own: whole sessions, counted where they should be."""

import itertools
from urllib.parse import parse_qs

import httptools
import pytest
import pytest_twisted
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.simulators.gateway_wire import Pool
from tectonics.simulators.load import BUSY_PAUSE_S, Counted, Marks, RechargeLoad, SessionLoad, outcome_of

MARKS = Marks(b"You have", b"Busy.")
ANSWERS = {"": "CON choose", "1": "CON sure?", "1*1": "END You have it."}


class Network(Protocol):
    """Answers each step as a daemon would; a number that ends in 9 is refused at once."""

    def connectionMade(self):
        self.parser = httptools.HttpRequestParser(self)

    def dataReceived(self, data):
        self.parser.feed_data(data)

    def on_body(self, body):
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        self.factory.forms.append(form)
        answer = "END No." if form["phoneNumber"].endswith("9") else ANSWERS[form["text"]]
        self.transport.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n{answer}".encode())


class Feed(LineOnlyReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        self.sendLine(b"DUP " + line if line.endswith(b"3") else b"OK " + line)


@pytest.fixture
def serve():
    from twisted.internet import reactor
    ports = []

    def listen(protocol):
        factory = Factory.forProtocol(protocol)
        factory.forms = []
        ports.append(reactor.listenTCP(0, factory, interface="127.0.0.1"))
        return factory, ports[-1].getHost().port

    yield listen
    for port in ports:
        port.stopListening()


def load(port, people, counted, now):
    from twisted.internet import reactor
    pool = Pool(reactor, "127.0.0.1", port, 3)
    return pool, SessionLoad(reactor, now, pool, iter(people), counted, MARKS, "T")


@pytest.mark.parametrize("answered, status, body, outcome", [
    (3, 200, b"END You have 2.00.", "granted"),
    (1, 200, b"END Busy. Dial again.", "busy"),
    (3, 200, b"END Busy. Dial again.", "busy at confirm"),
    (1, 0, b"connection refused", "nothing"),
    (2, 500, b"a fault", "500 a fault"),
    (1, 200, b"CON Busy.", "200 CON Busy."),
])
def test_what_became_of_a_session(answered, status, body, outcome):
    assert outcome_of(MARKS, answered, status, body) == outcome


def test_who_was_told_busy_has_no_step():
    counted = Counted(0.0, 10.0)
    counted.session(1.0, [0.002], "busy")
    counted.session(1.0, [0.004, 0.001], "busy at choose")
    counted.session(10.0, [9.0], "busy")
    assert counted.outcomes == {"busy": 1, "busy at choose": 1}
    assert {step: found.tolist() for step, found in counted.latencies_ms.items()} == {
        "dial": [4.0], "choose": [1.0], "confirm": [], "busy": [2.0]}


@pytest_twisted.ensureDeferred
async def test_every_subscriber_has_one_whole_session(serve):
    network, port = serve(Network)
    ticks = itertools.count()
    counted = Counted(0, 1000)
    people = [f"3370000000{n}" for n in range(10)]
    pool, sessions = load(port, people, counted, lambda: float(next(ticks)))
    await sessions.run(3)
    pool.close()
    assert counted.outcomes == {"granted": 9, "200 END No.": 1}
    assert sorted(sessions.granted) == people[:9]
    assert sessions.exhausted
    assert {step: len(found) for step, found in counted.latencies_ms.items()} == {
        "dial": 10, "choose": 9, "confirm": 9}
    assert all(found > 0 for samples in counted.latencies_ms.values() for found in samples)
    whole = [form["text"] for form in network.forms if form["phoneNumber"] == "+33700000004"]
    assert whole == ["", "1", "1*1"]
    assert len({form["sessionId"] for form in network.forms}) == 10


@pytest_twisted.ensureDeferred
async def test_the_end_is_kept_and_the_warm_up_is_not_counted(serve):
    _network, port = serve(Network)
    ticks = itertools.count()
    counted = Counted(100, 200)
    people = (str(33_700_000_000 + 10 * n) for n in itertools.count())
    pool, sessions = load(port, people, counted, lambda: float(next(ticks)))
    await sessions.run(2)
    pool.close()
    assert not sessions.exhausted
    assert 0 < counted.outcomes["granted"] < len(sessions.granted)


class Busy:
    """A pool of a daemon that has no room at first."""

    def __init__(self, times):
        self.bodies, self._times = [], times

    def post(self, path, body, result):
        self.bodies.append(body)
        result(200, b"END Busy. Dial again." if len(self.bodies) <= self._times else b"END You have it.")


def test_who_was_told_busy_dials_again_a_little_later_in_another_session():
    clock, pool, counted = Clock(), Busy(2), Counted(0.0, 10.0)
    sessions = SessionLoad(clock, clock.seconds, pool, iter(["33700000001"]), counted, MARKS, "T")
    sessions.run(1)
    assert len(pool.bodies) == 1
    clock.pump([BUSY_PAUSE_S, BUSY_PAUSE_S])
    assert counted.outcomes == {"busy": 2, "granted": 1} and sessions.granted == ["33700000001"]
    assert [body.split(b"&")[0] for body in pool.bodies] == [b"sessionId=T1", b"sessionId=T2", b"sessionId=T3"]
    assert sessions.exhausted and sessions.done.called


@pytest_twisted.ensureDeferred
async def test_each_recharge_is_sent_once_and_its_answer_counted(serve):
    from twisted.internet import reactor
    _, port = serve(Feed)
    people = [str(33_700_000_000 + n) for n in range(200)]
    recharges = RechargeLoad(reactor, lambda: 0.0, "127.0.0.1", port, iter(people), str.encode, 1.0)
    await recharges.run(2)
    assert recharges.answers == {"OK": 180, "DUP": 20, "lost": 0}
