"""The SNMP agent that the configuration asks for."""

from collections.abc import Mapping
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from secrets import randbits
from time import monotonic

from tectonics.config import Settings
from tectonics.config.snmp import Snmp, address_of, oid_of
from tectonics.daemon.core import Core
from tectonics.daemon.host import Host
from tectonics.daemon.watch.peers import PeerWatch
from tectonics.domain.errors import TheirFault
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.oam.snmp import boots
from tectonics.oam.snmp.agent import Agent, Community
from tectonics.oam.snmp.engine import Engine, User
from tectonics.oam.snmp.figures import Figures, Sources
from tectonics.oam.snmp.notify import Manager, Notifier
from tectonics.oam.snmp.requests import OCTETS_MAX, Requests
from tectonics.oam.snmp.states import AdminStates
from tectonics.oam.snmp.views import EVERYTHING, NOTHING, Principal, View
from tectonics.ports import Administration, TicketLog
from tectonics.wire.snmp_usm import keys_of

PHRASE_CHARS = 8, 256
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


def make_snmp(settings: Settings, host: Host, core: Core, administration: Administration, about: Mapping, ready, tickets: TicketLog, consumers,
              metrics: MetricsRegistry, alarms: AlarmTable, peers: PeerWatch) -> Agent:
    """The agent, which does not listen yet. TheirFault when a secret or the engine's file cannot be read."""
    snmp, clock = settings.oam.snmp, host.clock
    views = {one.name: View(map(oid_of, one.include), map(oid_of, one.exclude)) for one in snmp.views} | {"": EVERYTHING}
    secret = partial(_secret, settings.file.parent)
    communities = _communities(settings, views, secret)
    managers = [Manager(one.name, address_of(one.address), one.user or secret(one.community_file).encode(), one.inform)
                for one in snmp.managers]
    users = [User(one.name, secret(one.authentication_file, PHRASE_CHARS[0]), secret(one.privacy_file, PHRASE_CHARS[0]))
             for one in snmp.users]
    engine_id, begun = boots.begin(settings.state_path, bytes.fromhex(snmp.engine_id))
    keys = {one.name.encode(): keys_of(one.authentication, one.privacy, engine_id) for one in users}
    newest = _Newest()
    states = AdminStates(lambda: core.policies.current, administration, partial(_under_way, core, metrics))
    figures = Figures(Sources(
        about=about, metrics=metrics, alarms=alarms, clock=clock, policy=lambda: core.policies.current, ready=ready,
        channels=settings.channels_on, billing=settings.billing.kind, consumers=consumers,
        newest_ticket=lambda: newest.seq, states=states.words, role=peers.role, peer=peers.state,
        sequence=lambda: agent.notifier.sequence, engine={"id": engine_id, "boots": begun, "octets_max": OCTETS_MAX},
        system={"contact": snmp.contact, "location": snmp.location}), oid_of(snmp.base_oid))
    secrets = [one.secret for one in communities] + [one.who for one in managers if isinstance(one.who, bytes)]
    tickets.subscribe(newest.take)
    tickets.span(about["origin"]).addCallback(newest.begin)
    agent = Agent(
        engine_id=engine_id, communities=communities, users=_principals(snmp, views), figures=figures, states=states,
        rate=snmp.source_rate, clock=clock, metrics=metrics,
        make_engine=lambda failed, send: Engine(engine_id, begun, secrets, users, failed=failed, send=send, seconds=monotonic),
        make_requests=lambda time_s: Requests(engine_id, begun, keys, time_s, randbits(64)),
        make_notifier=lambda send: Notifier(managers, figures, send, clock, metrics))
    alarms.watch(agent.notifier.alarm)
    peers.told = agent.notifier.role_changed
    metrics.source("tectonics_snmp_notifications_waiting", agent.notifier.waiting)
    return agent


class _Newest:
    """The number of the newest ticket of this process."""

    seq = 0

    def take(self, lines) -> None:
        """A batch was numbered."""
        self.seq = lines[-1].seq

    def begin(self, span: tuple[int, int]) -> None:
        """What an earlier life had numbered."""
        self.seq = max(self.seq, span[1])


def _communities(settings: Settings, views: Mapping[str, View], secret) -> list[Community]:
    found = settings.oam.snmp.communities
    if found is None:
        demo = Principal("public", EVERYTHING)
        return [Community(b"public", _LOOPBACK, demo)] if settings.demo.subscribers else []
    return [Community(secret(one.community_file).encode(), tuple(map(ip_network, one.sources)),
                      Principal(f"community{number}", views[one.view])) for number, one in enumerate(found, 1)]


def _principals(snmp: Snmp, views: Mapping[str, View]) -> dict[str, Principal]:
    return {one.name: Principal(one.name, views[one.view], views[one.view] if one.write else NOTHING) for one in snmp.users}


def _under_way(core: Core, metrics: MetricsRegistry, service: str) -> float:
    if service == "call_back":
        return sum(core.calls.by_kind().values())
    return core.engine.dispatching + metrics.snapshot().get("tectonics_outbox_rows", 0)


def _secret(folder: Path, name: str, least: int = 1) -> str:
    path = folder / name
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"a secret of SNMP cannot be read: {path}: {error}") from error
    if not least <= len(secret) <= PHRASE_CHARS[1]:
        raise TheirFault(f"a secret of SNMP must have {least} to {PHRASE_CHARS[1]} characters: {path}")
    return secret
