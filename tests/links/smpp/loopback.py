"""Our binds and a simulated message centre over a real loopback socket, as the tests here need them."""

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, serverFromString

from tectonics.config.smpp import SmppAccount
from tectonics.links.smpp.binds import Binds
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.wire.smpp.pdus import DeliverSmResp, Request, SubmitSm

PATIENCE_S = 20.0  # only ever reached by a test that fails


def submit(text: str, **fields) -> SubmitSm:
    return SubmitSm(source_addr="133", destination_addr="33600000001", short_message=text.encode(), **fields)


class Ours:
    """Our side: binds to a peer at `number` of the loopback address, and what they have heard."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(reactor, self.metrics)
        self.heard: list[tuple] = []
        self.late: list[tuple] = []
        self.binds: Binds | None = None

    def account(self, name: str = "smsc1", **fields) -> SmppAccount:
        given = {"address": f"tcp:127.0.0.1:{self.number}", "system_id": "tectonics",
                 "reconnect_s": 0.02, "per_second": 100_000, "throttle_s": 0.02} | fields
        return SmppAccount(name=name, **given)

    def bind(self, *accounts: SmppAccount, password: str = "secret", **options) -> Binds:
        """Binds that are starting."""
        self.binds = Binds(accounts, lambda address: clientFromString(reactor, address), reactor, self.metrics, self.alarms,
                           passwords={account.name: password for account in accounts}, channel="sms_smpp", **options)
        self.binds.heard, self.binds.late = self.hears, lambda *what: self.late.append(what)
        self.binds.start()
        return self.binds

    def hears(self, peer, request: Request) -> None:
        self.heard.append((peer, request))
        peer.answer(request, DeliverSmResp())

    async def up(self, *accounts: SmppAccount, **options) -> Binds:
        """Binds that are all bound."""
        accounts = accounts or (self.account(),)
        binds = self.bind(*accounts, **options)
        await until(lambda: binds.bound == sum(one.sessions for one in accounts))
        return binds

    def send(self, text: str, priority: int = 0, wait_s: float = PATIENCE_S, **how) -> Deferred:
        return self.send_pdu(submit(text), priority, wait_s, **how)

    def send_pdu(self, pdu: Request, priority: int = 0, wait_s: float = PATIENCE_S, **how) -> Deferred:
        return self.binds.submit(pdu, priority, reactor.seconds() + wait_s, **how)

    async def until(self, met) -> None:
        await until(met)

    def alarmed(self) -> set[str]:
        return {alarm.id for alarm in self.alarms.active()}

    def counted(self, name: str) -> dict:
        return self.metrics.snapshot().get(f"tectonics_smpp_{name}", {})

    async def close(self) -> None:
        if self.binds is not None:
            await self.binds.stop()
        self.alarms.close()


class Loopback(Ours):
    """And a simulated centre at that port."""

    def __init__(self, **centre) -> None:
        super().__init__()
        self.centre = MessageCentre(reactor, {"tectonics": "secret"}, **centre)
        self.port = None

    async def listen(self, endpoint: str = "tcp:0:interface=127.0.0.1") -> int:
        self.port = await serverFromString(reactor, endpoint).listen(self.centre)
        self.number = self.port.getHost().port
        return self.number

    async def away(self) -> None:
        """Nobody listens any more, and all connections are cut."""
        port, self.port = self.port, None
        await port.stopListening()
        self.centre.cut_all()

    async def back(self) -> None:
        await self.listen(f"tcp:{self.number}:interface=127.0.0.1")

    async def close(self) -> None:
        await super().close()
        await self.centre.close()
        if self.port is not None:
            await self.port.stopListening()


async def until(met) -> None:
    """Looks again each time the reactor has gone round, until it holds."""
    end = reactor.seconds() + PATIENCE_S
    while not met():
        assert reactor.seconds() < end, "in vain"
        turn: Deferred[None] = Deferred()
        reactor.callLater(0.002, turn.callback, None)
        await turn
