"""What a world consists of, and the settings that its nodes get for it."""

from dataclasses import dataclass, field
from pathlib import Path

from tectonics.config import Settings, load
from tectonics.daemon.host import Rhythm
from tectonics.ports import Capabilities

LEDGER = "ledger"
GATEWAY_PORT, FEED_PORT, LIVE_PORT, TICKETS_PORT, LEDGER_PORT = 8081, 7080, 7070, 7071, 7100
# As production's, but seldom enough for days without end in which hardly anything happens.
SELDOM = Rhythm(outbox_s=600.0, overdue_s=1800.0, refresh_s=1800.0, gauges_s=14_400.0, watch_s=7200.0,
                retention_s=14_400.0, connections_s=1800.0, consumers_s=1200.0, ticket_files_s=3600.0, till_s=1800.0)
PACES = {  # how often the daemon looks after things, and a lease that is longer than that, as production's is
    "brisk": (Rhythm(outbox_s=4.0, overdue_s=60.0, refresh_s=60.0, gauges_s=600.0, watch_s=600.0, connections_s=60.0,
                     consumers_s=20.0, ticket_files_s=600.0, till_s=20.0), 30),
    "ordinary": (Rhythm(outbox_s=60.0, overdue_s=300.0, refresh_s=300.0, gauges_s=3600.0, watch_s=1800.0,
                        retention_s=7200.0, connections_s=60.0, consumers_s=120.0, ticket_files_s=1800.0,
                        till_s=120.0), 150),
    "seldom": (SELDOM, 1300),
}
PROMISES = Capabilities(deduplicates=True, window_s=86_400, readable_back=True)
MESSAGES = next((folder for folder in (Path(__file__).parents[2] / "etc/messages", Path("/etc/tectonics/messages"))
                 if folder.is_dir()), Path("messages"))

DIALECTS = MESSAGES.parent / "dialects"


@dataclass(frozen=True)
class Shape:
    """What the world consists of."""

    nodes: int = 1
    ledger: str = "embedded"  # in the node's process, or "process": one of its own; with two nodes always
    capabilities: Capabilities = PROMISES
    policy: dict = field(default_factory=dict)  # the section of the configuration; empty: the defaults
    mode: str = "cumulative"
    step_field: str = ""
    overrides: dict[str, object] = field(default_factory=dict)  # dotted key of the configuration -> value
    rhythm: Rhythm = SELDOM
    secrets: dict[str, str] = field(default_factory=dict)  # file beside the configuration -> what stands in it


ONE_NODE = Shape()


def common_settings(folder: Path, shape: Shape) -> Settings:
    """What all nodes have in common."""
    file = folder / "world.yaml"
    file.write_text("{}\n")
    for name, secret in shape.secrets.items():
        (folder / name).write_text(secret)
    can = shape.capabilities
    common: dict[str, object] = {
        "messages.directory": str(MESSAGES), "messages.languages": ["en"],
        "channels.ussd_http.endpoint": f"tcp:{GATEWAY_PORT}", "channels.ussd_http.mode": shape.mode,
        "channels.ussd_http.step_field": shape.step_field,
        "tickets.stream": f"tcp:{LIVE_PORT}", "tickets.acknowledged": f"tcp:{TICKETS_PORT}",
        "tickets.ping_s": 1800, "feeds.tcp": f"tcp:{FEED_PORT}", "channels.email.endpoint": "", "oam.snmp.endpoint": "", "web.endpoint": "", "web.handset": False,
        "billing.kind": "embedded" if shape.ledger == "embedded" else "ledger",
        "billing.address": "" if shape.ledger == "embedded" else f"tcp:{LEDGER}:{LEDGER_PORT}",
        "billing.embedded.deduplicates": can.deduplicates, "billing.embedded.window_s": can.window_s,
        "billing.embedded.readable_back": can.readable_back, "billing.embedded.tells_balance": can.tells_balance,
        "demo.subscribers": False, "oam.alarms.reconcile_every_s": 0}
    if shape.policy:
        common["policy"] = shape.policy
    return load(file, common | shape.overrides)


def settings_of(settings: Settings, folder: Path, name: str, machine: str = "") -> Settings:
    """Those of one node, on the machine of its name or on another one."""
    node = settings.node.model_copy(update={"name": name})
    return settings.model_copy(update={"node": node, "state_dir": str(folder / (machine or name))})
