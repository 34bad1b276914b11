"""The whole daemon, wired in one place: read `_assemble` from top to bottom.

Starting: lock the state directory, open the database, load the policy, connect the billing system,
take over what an earlier life left, and only then listen.  Stopping goes the other way: no new
requests, what is under way finishes (at most DRAIN_S), everything closed.  A stop that is cut short is
a crash, and the next start finds everything in the database.
"""

from functools import partial

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tectonics import __version__
from tectonics.billing.booking import BookingIntake
from tectonics.billing.feed_embedded import EmbeddedFeed
from tectonics.billing.feed_file import FileFeed, FileFormat
from tectonics.billing.feed_tcp import FeedFactory, FeedLimits
from tectonics.channels.gateway_http import Limits as GatewayLimits
from tectonics.channels.handset_sms import HandsetSms
from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.channels.ussd_gsup.channel import UssdGsup
from tectonics.channels.ussd_http import UssdHttpFactory
from tectonics.config import Settings
from tectonics.config.policy import decode_policy
from tectonics.daemon import demo
from tectonics.daemon.catalogue import BILLING, CALL_SERVER, STORE
from tectonics.daemon.clock import now_ms
from tectonics.daemon.core import Core, Rooms, build_core, start_core
from tectonics.daemon.duties import duties
from tectonics.daemon.email import make_email
from tectonics.daemon.host import Host
from tectonics.daemon.listen import Listeners
from tectonics.daemon.logs import ProcessLog
from tectonics.daemon.numbering import Plans
from tectonics.daemon.page_gateway import PageGateway
from tectonics.daemon.readiness import Database, locked
from tectonics.daemon.self_care import make_self_care
from tectonics.daemon.sip import make_rings
from tectonics.daemon.smpp import make_sms, make_ussd
from tectonics.daemon.state import StateDirectory
from tectonics.daemon.watch.peers import PeerWatch
from tectonics.daemon.watching import make_alarms, make_peers, watchers
from tectonics.engine.correspondence import EngineCorrespondence
from tectonics.engine.pace import Limits, OutboxPace
from tectonics.engine.timers import Duty
from tectonics.oam.admin import Administration, Offices
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.control import ControlServer
from tectonics.oam.metrics import MetricsRegistry
from tectonics.oam.web.handset import DemoLine, Handset
from tectonics.oam.web.me.site import SelfCareSite
from tectonics.oam.web.site import make_site
from tectonics.oam.web.tokens import demo_tokens, load_tokens
from tectonics.ports import CallServer, TicketLog
from tectonics.store.opened import OpenedStore
from tectonics.tickets.acknowledged import AcknowledgedTickets
from tectonics.tickets.delivery import StreamLimits
from tectonics.tickets.files import TicketFiles
from tectonics.tickets.live import LiveTickets
from tectonics.tickets.recent import RecentTickets
from tectonics.tickets.totals import count_tickets

DRAIN_S = 10.0  # how long a stop waits for what is under way
log = Logger()


class Daemon:
    """One daemon. `fenced` is called when another process has taken its place; `log` is the process's, where it has one."""

    def __init__(self, settings: Settings, host: Host, fenced, log: ProcessLog | None = None) -> None:
        self.settings, self.host, self.clock = settings, host, host.clock
        self.state = StateDirectory(settings.state_path, host.disk)
        self.listeners = Listeners(host.reactor)
        self.serving = "starting"  # why it does not serve; empty when it does
        self.loads = list  # () -> (queue, depth, bound) of every queue, for who watches over the bounds
        self._peers: list = []  # () -> rows of `status`, of every link that the daemon opens itself
        self._lacks = str  # () -> why it cannot serve although it has started, or empty
        self._fenced, self._log, self._alarms = fenced, log, None
        self._closing: list[tuple[str, object]] = []  # what stop() closes, in reverse order

    def ready(self) -> str:
        """Empty when the daemon serves, else why it does not."""
        return self.serving or self._lacks()

    def fault(self, text: str) -> None:
        """Something failed that nobody had thought of."""
        if self._alarms is not None:
            self._alarms.raise_alarm("internal_fault", text, "unhandled")

    def start(self) -> Deferred[None]:
        """Serves when it fires; fails with a TheirFault that says what to do."""
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> None:
        self.state.open()
        self._at_stop("state directory", self.state.close)
        await self._assemble()
        self.serving = ""

    async def _assemble(self) -> None:
        settings, clock = self.settings, self.clock
        metrics = MetricsRegistry()
        alarms = self._alarms = make_alarms(settings, self.host, metrics)
        self._at_stop("alarms", alarms.close)
        database = Database()
        files = self._open_store(alarms, database)
        prepaid = BILLING[settings.billing.kind](settings, self.host, metrics)
        inbox = HandsetSms(clock)
        sms = self._sms_smpp(files, metrics, alarms)
        rooms = Rooms(files.store, files.outbox, files.policies, files.queries, prepaid.billing, sms or inbox, clock,
                      clock.monotonic_s, self.host.ids, metrics, alarms, self._call_server(metrics, alarms), Plans(settings.country_code))
        core = build_core(rooms, settings.catalogue, decode_policy, settings.codes,
                          Limits(**dict(settings.limits)), _pace(settings),
                          settings.billing.embedded.read_deadline_s)
        correspondence, loads = self._correspondence(core), self.loads
        self.loads = lambda: [*core.loads(), *correspondence.loads(), *files.loads(), *loads()]
        self._at_stop("billing", prepaid.stop)
        tickets = RecentTickets(files.tickets)
        count_tickets(tickets, metrics)
        _show_levels(core, metrics)
        peers = make_peers(settings, self.host, files, alarms)
        self._peers.append(peers.shown)
        about = self._about(files, metrics)

        await prepaid.start()
        await core.policies.start(settings.policy_document)
        people = await self._seed(files, prepaid.till, core)
        await start_core(core)
        self._lacks = lambda: database.lost or locked(core.policies.current)
        self._at_stop("web", lambda: self.listeners.close("web"))
        self._at_stop("work under way", lambda: Deferred.fromCoroutine(self._drain(core)))

        consumers = await self._tickets(tickets, metrics, alarms)
        intake = BookingIntake(prepaid.till, core.intake, core.policies.current.currency,
                               lambda: core.policies.current.recovery.own_marks)
        administration = Administration(Offices(
            queries=files.queries, desk=core.desk, policies=core.policies, policy_log=files.policies,
            tickets=tickets, metrics=metrics, alarms=alarms, clock=clock, ids=rooms.ids,
            about=about, listeners=self.listeners.shown, consumers=consumers,
            peers=lambda: [one for shown in self._peers for one in shown()],
            channels=settings.channels_on, prepaid=settings.billing.kind, loads=lambda: self.loads(),
            role=peers.role, ready=self.ready, billing=prepaid.billing, till=prepaid.till, messages=inbox.messages,
            addresses=files.addresses, country_code=settings.country_code, log=self._log))
        self._control(administration)
        await self._gateway(core, metrics)
        self._ussd_gsup(core, metrics, alarms)
        self._ussd_smpp(core, metrics, alarms)
        if sms is not None:
            sms.start(correspondence)
        await self._did_sip(correspondence, metrics, alarms)
        await self._email(core, correspondence, files, metrics, alarms)
        await self._feeds(intake, core, files, prepaid, metrics, alarms)
        await self._web(administration, intake, core, files, metrics, alarms, self._handset(administration, correspondence, people))
        self._duties(core, files, metrics, alarms)
        await self._watch(watchers(settings, self.host, core, files, tickets, prepaid.billing, prepaid.till, peers, metrics, alarms), peers)
        self._snmp(core, administration, about, tickets, consumers, metrics, alarms, peers)

    # --- the rooms, one by one

    def _open_store(self, alarms: AlarmTable, database: Database) -> OpenedStore:
        files = STORE[self.settings.store.kind](self.settings, self.host, partial(self._lost, alarms),
                                                partial(database.fault, alarms))
        self._at_stop("store", files.close)
        return files

    def _lost(self, alarms: AlarmTable) -> None:
        alarms.raise_alarm("fenced", "another process has taken this node's place")
        self.serving = "fenced: another process has taken this node's place"
        self._fenced()

    def _about(self, files: OpenedStore, metrics: MetricsRegistry) -> dict:
        version, node, now = __version__, self.settings.node.name, now_ms(self.clock)
        metrics.gauge("tectonics_start_time_seconds", now / 1000)
        metrics.gauge("tectonics_build_info", 1, version, node)
        return {"version": version, "node": node, "origin": files.origin, "started_at": now}

    async def _seed(self, files: OpenedStore, till, core: Core) -> list:
        if not self.settings.demo.subscribers:
            return []
        policy, now = core.policies.current, now_ms(self.clock)
        people = await demo.seed_store(files, policy, now)
        await demo.seed_ledger(till, people, policy, now)
        return people

    async def _tickets(self, tickets: TicketLog, metrics: MetricsRegistry, alarms: AlarmTable):
        settings = self.settings.tickets
        limits = StreamLimits(window=settings.window, ping_s=settings.ping_s,
                              consumers_max=settings.consumers_max)
        acknowledged = AcknowledgedTickets(tickets, self.clock, metrics, alarms, limits,
                                           self.host.rhythm.consumers_s)
        await acknowledged.start()
        self._at_stop("ticket stream", acknowledged.stop)
        live = LiveTickets(tickets, metrics)
        await self.listeners.open("tickets", settings.stream, live)
        self._at_stop("live tickets", live.close)
        await self.listeners.open("tickets_acknowledged", settings.acknowledged, acknowledged)
        if settings.formats:
            written = TicketFiles(self.settings.state_path / "tickets", tickets.origin, tickets, self.clock,
                                  alarms, settings.rotate, settings.formats, self.host.in_thread,
                                  disk=self.host.disk, look_s=self.host.rhythm.ticket_files_s)
            await written.start()
            self._at_stop("ticket files", written.stop)
        return acknowledged.consumers

    def _control(self, administration: Administration) -> None:
        control = ControlServer(administration, self.settings.state_path, self.host.reactor, self.host.disk.lock)
        control.start()
        self._at_stop("control socket", control.stop)

    async def _gateway(self, core: Core, metrics: MetricsRegistry) -> None:
        ussd = self.settings.channels.ussd_http
        limits = GatewayLimits(connections_max=ussd.connections_max, head_bytes_max=ussd.head_bytes_max,
                               body_bytes_max=ussd.body_bytes_max, exchanges_max=ussd.exchanges_max,
                               idle_s=ussd.idle_s)
        factory = UssdHttpFactory(core.sessions, self.settings.style(), metrics=metrics, clock=self.clock,
                                  country_code=self.settings.country_code,
                                  codes=self.settings.codes, step_field=ussd.step_field,
                                  limits=limits, sweep_s=self.host.rhythm.connections_s)
        await self.listeners.open("ussd_http", ussd.endpoint, factory)
        self._at_stop("gateway connections", factory.close_connections)

    def _sms_smpp(self, files: OpenedStore, metrics: MetricsRegistry, alarms: AlarmTable) -> SmsSmpp | None:
        """Unbound when what is under way has been finished."""
        if not self.settings.channels.sms_smpp.accounts:
            return None
        channel, binds = make_sms(self.settings, self.host, files.messages, metrics, alarms)
        self._joined("SMS over SMPP", channel, binds.shown)
        return channel

    def _call_server(self, metrics: MetricsRegistry, alarms: AlarmTable) -> CallServer | None:
        """Closed when what is under way has been finished; the calls go on."""
        section = self.settings.call_server
        if section.kind == "none":
            return None
        server = CALL_SERVER[section.kind](self.settings, self.host, metrics, alarms)
        server.port = self.listeners.datagrams("call_server", section.sip.endpoint, server.datagrams)
        self._joined("call server", server, server.shown)
        server.start()
        return server

    def _correspondence(self, core: Core) -> EngineCorrespondence:
        section = self.settings.channels.sms_smpp
        return EngineCorrespondence(core.engine, core.enquiry, core.limits, self.settings.message_style(),
                                    core.requests, core.movements, section.help_every_s)

    def _ussd_smpp(self, core: Core, metrics: MetricsRegistry, alarms: AlarmTable) -> None:
        if self.settings.channels.ussd_smpp.accounts:
            channel, binds = make_ussd(self.settings, self.host, core.sessions, metrics, alarms)
            self._joined("USSD over SMPP", channel, binds.shown)
            channel.start()

    async def _did_sip(self, correspondence: EngineCorrespondence, metrics: MetricsRegistry, alarms: AlarmTable) -> None:
        did_sip = self.settings.rings
        if not did_sip.dids:
            return
        channel = make_rings(self.settings, self.host, correspondence, metrics, alarms)
        self._joined("DID ring", channel, channel.shown)
        channel.port = self.listeners.datagrams("did_sip", did_sip.endpoint, channel.datagrams)
        await self.listeners.open("did_sip_tcp", did_sip.tcp, channel.lines)

    async def _email(self, core: Core, correspondence: EngineCorrespondence, files: OpenedStore, metrics: MetricsRegistry,
                     alarms: AlarmTable) -> None:
        email = self.settings.channels.email
        if email.endpoint:
            channel = make_email(self.settings, self.host, core, correspondence, files.addresses, metrics, alarms)
            self._joined("e-mail", channel, channel.shown)
            await self.listeners.open("email", email.endpoint, channel.factory)

    def _joined(self, name: str, channel, shown) -> None:
        """What it keeps is among the loads, its peers among the peers, and it is closed in the end."""
        loads = self.loads
        self.loads = lambda: [*loads(), *channel.loads()]
        self._peers.append(shown)
        self._at_stop(name, channel.stop)

    def _ussd_gsup(self, core: Core, metrics: MetricsRegistry, alarms: AlarmTable) -> None:
        settings, reactor = self.settings, self.host.reactor
        ussd = settings.channels.ussd_gsup
        if not ussd.address:
            return
        channel = UssdGsup(clientFromString(reactor, ussd.address), clientFromString(reactor, ussd.control),
                           core.sessions, ussd, clock=self.clock, metrics=metrics, alarms=alarms,
                           catalogue=settings.catalogue, codes=settings.codes,
                           country_code=settings.country_code, jitter=self.host.jitter)
        self._joined("USSD through the HLR", channel, channel.shown)
        channel.start()

    async def _feeds(self, intake: BookingIntake, core: Core, files: OpenedStore, prepaid, metrics,
                     alarms) -> None:
        settings, currency = self.settings, core.policies.current.currency
        columns = dict(settings.feeds.columns) if settings.feeds.columns else None
        factory = FeedFactory(intake, currency, metrics, self.clock, columns=columns,
                              country_code=settings.country_code,
                              limits=FeedLimits(connections_max=settings.feeds.connections_max))
        await self.listeners.open("feed", settings.feeds.tcp, factory)
        self._at_stop("feed connections", factory.disconnect)
        form = FileFormat(currency, columns, settings.country_code)
        feeds = [FileFeed(path, f"file{number}", intake, files.bookmarks, self.clock, metrics, alarms, form)
                 for number, path in enumerate(settings.feed_paths, 1)]
        feeds.append(EmbeddedFeed(prepaid.till, core.intake, files.bookmarks, self.clock, metrics, alarms,
                                  currency, self.host.rhythm.till_s))
        for feed in feeds:
            feed.start()
            self._at_stop("feed", feed.stop)

    async def _web(self, administration, intake, core: Core, files: OpenedStore, metrics, alarms, handset) -> None:
        settings = self.settings
        if not settings.web.endpoint:
            return
        tokens = load_tokens(settings.token_path) if settings.web.token_file \
            else demo_tokens(settings.state_path)
        site = make_site(administration=administration, intake=intake, metrics=metrics, alarms=alarms,
                         clock=self.clock, tokens=tokens, currency=lambda: core.policies.current.currency,
                         ready=self.ready, version=__version__, country_code=settings.country_code,
                         handset=handset, self_care=self._self_care(core, files, metrics, alarms))
        await self.listeners.open("web", settings.web.endpoint, site)

    def _self_care(self, core: Core, files: OpenedStore, metrics, alarms) -> SelfCareSite | None:
        if not self.settings.web.self_care.enabled:
            return None
        site, loads = make_self_care(self.settings, core, files.queries, self.host, metrics, alarms), self.loads
        self.loads = lambda: [*loads(), *site.loads()]
        self._at_stop("self-care", site.stop)
        return site

    def _handset(self, administration, correspondence: EngineCorrespondence, people: list) -> Handset | None:
        address = self.listeners.address("ussd_http")
        if not self.settings.web.handset or address is None or not people:
            return None
        gateway = PageGateway(self.host.reactor, *address, self.settings.style(),
                              self.settings.channels.ussd_http.step_field)
        self._at_stop("handset", gateway.close)
        lines = [DemoLine(one.account.msisdn, one.about) for one in people]
        return Handset(administration, gateway, lines, correspondence, partial(now_ms, self.clock))

    def _duties(self, core: Core, files: OpenedStore, metrics, alarms) -> None:
        running = duties(core, files, metrics, alarms, self.settings, self.host)
        for duty in running:
            duty.start()
        self._at_stop("duties", lambda: gatherResults([duty.stop() for duty in running]))

    async def _watch(self, running: list[Duty], peers: PeerWatch) -> None:
        if self.settings.store.kind == "postgresql":
            await peers.sign()
            self._at_stop("sign of life", lambda: Deferred.fromCoroutine(peers.stop()))
        for duty in running:
            duty.start()
        self._at_stop("watchers", lambda: gatherResults([duty.stop() for duty in running]))

    def _snmp(self, core: Core, administration: Administration, about: dict, tickets: TicketLog, consumers,
              metrics: MetricsRegistry, alarms: AlarmTable, peers: PeerWatch) -> None:
        endpoint = self.settings.oam.snmp.endpoint
        if not endpoint:
            return
        from tectonics.daemon.snmp import make_snmp  # pysnmp takes a third of a second to import
        agent = make_snmp(self.settings, self.host, core, administration, about, self.ready, tickets, consumers,
                          metrics, alarms, peers)
        self._at_stop("SNMP", agent.stop)
        self.listeners.datagrams("snmp", endpoint, agent)
        agent.notifier.started()

    # --- the end

    def _at_stop(self, name: str, close) -> None:
        self._closing.append((name, close))

    def stop(self) -> Deferred[None]:
        """Finishes what is under way and closes everything; also after a start that failed."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.serving = self.serving or "stopping"
        await self.listeners.close(*self.listeners.others("web"))  # which goes on saying that it is not ready
        while self._closing:
            name, close = self._closing.pop()
            log.debug("closing {name}", name=name)
            result = close()
            if isinstance(result, Deferred):
                await result

    async def _drain(self, core: Core) -> None:
        core.outbox.stop()
        end = self.clock.seconds() + DRAIN_S
        while (core.engine.dispatching or core.outbox.at_work) and self.clock.seconds() < end:
            await deferLater(self.clock, 0.05)


def _pace(settings: Settings) -> OutboxPace:
    outbox = settings.outbox
    return OutboxPace(outbox.lease_s, settings.billing.embedded.send_deadline_s, outbox.first_s,
                      outbox.longest_s, outbox.poll_s, outbox.poll_max, outbox.settle_tries_max)


def _show_levels(core: Core, metrics: MetricsRegistry) -> None:
    metrics.source("tectonics_sessions", lambda: len(core.sessions))
    metrics.source("tectonics_dispatching", lambda: core.engine.dispatching)
    metrics.source("tectonics_calls", core.calls.by_kind)
