"""The daemon as a process, bound to a USSD gateway over a real socket: the main job in each dialect, and on a bad day."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from tectonics.config.dialects import read_dialect
from tectonics.simulators.smsc.faults import CUT, DOUBLE, LOSE_ANSWER, THROTTLE
from tests.config.files import ETC
from tests.integration.clients import ANN, balance, owed, tickets, until

DIALECTS = sorted(path.stem for path in (ETC / "dialects").glob("*.yaml"))


class World:
    """A gateway and a daemon that is bound to it."""

    async def start(self, make_daemon, name, **settings):
        from twisted.internet import reactor  # pytest-twisted chooses it first

        from tectonics.simulators.ussd_smpp.gateway import UssdGateway
        self.gateway = UssdGateway(reactor, read_dialect(ETC / f"dialects/{name}.yaml", name)[0], {"tectonics": "secret"},
                                   patience_s=15)
        self.port = reactor.listenTCP(0, self.gateway, interface="127.0.0.1")
        account = {"name": "gw", "address": f"tcp:127.0.0.1:{self.port.getHost().port}", "system_id": "tectonics",
                   "password_file": "secret", "dialect": name, "sessions": 2, "reconnect_s": 0.05}
        ussd = {"accounts": [account], "dialects": str(ETC / "dialects"), **settings}
        self.daemon = make_daemon({"channels": {"ussd_smpp": ussd}})
        (self.daemon.config.parent / "secret").write_text("secret\n")
        await self.serve()
        return self

    async def serve(self):
        """Starts the daemon."""
        bound = self.gateway.counts["bound"]
        await deferToThread(self.daemon.start)
        await self.gateway.wait_for(lambda: self.gateway.counts["bound"] >= bound + 2)

    async def session(self, *inputs, code="*133#"):
        """The last screen of a session."""
        handset = self.gateway.dial(ANN, code)
        screen = await handset.next()
        for typed in inputs:
            screen = await handset.type(typed)
        return screen.text

    async def ask(self, question, *arguments):
        """What a blocking client is told."""
        return await deferToThread(question, *arguments)

    async def close(self):
        await self.gateway.close()
        await self.port.stopListening()


@pytest.fixture
def world(make_daemon):
    """`await world(dialect, **settings of the channel)`."""
    made = []

    async def start(name="standard", **settings):
        made.append(World())
        return await made[-1].start(make_daemon, name, **settings)

    yield start
    for one in made:
        one.daemon.kill()
        pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))


@pytest.mark.parametrize("name", DIALECTS)
@pytest_twisted.ensureDeferred
async def test_dial_choose_confirm(world, name):
    here = await world(name)
    assert (await here.session("2", "99")).startswith("You have received 2.00 EUR")
    assert await here.ask(balance, here.daemon) == "2.00" and await here.ask(owed, here.daemon) == "2.20"
    [ticket] = await here.ask(tickets, here.daemon)
    assert (ticket["type"], ticket["channel"]) == ("advance.granted", "ussd_smpp")
    assert ticket["trigger"].startswith("gw/")
    assert (await here.session()).startswith("You still owe")
    assert await here.ask(here.daemon.stop) == 0


@pytest_twisted.ensureDeferred
async def test_everything_twice_and_answers_lost_moves_money_once(world):
    here = await world()
    here.gateway.faults.order(DOUBLE, percent=100)
    here.gateway.faults.order(LOSE_ANSWER, times=1)
    here.gateway.faults.order(THROTTLE, times=2)
    handset = here.gateway.dial(ANN)
    await handset.next()
    await handset.type("2")
    assert (await handset.type("99")).text.startswith("You have received 2.00 EUR")
    handset.again()
    assert await here.ask(balance, here.daemon) == "2.00"
    assert len(await here.ask(tickets, here.daemon)) == 1 and here.gateway.counts["out of place"] == 0


@pytest_twisted.ensureDeferred
async def test_while_the_billing_hangs_an_honest_screen_and_then_the_sms(world):
    here = await world(budget_s=2)
    handset = here.gateway.dial(ANN)
    await handset.next()
    await handset.type("2")
    await here.ask(lambda: here.daemon.ask("billing.faults", delay_s=1.4))  # the balance, and then the credit
    assert (await handset.type("99")).text == "Your request is being processed. You will get an SMS."
    texts = await here.ask(until, lambda: here.daemon.ask("messages", msisdn=ANN)["messages"])
    assert texts[0]["text"].startswith("You have received 2.00 EUR")


@pytest_twisted.ensureDeferred
async def test_a_killed_daemon_costs_a_redial(world):
    here = await world()
    handset = here.gateway.dial(ANN)
    await handset.next()
    await handset.type("2")
    await here.ask(here.daemon.kill)
    await here.gateway.wait_for(lambda: not here.gateway.sessions)
    await here.serve()
    screen = await handset.type("99")
    assert (screen.text, screen.more) == ("Your session has ended. Please dial again.", False)
    assert await here.ask(balance, here.daemon) == "0.00"
    assert (await here.session("2", "99")).startswith("You have received 2.00 EUR")


@pytest_twisted.ensureDeferred
async def test_a_connection_that_breaks_within_a_pdu(world):
    here = await world()
    here.gateway.faults.order(CUT, times=1)
    assert (await here.session("2", "99")).startswith("You have received 2.00 EUR")
    await here.gateway.wait_for(lambda: len(here.gateway.sessions) == 2)
