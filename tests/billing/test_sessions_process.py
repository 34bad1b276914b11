"""Session credit control over a socket: the same answers as embedded, and each call charged once whoever is killed."""

import signal
from functools import partial

import pytest
import pytest_twisted
from twisted.internet import defer, reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from tectonics.billing.entries import SPEND, TILL, Entry, Opening
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.ports import Capabilities
from tectonics.wire import ledger as wire

from .test_ledger_process import SHORT, Ledger, client_of, closed, served, spawn
from .worlds import A, credit, debit, reserve, settle


@pytest_twisted.ensureDeferred
async def test_the_same_answers_as_embedded(tmp_path):
    service, client = await served(tmp_path / "l", sessions=True)
    assert client.capabilities == Capabilities(True, 60, True, True, True)
    assert await client.reserve(reserve("TEC-1", 60)) == Done("", 40)
    assert await client.reserve(reserve("TEC-2", 41)) == Refused("insufficient", "the balance is too low")
    assert await client.reserve(reserve("TEC-3", 40)) == Done("", 0)
    assert (await client.balance(A)).amount_minor == 0 and await client.covers(A, 1) is False
    assert (await client.debit(debit("TEC-4", 1))).reason == (await client.spend(A, 1)).reason == "insufficient"
    account = await client.balances(A)
    assert (account.main_minor, account.held_minor, account.available_minor) == (100, 100, 0)
    assert (await client.settle(settle("TEC-5", 101))).reason == "rejected"
    assert await client.settle(settle("TEC-6", 70)) == await client.settle(settle("TEC-6", 70)) == Done("L2", 30)
    assert await client.look_up("TEC-1", A) == Done("", 40)
    assert await client.look_up("TEC-2", A) == Refused("insufficient", "the balance is too low")
    assert await client.look_up("TEC-6", A) == Done("L2", 30)
    assert await client.look_up("TEC-9", A) == NotFound()
    assert [m.kind for m in await client.movements(A, 5)] == ["call", "opening"]
    await closed(client, service)


@pytest_twisted.ensureDeferred
async def test_two_clients_with_the_same_reservation_at_the_same_time(tmp_path):
    service, first = await served(tmp_path / "l", sessions=True)
    second = client_of(f"tcp:127.0.0.1:{(await service.listening).getHost().port}")
    await second.when_ready()
    answers = await defer.gatherResults([c.reserve(reserve("TEC-1", 60)) for c in (first, second) * 20])
    assert set(answers) == {Done("", 40)}
    answers = await defer.gatherResults([c.settle(settle("TEC-2", 60)) for c in (first, second) * 20])
    assert set(answers) == {Done("L2", 40)}
    await closed(first, second, service)


@pytest_twisted.ensureDeferred
async def test_faults_over_there(tmp_path):
    service, client = await served(tmp_path / "l", sessions=True)
    await client.set_faults(lose_answers=2)
    answers = await defer.gatherResults([client.reserve(reserve("TEC-1", 60)), client.settle(settle("TEC-2", 60))])
    assert [type(a) for a in answers] == [Unknown, Unknown]
    assert await client.look_up("TEC-1", A) == Done("", 40)
    assert await client.look_up("TEC-2", A) == Done("L2", 40)
    await closed(client, service)


class Older(Protocol):
    """A server that knows no sessions; it counts what it is asked."""

    def connectionMade(self):
        self.transport.write(b'{"is":"hello","version":1,"deduplicates":true,"window_s":60,"readable_back":true,'
                             b'"tells_balance":true}\n')

    def dataReceived(self, data):
        self.factory.asked += 1


@pytest_twisted.ensureDeferred
async def test_a_server_of_before_is_not_asked_for_what_it_does_not_know(tmp_path):
    factory = Factory.forProtocol(Older)
    factory.asked = 0
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    client = client_of(f"tcp:127.0.0.1:{port.getHost().port}")
    assert (await client.reserve(reserve("TEC-1"))).reason == "unreachable"
    await client.when_ready()
    for answer in (client.reserve(reserve("TEC-1")), client.settle(settle("TEC-2"))):
        assert await answer == Refused("rejected", "this billing system has no session credit control")
    assert factory.asked == 0
    await closed(client)
    await port.stopListening()


def asked(n, kind=wire.AskReserve, op="", until=9, **more):
    last = {"session": "s1"} | ({"valid_s": 60} if kind is wire.AskReserve else {}) | more
    return kind(n, op or f"TEC-{n}", A, 50, "EUR", until, **last)


def test_what_was_given_up_cannot_happen_later(tmp_path):
    ledger = Ledger(tmp_path / "l")
    now = int(ledger.clock.seconds() * 1000)
    told = ledger.told(b"".join(map(wire.encode, [
        asked(0, until=now - 1), asked(1, until=now), asked(2, wire.AskSettle, until=now - 1),
        asked(3, wire.AskSettle, until=now)])))
    assert [(a.n, type(a).__name__, getattr(a, "reason", "")) for a in told if a.n in (0, 2)] == [
        (0, "Refused", "late"), (2, "Refused", "late")]
    assert [a for a in told if a.n in (1, 3)] == [wire.Done(1, "", 50), wire.Done(3, "L2", 50)]
    assert ledger.told(wire.encode(wire.AskLookUp(4, "TEC-2", A))) == [wire.NotFound(4)]


def test_a_till_whose_clock_is_ahead_does_not_spend_what_is_held(tmp_path):
    ledger = Ledger(tmp_path / "l")
    now = int(ledger.clock.seconds() * 1000)
    ledger.told(wire.encode(asked(1, until=now)))
    ahead = wire.AskPost(2, A, "", SPEND, now + 3_600_000, TILL, 51)
    assert [a.reason for a in ledger.told(wire.encode(ahead))] == ["insufficient"]


GOOD = wire.encode(asked(1)).rstrip()


@pytest.mark.parametrize("bad", [
    GOOD.replace(b'"s1"', b'""'),
    GOOD.replace(b'"s1"', b'"' + b"s" * 301 + b'"'),
    GOOD.replace(b'"s1"', b"null"),
    GOOD.replace(b',"session":"s1"', b""),
    GOOD.replace(b'"valid_s":60', b'"valid_s":-1'),
    GOOD.replace(b'"valid_s":60', b'"valid_s":1.5'),
    GOOD.replace(b'"valid_s":60', b'"valid_s":1e99'),
    GOOD.replace(b':50,', b':"50",'),
    GOOD.replace(b':50,', b':9999999999999999,'),
    GOOD[:-1],
    GOOD.replace(b"reserve", b"Reserve"),
])
def test_what_cannot_be_read_is_told_and_holds_nothing(tmp_path, bad):
    ledger = Ledger(tmp_path / "l")
    told = ledger.told(bad + b"\n" + wire.encode(wire.AskAccount(2, A)))
    assert [(a.n, type(a)) for a in told] == [(0, wire.Fault), (2, wire.Value)]
    assert told[1].value["held_minor"] == 0


def test_what_can_be_read_and_is_nonsense_is_refused(tmp_path):
    ledger = Ledger(tmp_path / "l")
    until = int(ledger.clock.seconds() * 1000)
    told = ledger.told(b"".join(map(wire.encode, [
        asked(1, until=until, valid_s=2**53), asked(2, until=until, valid_s=0)])))
    assert [a.reason for a in told] == ["rejected", "rejected"]


async def settled(client, ask, op):
    """Drives one write to its end as the engine does: look up what is Unknown, ask again what was never done."""
    while True:
        await client.when_ready()
        outcome = await ask()
        while isinstance(outcome, Unknown):
            await deferLater(reactor, SHORT.send_s)
            await client.when_ready()
            outcome = await client.look_up(op, A)
        if not isinstance(outcome, NotFound) and getattr(outcome, "reason", "") != "unreachable":
            return outcome


async def called(client, call, used, done):
    """One call: held twice, charged once; `done` is told after each of the three."""
    writes = [(f"{call}-{more}", client.reserve, reserve(f"{call}-{more}", 50, call)) for more in range(2)]
    writes.append((f"{call}-end", client.settle, settle(f"{call}-end", used, call)))
    for op, write, command in writes:
        assert isinstance(await settled(client, partial(write, command), op), Done)
        done(op)


class After:
    """Fires `reached` when that many were done."""

    def __init__(self, count):
        self.count, self.reached = count, defer.Deferred()

    def __call__(self, op):
        self.count -= 1
        if not self.count:
            self.reached.callback(None)


@pytest_twisted.ensureDeferred
async def test_killed_at_any_moment_each_call_is_charged_once(tmp_path):
    child = spawn(tmp_path, "1")
    client = client_of(f"unix:{tmp_path / 's'}")
    await client.when_ready()
    await client.open_account(Opening(A, "EUR", 5))
    assert await settled(client, partial(client.credit, credit("TEC-C", 100_000)), "TEC-C") == Done("L1", 100_000)
    for round, writes in enumerate((10, 61, 125)):
        killing = After(writes)
        calls = [defer.ensureDeferred(called(client, f"call-{round}-{n}", n, killing)) for n in range(60)]
        await killing.reached
        child.transport.signalProcess(signal.SIGKILL)
        await child.ended
        child = spawn(tmp_path, "1")
        await defer.gatherResults(calls)
    await client.when_ready()
    account = await client.balances(A)
    assert (account.main_minor, account.held_minor) == (100_000 - 3 * sum(range(60)), 0)
    ended = [m for m in await client.movements(A, 1000) if m.kind == "call"]
    assert len({m.ref for m in ended}) == len(ended) == 3 * 59  # a call that cost nothing moved nothing
    await client.stop()
    child.transport.signalProcess(signal.SIGTERM)
    await child.ended


@pytest_twisted.ensureDeferred
async def test_a_spend_at_the_till_is_an_entry_of_its_own(tmp_path):
    service, client = await served(tmp_path / "l", sessions=True)
    await client.reserve(reserve("TEC-1", 60))
    assert await client.post(Entry(A, "", SPEND, 5, TILL, 40)) == Done("L2", 0)
    await closed(client, service)
