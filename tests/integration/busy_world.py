"""A daemon with every kind of peer around it, all simulators, and traffic that moves every figure it counts.

The daemon is a process; its peers live in the test's reactor.  Where a figure is there only for a moment, the traffic
looks at it in that moment (`shows`), so that it cannot be missed on a slow machine.
"""

import re
import socket
import time

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from tectonics.config.dialects import read_dialect
from tectonics.simulators.blocking_clients import AcknowledgedTickets, FeedSender
from tectonics.simulators.mailbox.faults import LATER
from tectonics.simulators.mailbox.sender import send
from tectonics.simulators.mailbox.server import Mailbox
from tectonics.simulators.page_visitor import PageVisitor
from tectonics.simulators.phones.control import order
from tectonics.simulators.phones.script import script
from tectonics.simulators.phones.switch import Switch
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.simulators.smsc.faults import GARBAGE, LATE, LOSE_ANSWER, REFUSE, THROTTLE, Faults
from tectonics.simulators.ussd_gsup.register import Register
from tectonics.simulators.ussd_smpp.gateway import UssdGateway
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.pdus import SubmitSmResp, message_octets
from tectonics.wire.smtp.client import Envelope
from tests.channels.did_sip.house import DID, invite
from tests.config.files import ETC
from tests.integration.clients import ANN, api, dial, feed, recharge
from tests.oam.snmp.lab import message, of, read

WAIT_S = 30
RICH, INDEBTED, POSTPAID, GOLD, WHITE = (f"336000000{last}" for last in ("03", "06", "07", "08", "10"))
IMSI, ADDRESS, PIN = "001010000000007", "max@people.example", "482913"
RATE = {"name": "france", "prefixes": ["33"], "minute": "0.60", "first": "1s", "then": "1s"}
POLICY = {
    "segments": [{"name": "standard", "tiers": [{"id": "t1", "amount": "1.00", "fee": "0.10", "due": "1h"},
                                                {"id": "t2", "amount": "2.00", "fee": "0.20", "due": "1h"}]},
                 {"name": "gold", "assigned_only": True, "tiers": [{"id": "t5", "amount": "5.00", "fee": "0.50"}]}],
    "advertising": {"sending": True, "quiet_from": "00:00", "quiet_to": "00:00"}, "call_back": {"destinations": [RATE]}}
MAIL = "From: <{address}>\r\nTo: <balance@vas.example>\r\nSubject: PIN {pin}\r\nMessage-ID: <m1@people.example>\r\n\r\n\r\n"


def series(text):
    """{name: {label values in the order of their names: value}} of what Prometheus is told of us."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.name.startswith("tectonics_"):
                found.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = one.value
    return found


class BusyWorld:
    """The peers, the daemon, and what has been seen to be more than nothing."""

    def __init__(self, reactor, make_daemon):
        self.reactor, self.seen, self.open = reactor, set(), []
        dialect, _ = read_dialect(ETC / "dialects/standard.yaml", "standard")
        self.gateway = UssdGateway(reactor, dialect, patience_s=WAIT_S)
        self.centre = MessageCentre(reactor, faults=Faults(late_s=1.5))
        self.register, self.mailbox, self.switch = Register(reactor), Mailbox(reactor), Switch(reactor)
        self.register.numbers[IMSI], self.register.routes["*"] = INDEBTED, "EUSE-tectonics"
        self.switch.scripts[""] = script(["ring=0.05", "answer=0.1"])
        self.manager = self.socket()
        self.ports = [reactor.listenTCP(0, factory, interface="127.0.0.1") for factory in (
            self.gateway, self.centre, self.register.gsup, self.register.control, self.mailbox)]
        self.ports.append(reactor.listenUDP(0, self.switch, "127.0.0.1"))
        self.daemon = make_daemon(self._settings(*(port.getHost().port for port in self.ports)))

    def _settings(self, gateway, centre, gsup, control, smarthost, switch):
        at = "tcp:127.0.0.1:{}".format
        smpp = {"system_id": "tectonics", "response_s": 1, "reconnect_s": 0.05}
        return {
            "channels": {
                "ussd_smpp": {"accounts": [smpp | {"name": "gw", "address": at(gateway)}], "dialects": str(ETC / "dialects"), "budget_s": 0.5},
                "sms_smpp": {"accounts": [smpp | {"name": "centre", "address": at(centre)}]},
                "ussd_gsup": {"address": at(gsup), "control": at(control)},
                "did_sip": {"endpoint": "udp:0:interface=127.0.0.1", "trunks": [{"name": "t1", "sources": ["127.0.0.1"]}],
                            "dids": [{"number": DID}], "ring_s": 2, "min_ring_s": 0},
                "email": {"smarthost": {"address": at(smarthost), "retry_s": 0.5}}},
            "call_server": {"kind": "sip", "sip": {"endpoint": "udp:0:interface=127.0.0.1",
                                                   "trunks": [{"name": "switch", "address": f"127.0.0.1:{switch}"}]}},
            "billing": {"embedded": {"send_deadline_s": 1, "read_deadline_s": 1}}, "outbox": {"first_s": 0.5, "longest_s": 1},
            "limits": {"calls_max": 1}, "tickets": {"ping_s": 1}, "policy": POLICY,
            "oam": {"snmp": {"managers": [{"name": "noc", "address": f"127.0.0.1:{self.manager.getsockname()[1]}",
                                           "community_file": "community"}]}}}

    async def start(self):
        """Serves, bound to all its peers."""
        (self.daemon.config.parent / "community").write_text("traps\n")
        await deferToThread(self.daemon.start)
        await self.until(self.is_bound)

    def is_bound(self):
        """Whether all its links are up: both accounts of SMPP, and both to the register."""
        now = self.metrics()
        return [sum(now.get(name, {}).values()) for name in ("tectonics_smpp_bound", "tectonics_gsup_up")] == [2, 2]

    async def close(self):
        """Ends the peers."""
        for one in self.open:
            one.close()
        await self.gateway.close()
        await self.centre.close()
        self.register.restart()
        self.switch.close()
        self.mailbox.cut_all()
        for port in self.ports:
            await port.stopListening()

    def socket(self):
        """A UDP socket that is closed at the end."""
        made = socket.socket(type=socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.settimeout(WAIT_S)
        self.open.append(made)
        return made

    # --- what it shows

    def metrics(self):
        """What Prometheus is told now."""

        return series(api(self.daemon, token=False).get("/metrics")[1])

    def look(self):
        """Notes which names are more than nothing now; these names."""
        now = {name for name, values in self.metrics().items() if any(values.values())}
        self.seen |= now
        return now

    async def shows(self, *names):
        """Looks until each of these has been more than nothing."""
        await self.until(lambda: self.look() >= set(names) or self.seen >= set(names), lambda: set(names) - self.seen)

    async def until(self, question, why=lambda: "it did not come true"):
        """Asks again, in a thread, until the answer is true."""
        end = time.monotonic() + WAIT_S
        while not await deferToThread(question):
            assert time.monotonic() < end, why()
            await deferLater(self.reactor, 0.02)

    async def ask(self, method, **params):
        """The daemon's answer over its control socket."""
        return await deferToThread(lambda: self.daemon.ask(method, **params))

    def variables(self, *names, community=b"public"):
        """The values of these over SNMP; None when there is no answer."""
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.settimeout(WAIT_S if community == b"public" else 0.2)
            asking.sendto(message("get", *names, community=community), self.daemon.address("snmp"))
            try:
                return [value for _, value in read(asking.recv(65_535))[2]]
            except TimeoutError:
                return None


# --- the traffic, by what it is about

async def dialling(world):
    """Credit over HTTP, a refusal, and a menu that is left open."""
    assert "You have received 1.00" in (await deferToThread(dial, world.daemon, ANN, "1", "1"))[1]
    assert "You still owe" in (await deferToThread(dial, world.daemon, ANN))[1]
    await deferToThread(dial, world.daemon, GOLD)
    await world.shows("tectonics_sessions", "tectonics_granted_total", "tectonics_refused_total", "tectonics_billing_seconds_count")


async def gateways(world):
    """The same by SMPP and through the register."""
    over_smpp = world.gateway.dial(ANN)
    assert (await over_smpp.next()).text.startswith("You still owe")
    over_gsup = world.register.dial(IMSI)
    assert (await over_gsup.next()).text
    await world.shows("tectonics_ussd_screens_total", "tectonics_gsup_sessions_total", "tectonics_gsup_lookups_total")


async def paying(world):
    """A recharge pays it back; the balance falls, and an offer is sent."""
    assert await deferToThread(feed, world.daemon, recharge("r1")) == ["OK r1"]
    await world.shows("tectonics_amount_recovered_minor_total", "tectonics_recoveries_total")
    await world.ask("billing.spend", msisdn=ANN, amount="4.70")
    await world.shows("tectonics_adverts_total", "tectonics_sms_receipts_total", "tectonics_messages_total")


async def trouble(world):
    """The billing system loses an answer, and then is too slow to be asked again; he is told at the budget's end."""
    await world.ask("billing.faults", lose_answers=1)
    handset = world.gateway.dial(WHITE)
    await handset.next()
    await handset.type("1")
    assert "You will get an SMS" in (await handset.type("99")).text
    await world.ask("billing.faults", delay_s=2)
    await world.shows("tectonics_unknown_total", "tectonics_unknown_advances", "tectonics_outbox_rows", "tectonics_retries_total",
                      "tectonics_dialogue_late_total")
    await world.ask("billing.faults", delay_s=0)


async def crowd(world):
    """So many records at once that one sees them being decided."""
    sender = FeedSender(world.daemon.address("feed"))
    rounds = iter(range(1000))

    def burst():
        number = next(rounds)
        for each in range(200):
            sender.write(b'{"id":"b%d-%d","type":"recharge","msisdn":"336000000%02d","amount":"5.00","currency":"EUR","time":"%s"}' % (
                number, each, each % 10 + 1, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()))
        seen = world.look()
        assert all(sender.answer().startswith("OK") for _ in range(200))
        return "tectonics_dispatching" in seen

    await world.until(burst)
    sender.close()


async def short_messages(world):
    """Requests by SMS, answered by a centre on a bad day."""
    for msisdn, fault, name in ((ANN, THROTTLE, "throttled_total"), (WHITE, REFUSE, "rejected_total"), (GOLD, LOSE_ANSWER, "lost_total"),
                                (POSTPAID, LATE, "late_total"), (RICH, GARBAGE, "bad_pdus_total")):
        world.centre.faults.order(fault, times=2 if fault == THROTTLE else 1)
        await world.centre.message("HELP", msisdn)
        await world.shows(f"tectonics_smpp_{name}", *{THROTTLE: ["tectonics_smpp_queue"], LATE: ["tectonics_smpp_window"]}.get(fault, []))
    await world.until(lambda: world.centre.bound)
    world.centre.bound[0].raw(encode(SubmitSmResp(sequence=77_777)))
    await world.shows("tectonics_smpp_misplaced_total", "tectonics_sms_repeated_total", "tectonics_sms_received_total")


async def rings(world):
    """A call to a number of ours, and noise on its port."""
    trunk = world.socket()
    trunk.connect(world.daemon.address("did_sip"))
    trunk.send(b"\0" * 40)
    trunk.send(invite("c1", headers=f"P-Asserted-Identity: <tel:+{RICH}>\r\n", via="127.0.0.1;rport", more="").encode())
    await world.shows("tectonics_did_ringing", "tectonics_sip_dropped_total")
    await world.shows("tectonics_did_rings_total", "tectonics_did_rings_told_total")


async def calls(world):
    """Two talk, a third is told that there is too much to do, and it is charged; a call to somebody busy fails."""
    assert "+33612345678" in (await deferToThread(dial, world.daemon, RICH, code="*144*0612345678#"))[1]
    await world.shows("tectonics_calls", "tectonics_sip_calls")
    await world.until(lambda: any((one.number, one.state) == ("33612345678", "connected") for one in list(world.switch.phones)))
    await deferToThread(dial, world.daemon, POSTPAID, code="*144*0612345679#")
    await world.shows("tectonics_shed_total")
    order(world.switch, ["hang_up", "33612345678"])
    await world.shows("tectonics_amount_charged_minor_total", "tectonics_call_legs_total", "tectonics_calls_ended_total")
    await world.until(lambda: "tectonics_calls" not in world.look())
    order(world.switch, ["script", "33612345670", "status=486"])
    await deferToThread(dial, world.daemon, RICH, code="*144*0612345670#")
    await world.shows("tectonics_failed_total")


async def mails(world):
    """What one owes by e-mail, answered at the third try; and a mail to nobody."""
    await world.ask("subscribers.mail", msisdn=GOLD, address=ADDRESS, pin=PIN)
    door = TCP4ClientEndpoint(world.reactor, *world.daemon.address("email"))
    waiting = await deferToThread(socket.create_connection, world.daemon.address("email"))
    world.open.append(waiting)
    await world.shows("tectonics_email_connections_open")
    world.mailbox.faults.order(LATER, 2)
    content = MAIL.format(address=ADDRESS, pin=PIN).encode()
    assert (await send(door, Envelope(ADDRESS, "balance@vas.example", content), world.reactor)).code == 250
    await world.shows("tectonics_email_answers_waiting")
    assert (await send(door, Envelope(ADDRESS, "nobody@vas.example", content), world.reactor)).code == 550
    await world.shows("tectonics_email_answers_total", "tectonics_email_refused_total", "tectonics_email_connections_total")


async def pages(world):
    """A code by SMS, a wrong one, the right one, and a page without it."""
    visitor = PageVisitor(world.daemon.address("web"))
    await deferToThread(lambda: (visitor.open("/me"), visitor.submit("/me/code", number=f"+{GOLD}")))
    await world.until(lambda: codes(world.centre, GOLD))
    code = codes(world.centre, GOLD)[-1]
    await deferToThread(lambda: visitor.submit("/me/enter", code="000000" if code != "000000" else "000001"))
    await deferToThread(lambda: visitor.submit("/me/enter", code=code))
    assert visitor.status == 200
    await deferToThread(PageVisitor(world.daemon.address("web")).open, "/me/history")
    await world.shows("tectonics_self_care_visits", "tectonics_self_care_refused_total")


def codes(centre, msisdn):
    """The codes of six digits that a number got."""
    texts = [message_octets(one.pdu).decode("latin-1") for one in list(centre.submitted) if one.pdu.destination_addr == msisdn]
    return [found for text in texts for found in re.findall(r"\b\d{6}\b", text)]


async def managers(world):
    """SNMP: a question, a stranger, and a manager that acknowledges nothing."""
    assert await deferToThread(world.variables, of("tectonicsNode")) == [b"n1"]
    assert await deferToThread(lambda: world.variables(of("tectonicsNode"), community=b"guess")) is None
    await deferToThread(world.manager.recv, 65_535)
    await world.ask("services.show")
    await world.shows("tectonics_snmp_dropped_total", "tectonics_snmp_notifications_waiting")


async def consumers(world):
    """A consumer that reads tickets and says nothing any more."""
    deaf = await deferToThread(AcknowledgedTickets, world.daemon.address("tickets_acknowledged"), "deaf")
    world.open.append(deaf)
    await deferToThread(deaf.read, 1)
    await world.shows("tectonics_ticket_consumer_lag", "tectonics_ticket_consumers_dropped_total")


async def operators(world):
    """The service is stopped, again and again: an alarm that comes and goes, and that somebody looks after."""
    for accepting in [False, True] * 6 + [False]:
        await world.ask("policy.switch", accepting=accepting)
    await world.ask("alarms.ack", id="policy_differs", note="we know")
    await world.shows("tectonics_alarm_active", "tectonics_alarms_active", "tectonics_alarm_acknowledged", "tectonics_alarm_flapping")


async def time_passing(world):
    """What the daemon shows now and then."""
    await world.shows("tectonics_open_advances", "tectonics_outstanding_minor", "tectonics_overdue_advances", "tectonics_barred_subscribers")


# One after the other; those of one line go on at the same time.
TRAFFIC = ((dialling,), (gateways,), (paying,), (trouble, rings, mails, managers, consumers, short_messages), (calls, pages, time_passing),
           (crowd,), (operators,))


async def all_traffic(world):
    """Everything that moves a figure."""
    for together in TRAFFIC:
        await gatherResults([Deferred.fromCoroutine(one(world)) for one in together], consumeErrors=True)

