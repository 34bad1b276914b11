"""The ports: what adapters fill and what they may use. Few methods each.

Everything that takes time answers with a Deferred.  A port never raises for what a peer did: a
billing write answers Done, Refused or Unknown, an enquiry a value or Unavailable.  A Deferred that
fails means our own fault (or, where a docstring says so, a TheirFault whose text is the answer).
"""

from tectonics.ports.billing import Billing, Capabilities
from tectonics.ports.calls import CallServer, Numbering
from tectonics.ports.logs import Bookmarks, PolicyLog, PolicyVersion, TicketLine, TicketLog
from tectonics.ports.messages import Correspondence, MessageLog, Messenger, ShortMessage
from tectonics.ports.nodes import Nodes, NodeSign
from tectonics.ports.reads import Addresses, Debt, Lent, Queries
from tectonics.ports.served import Desk, Dialogue, Intake, Policies, SelfCare
from tectonics.ports.shown import Acknowledgement, Administration, Alarm, Alarms, Listener, Metrics
from tectonics.ports.store import (
    LOOK_UP,
    SEND,
    Committed,
    Conflict,
    Duplicate,
    Loaded,
    Outbox,
    OutboxRow,
    Store,
    Unit,
    Usage,
)
from tectonics.ports.time import Clock, Ids

__all__ = [
    "LOOK_UP",
    "SEND",
    "Acknowledgement",
    "Addresses",
    "Administration",
    "Alarm",
    "Alarms",
    "Billing",
    "Bookmarks",
    "CallServer",
    "Capabilities",
    "Clock",
    "Committed",
    "Conflict",
    "Correspondence",
    "Debt",
    "Desk",
    "Dialogue",
    "Duplicate",
    "Ids",
    "Intake",
    "Lent",
    "Listener",
    "Loaded",
    "MessageLog",
    "Messenger",
    "Metrics",
    "NodeSign",
    "Nodes",
    "Numbering",
    "Outbox",
    "OutboxRow",
    "Policies",
    "PolicyLog",
    "PolicyVersion",
    "Queries",
    "SelfCare",
    "ShortMessage",
    "Store",
    "TicketLine",
    "TicketLog",
    "Unit",
    "Usage",
]
