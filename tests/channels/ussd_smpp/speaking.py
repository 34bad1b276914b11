"""What a USSD gateway says and whom it talks to, for the tests: dialects, PDUs, binds and a dialogue that are not real."""

from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from tectonics.channels.ussd_smpp.channel import UssdSmpp
from tectonics.config.dialects import read_dialect
from tectonics.config.smpp import SmppAccount
from tectonics.config.smpp import UssdSmpp as Section
from tectonics.domain.dialects import Dialect
from tectonics.domain.messages import MESSAGES, Catalogue
from tectonics.domain.screens import Screen
from tectonics.links.smpp.outcome import Accepted
from tectonics.links.smpp.peer import Peer
from tectonics.wire.smpp.pdus import DeliverSm
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag, Tlv

ETC = Path(__file__).parents[3] / "etc/dialects"
SHIPPED = sorted(path.stem for path in ETC.glob("*.yaml"))
MSISDN = "33600000001"
CATALOGUE = Catalogue({"en": {key: key for key in MESSAGES}}, "en")


def shipped(name: str) -> Dialect:
    """A dialect that is shipped."""
    return read_dialect(ETC / f"{name}.yaml", name)[0]


def its(session, unit, ends=False):
    """its_session_info."""
    return Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(session, unit, ends))


def op(number):
    """ussd_service_op."""
    return Tlv(Tag.USSD_SERVICE_OP, number)


def reference(number):
    """user_message_reference."""
    return Tlv(Tag.USER_MESSAGE_REFERENCE, number)


def said(text, *tlvs, sequence=1, to="*133#", **fields):
    """A deliver_sm as gateways send it."""
    return DeliverSm(**{"service_type": "USSD", "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": MSISDN,
                        "destination_addr": to, "short_message": text.encode("latin-1"), "tlvs": tlvs,
                        "sequence": sequence} | fields)


class FakeBinds:
    """Keeps what is submitted; answers as told, or holds the answers back."""

    def __init__(self):
        self.heard = None
        self.submitted = []  # (PDU, priority, until_s, account, session)
        self.outcome = Accepted("gw", "1")
        self.held = []
        self.hold = False
        self.states = {"gw": "bound"}
        self.running = False

    def start(self):
        self.running = True

    def stop(self):
        self.running = False
        return succeed(None)

    def submit(self, request, priority, until_s, account="", session=None):
        self.submitted.append((request, priority, until_s, account, session))
        if not self.hold:
            return succeed(self.outcome)
        self.held.append(Deferred())
        return self.held[-1]

    def shown(self):
        return [{"account": name, "state": state} for name, state in self.states.items()]

    def loads(self):
        return [("ussd_smpp submits", 0, 1)]


class ScriptedDialogue:
    """Answers what it is asked: `menu <text>`, or `end <text>` where the text is 99."""

    def __init__(self):
        self.asked = []
        self.over = []
        self.hold = False
        self.held = []

    def step(self, style, dialled):
        self.asked.append((style, dialled))
        if dialled.text == "raise":
            raise RuntimeError("a bug")
        more = not dialled.text.endswith("99")
        screen = Screen(f"{'menu' if more else 'end'} {dialled.text}".strip(), more)
        if not self.hold:
            return succeed(screen)
        self.held.append(Deferred())
        return self.held[-1].addCallback(lambda _: screen)

    def ended(self, style, session, msisdn):
        self.over.append((session, msisdn))

    @property
    def texts(self):
        return [dialled.text for _, dialled in self.asked]


class Counted:
    """Remembers what was counted."""

    def __init__(self):
        self.counts = {}

    def count(self, name, *labels, by=1):
        self.counts[labels[-1]] = self.counts.get(labels[-1], 0) + by

    def gauge(self, name, value, *labels):
        pass

    def observe(self, name, seconds, *labels):
        raise AssertionError("the dialogue itself is timed")


class Ids:
    """id1, id2, ..."""

    def __init__(self):
        self.last = 0

    def new(self, now):
        self.last += 1
        return f"id{self.last}"


class House:
    """The channel between fakes; `hear` is what a gateway says, `answers` what it is told at once."""

    def __init__(self, dialect="standard", clock=None, **options):
        if isinstance(dialect, str):
            dialect = shipped(dialect)
        self.clock = clock or Clock()
        self.clock.rightNow = self.clock.rightNow or 1_790_000_000.0
        self.dialect, self.binds, self.dialogue, self.metrics = dialect, FakeBinds(), ScriptedDialogue(), Counted()
        account = SmppAccount(name="gw", address="tcp:127.0.0.1:2775", dialect=dialect.name)
        self.channel = UssdSmpp(self.binds, self.dialogue, Section(accounts=(account,)), {dialect.name: dialect},
                                CATALOGUE, ids=Ids(), clock=self.clock, metrics=self.metrics, codes=("*133#",),
                                country_code="33", **options)
        self.channel.start()
        self.account, self.answers = account, []
        self.peer = self.connection()

    def connection(self, name="gw/1"):
        """Another connection of the gateway."""
        return Peer(self.account, name, lambda request, answer: self.answers.append(answer.status))

    def hear(self, pdu, peer=None):
        self.binds.heard(peer or self.peer, pdu)
        return self.answers[-1]

    @property
    def screens(self):
        """What the subscriber was sent."""
        return [pdu.short_message.decode() for pdu, *_ in self.binds.submitted]

    @property
    def last(self):
        """The newest PDU of ours."""
        return self.binds.submitted[-1][0]

    def counted(self, result):
        return self.metrics.counts.get(result, 0)
