"""The ledger over a socket: the same answers as embedded, and the right one for every way to lose it."""

import os
import signal
import sys
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import defer, reactor
from twisted.internet.endpoints import TCP4ServerEndpoint, clientFromString
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport

from tectonics.billing import ledger_server
from tectonics.billing.booking import BookingIntake
from tectonics.billing.embedded import Deadlines
from tectonics.billing.entries import Opening
from tectonics.billing.ledger_client import LedgerBilling
from tectonics.billing.ledger_server import LedgerFactory, make_ledger_service
from tectonics.domain.errors import Busy, TheirFault
from tectonics.domain.events import Recharged
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unavailable, Unknown
from tectonics.ports import Capabilities
from tectonics.wire import ledger as wire

from .worlds import A, B, Counts, Ears, billing_on, clock_at_start, credit, debit, with_accounts

SHORT = Deadlines(read_s=0.3, send_s=0.5)


async def served(path, deadlines=SHORT, **capabilities):
    service = make_ledger_service(
        path,
        "tcp:0:interface=127.0.0.1",
        reactor,
        Capabilities(**({"deduplicates": True, "window_s": 60, "readable_back": True} | capabilities)),
        Deadlines(),
    )
    service.startService()
    port = await service.listening
    client = client_of(f"tcp:127.0.0.1:{port.getHost().port}", deadlines)
    await client.when_ready()
    for msisdn, minor in ((A, 100), (B, 0)):
        await client.open_account(Opening(msisdn, "EUR", 5, balance_minor=minor))
    return service, client


def client_of(address, deadlines=SHORT, **more):
    client = LedgerBilling(clientFromString(reactor, address), reactor, Counts(), deadlines, **more)
    client.start()
    return client


async def closed(*things):
    for thing in things:
        await (thing.stop() if isinstance(thing, LedgerBilling) else thing.stopService())


@pytest_twisted.ensureDeferred
async def test_the_same_answers_as_embedded(tmp_path):
    service, client = await served(tmp_path / "l")
    assert client.capabilities == Capabilities(True, 60, True, True)
    assert (await client.balance(A)).amount_minor == 100
    assert await client.covers(A, 100) is True and await client.covers(A, 101) is False
    assert isinstance(await client.balance("33677777777"), Unavailable)
    assert await client.credit(credit("TEC-1")) == Done("L2", 300)
    assert await client.debit(debit("TEC-2", 999)) == Refused("insufficient", "the balance is too low")
    assert await client.look_up("TEC-1", A) == Done("L2", 300)
    assert await client.look_up("TEC-9", A) == NotFound()
    assert await client.credit(credit("TEC-3", 5, balance_type="data", valid_s=60)) == Done("L3", None)
    assert [b.balance_type for b in (await client.balances(A)).balances] == ["main", "data"]
    assert await client.balances("33677777777") is None
    assert await client.recharge(A, 500, "voucher", "v1") == Done("L4", 800)
    assert await client.spend(A, 100) == Done("L5", 700)
    assert await client.reverse(A, "v1", "x1") == Done("L6", 200)
    assert [m.op for m in await client.till_after(0, 9)] == ["embedded:v1", "", "embedded:x1"]
    assert [m.kind for m in await client.movements(A, 2)] == ["reversal", "spend"]
    assert len(await client.movements_after(0, 100)) == 6
    assert await client.open_account(Opening(A, "EUR", 5)) is False
    await closed(client, service)


@pytest_twisted.ensureDeferred
async def test_two_clients_with_the_same_operation_at_the_same_time(tmp_path):
    service, first = await served(tmp_path / "l")
    second = client_of(f"tcp:127.0.0.1:{(await service.listening).getHost().port}")
    await second.when_ready()
    answers = await defer.gatherResults([c.debit(debit("TEC-1", 60)) for c in (first, second) * 20])
    assert set(answers) == {Done("L2", 40)}
    await closed(first, second, service)


@pytest_twisted.ensureDeferred
async def test_faults_are_set_over_there_and_a_lost_answer_is_unknown(tmp_path):
    service, client = await served(tmp_path / "l")
    assert (await client.set_faults(lose_answers=1, hang_balance=True)).lose_answers == 1
    with pytest.raises(TheirFault, match="not a fault"):
        await client.set_faults(gold=1)
    assert isinstance(await client.credit(credit("TEC-1")), Unknown)
    assert isinstance(await client.balance(A), Unavailable)
    assert (await client.faults()).lose_answers == 0
    assert await client.look_up("TEC-1", A) == Done("L2", 300)
    await closed(client, service)


@pytest_twisted.ensureDeferred
async def test_booking_over_the_socket(tmp_path):
    service, client = await served(tmp_path / "l")
    intake = BookingIntake(client, Ears(), "EUR")
    event = Recharged(A, "tcp", "r1", 5, 5, 500, "EUR")
    assert [await intake.feed(event) for _ in range(2)] == ["OK", "DUP"]
    assert (await client.balances(A)).main_minor == 600
    await closed(client)
    with pytest.raises(Busy):
        await intake.feed(event)
    await closed(service)


@pytest_twisted.ensureDeferred
async def test_without_a_connection_nothing_was_sent():
    client = LedgerBilling(clientFromString(reactor, "tcp:127.0.0.1:1"), Clock())
    assert client.capabilities == Capabilities(tells_balance=False, told=False)
    assert (await client.credit(credit("TEC-1"))).reason == "unreachable"
    assert isinstance(await client.balance(A), Unavailable)
    assert isinstance(await client.covers(A, 1), Unavailable)
    assert isinstance(await client.look_up("TEC-1", A), Unknown)
    with pytest.raises(Busy):
        await client.balances(A)


class Deaf(Protocol):
    """A server that greets, reads, and then does what the test wants instead of answering."""

    def connectionMade(self):
        self.factory.connections.append(self)
        self.received = b""
        self.transport.write(wire.encode(wire.Hello(1, True, 60, True, True)))

    def dataReceived(self, data):
        self.received += data
        self.factory.heard(self)


async def deaf(heard):
    factory = Factory.forProtocol(Deaf)
    factory.connections, factory.heard = [], heard
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    client = client_of(f"tcp:127.0.0.1:{port.getHost().port}", in_flight_max=2)
    await client.when_ready()
    return port, client


@pytest_twisted.ensureDeferred
async def test_a_connection_lost_with_a_write_under_way_is_unknown_and_comes_back():
    port, client = await deaf(lambda line: line.transport.abortConnection())
    asked = [client.credit(credit("TEC-1")), client.balance(A)]
    assert [type(answer) for answer in await defer.gatherResults(asked)] == [Unknown, Unavailable]
    await client.when_ready()
    await closed(client)
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_the_bound_in_flight():
    port, client = await deaf(lambda line: None)
    answers = [client.credit(credit(f"TEC-{n}")) for n in range(3)]
    assert (await answers[2]).reason == "busy"
    assert [type(await answer) for answer in answers[:2]] == [Unknown, Unknown]
    assert client._line._in_flight == {}
    await closed(client)
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_server_that_talks_nonsense_is_left():
    port, client = await deaf(lambda line: line.transport.write(b"hello\n"))
    assert isinstance(await client.credit(credit("TEC-1")), Unknown)
    await closed(client)
    await port.stopListening()


class Ledger:
    """A LedgerFactory on the virtual clock, with one connection."""

    def __init__(self, path):
        self.clock = clock_at_start()
        self.billing = with_accounts(self.clock, billing_on(self.clock, path))
        self.protocol, self.transport = (
            LedgerFactory(self.billing, self.clock).buildProtocol(None),
            StringTransport(),
        )
        self.protocol.makeConnection(self.transport)
        self.transport.clear()

    def told(self, data):
        self.protocol.dataReceived(data)
        self.clock.pump([0] * 5)
        lines, _ = self.transport.value().splitlines(), self.transport.clear()
        return [wire.decode_answer(line) for line in lines]


def test_what_the_server_cannot_read_it_says_and_goes_on(tmp_path):
    ledger = Ledger(tmp_path / "l")
    told = ledger.told(b"nonsense\n" + b"x" * 9000 + b"\n" + wire.encode(wire.AskBalance(7, A)))
    assert [(a.n, type(a)) for a in told] == [(0, wire.Fault), (0, wire.Fault), (7, wire.Amount)]


@pytest_twisted.ensureDeferred
async def test_a_ledger_that_fails_over_there_may_be_asked_again(tmp_path):
    class Failing(Protocol):
        def connectionMade(self):
            self.transport.write(wire.encode(wire.Hello(wire.VERSION, True, 60, True, True)))

        def dataReceived(self, data):
            request = wire.decode_request(data.rstrip(b"\n"))
            self.transport.write(wire.encode(wire.Fault(request.n, "ours", "internal error of the ledger")))

    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Factory.forProtocol(Failing))
    client = client_of(f"tcp:127.0.0.1:{port.getHost().port}")
    await client.when_ready()
    with pytest.raises(Busy, match="the ledger failed to answer"):
        await client.open_account(Opening(A, "EUR", 5))
    assert isinstance(await client.credit(credit("TEC-1")), Unknown)
    await closed(client)
    await port.stopListening()


def test_a_write_that_was_given_up_cannot_happen_later(tmp_path):
    ledger = Ledger(tmp_path / "l")
    now = int(ledger.clock.seconds() * 1000)
    late, timely = (wire.AskCredit(n, f"TEC-{n}", A, 5, "EUR", now - 1 + n) for n in (0, 1))
    assert [type(a) for a in ledger.told(wire.encode(late) + wire.encode(timely))] == [
        wire.Refused,
        wire.Done,
    ]
    assert ledger.told(wire.encode(wire.AskDebit(2, "TEC-2", A, 5, "EUR", now - 1)))[0].reason == "late"
    assert ledger.told(wire.encode(wire.AskLookUp(3, "TEC-0", A))) == [wire.NotFound(3)]


def test_the_server_reads_no_more_than_it_can_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_server, "REQUESTS_MAX", 2)
    ledger = Ledger(tmp_path / "l")
    ledger.protocol.dataReceived(b"".join(wire.encode(wire.AskBalance(n, A)) for n in range(5)))
    assert ledger.transport.producerState == "paused"
    ledger.clock.pump([0] * 10)
    assert ledger.transport.producerState == "producing"
    assert len(ledger.transport.value().splitlines()) == 5


class Child(ProcessProtocol):
    def __init__(self):
        self.ended = defer.Deferred()
        self.output = b""

    def childDataReceived(self, fd, data):
        self.output += data

    def processEnded(self, reason):
        self.ended.callback(None)


def spawn(tmp_path, deduplicates):
    child = Child()
    script = Path(__file__).with_name("ledger_process.py")
    root = str(script.parent.parent.parent)
    reactor.spawnProcess(
        child,
        sys.executable,
        [sys.executable, str(script), str(tmp_path / "l"), str(tmp_path / "s"), deduplicates],
        env={**os.environ, "PYTHONPATH": root},
    )
    return child


async def settled(client, op, resend):
    """Drives one credit to its end as the engine does: look up what is Unknown, send what never left."""
    outcome = await client.credit(credit(op, 1))
    while not isinstance(outcome, Done):
        await client.when_ready()
        if isinstance(outcome, Unknown | NotFound) and not resend:
            await deferLater(reactor, SHORT.send_s)
            outcome = await client.look_up(op, A)
            if isinstance(outcome, Unknown):
                continue
            assert isinstance(outcome, Done | NotFound)
            if isinstance(outcome, Done):
                break
        outcome = await client.credit(credit(op, 1))


@pytest.mark.parametrize("deduplicates", ["1", "0"])
@pytest_twisted.ensureDeferred
async def test_killed_at_any_moment_each_credit_is_given_once(tmp_path, deduplicates):
    child = spawn(tmp_path, deduplicates)
    client = client_of(f"unix:{tmp_path / 's'}")
    await client.when_ready()
    await client.open_account(Opening(A, "EUR", 5))
    count = 0
    for round in range(3):
        ops = [f"TEC-{round}-{n}" for n in range(150)]
        answers = [settled(client, op, deduplicates == "1") for op in ops[:100]]
        running = [defer.ensureDeferred(answer) for answer in answers]
        await running[round * 30]
        child.transport.signalProcess(signal.SIGKILL)
        running += [defer.ensureDeferred(settled(client, op, deduplicates == "1")) for op in ops[100:]]
        await child.ended
        child = spawn(tmp_path, deduplicates)
        await defer.gatherResults(running)
        count += len(ops)
    assert isinstance(await client.balance(A), Balance)
    account = await client.balances(A)
    movements = await client.movements_after(0, 1000)
    assert len(movements) == len({m.op for m in movements}) == account.main_minor == count
    await client.stop()
    child.transport.signalProcess(signal.SIGTERM)
    await child.ended
    assert (tmp_path / "l").stat().st_mode & 0o777 == 0o600
