"""The channel bound to a simulated gateway over a real loopback socket."""

from twisted.internet import reactor
from twisted.internet.endpoints import clientFromString, serverFromString

from tectonics.channels.ussd_smpp.channel import UssdSmpp
from tectonics.config.smpp import SmppAccount
from tectonics.config.smpp import UssdSmpp as Section
from tectonics.daemon.clock import RisingIds
from tectonics.domain.dialects import Dialect
from tectonics.links.smpp.binds import Binds
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.ports import Dialogue
from tectonics.simulators.ussd_smpp.gateway import UssdGateway
from tests.channels.ussd_smpp.speaking import CATALOGUE, shipped


class Loopback:
    """A gateway at a port, and the channel; closed by `close`."""

    def __init__(self, dialect: Dialect | str, dialogue: Dialogue, catalogue=CATALOGUE, **gateway) -> None:
        self.dialect = shipped(dialect) if isinstance(dialect, str) else dialect
        self.gateway = UssdGateway(reactor, self.dialect, {"tectonics": "secret"}, patience_s=15, **gateway)
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(reactor, self.metrics)
        self.dialogue, self._catalogue = dialogue, catalogue

    async def start(self, sessions: int = 1, budget_s: float = 8.0, **options) -> "Loopback":
        self.port = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(self.gateway)
        account = SmppAccount(name="gw", address=f"tcp:127.0.0.1:{self.port.getHost().port}", system_id="tectonics",
                              sessions=sessions, dialect=self.dialect.name, per_second=100_000, reconnect_s=0.02,
                              throttle_s=0.02, response_s=1, window=200)
        self.binds = Binds((account,), lambda address: clientFromString(reactor, address), reactor, self.metrics, self.alarms,
                           passwords={"gw": "secret"}, channel="ussd_smpp")
        self.channel = UssdSmpp(self.binds, self.dialogue, Section(accounts=(account,), budget_s=budget_s),
                                {self.dialect.name: self.dialect}, self._catalogue, ids=RisingIds(b"\1"), clock=reactor,
                                metrics=self.metrics, codes=("*133#",), **options)
        self.channel.start()
        await self.gateway.wait_for(lambda: self.gateway.counts["bound"] >= sessions)
        return self

    def screens(self, result: str) -> int:
        """How many screens became that."""
        return self.metrics.snapshot().get("tectonics_ussd_screens_total", {}).get(f"ussd_smpp,{result}", 0)

    def requests(self, result: str) -> int:
        """How many PDUs were that."""
        return self.metrics.snapshot().get("tectonics_channel_requests_total", {}).get(f"ussd_smpp,{result}", 0)

    async def close(self) -> None:
        await self.channel.stop()
        await self.gateway.close()
        await self.port.stopListening()
        self.alarms.close()
