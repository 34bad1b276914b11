"""The channel over real sockets: a simulated message centre, real binds, and the store in real threads."""

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString

from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.database.executors import ThreadExecutor
from tectonics.links.smpp.binds import Binds
from tests.channels.correspondence import Correspondence
from tests.channels.sms_smpp.fakes import settings
from tests.links.smpp.loopback import Loopback


class Live(Loopback):
    """A centre, and one life after the other of a channel at it."""

    def __init__(self, world, **centre) -> None:
        super().__init__(**centre)
        self.world, self.channel, self.opened = world, None, None
        self.correspondence = Correspondence()

    async def begin(self, account=None, **changes) -> SmsSmpp:
        """A channel that is bound."""
        section = settings((self.account(**(account or {})).model_dump(),), **changes)
        self.opened = self.world.open_on(reactor, lambda: ThreadExecutor(reactor), "n1")
        self.binds = Binds(section.accounts, lambda address: clientFromString(reactor, address), reactor, self.metrics,
                           self.alarms, passwords={"smsc1": "secret"}, channel="sms_smpp")
        self.channel = SmsSmpp(self.binds, section, self.opened.messages, reactor, self.metrics, self.alarms,
                               country_code="33")
        self.channel.start(self.correspondence)
        await self.until(lambda: self.binds.bound)
        return self.channel

    async def end(self) -> None:
        """The life is over."""
        await self.channel.stop()
        await self.opened.close()
        self.channel = self.binds = None

    def send(self, command) -> Deferred:
        return self.channel.send(command)

    def receipts(self) -> dict[str, int]:
        return self.metrics.snapshot().get("tectonics_sms_receipts_total", {})

    def states(self) -> list[str]:
        return [state for state, in self.world.query("SELECT state FROM message ORDER BY msisdn, op, part")]

    async def close(self) -> None:
        if self.channel is not None:
            await self.end()
        await super().close()
