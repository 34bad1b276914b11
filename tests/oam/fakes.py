"""Fakes with the ports' exact signatures (test_fakes.py holds them to it); each remembers what it was asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from tectonics.domain.advance import OPEN, Advance, Offer
from tectonics.domain.call import TALKING, Call, Leg, Rate
from tectonics.domain.commands import Credit, Debit, Reserve, Settle, Talk
from tectonics.domain.errors import BadPolicy, Busy, TheirFault
from tectonics.domain.events import Event, FeedEvent, Trigger
from tectonics.domain.outcome import Balance, Done, NotFound, Outcome, Unavailable
from tectonics.domain.policy import DAY_MS, FixedAmount, FixedFee, LendingRules, Policy, Segment, Tier
from tectonics.domain.recharge import RechargeMark, Recovery, Share
from tectonics.domain.subscriber import Account, Bar, Profile, Standing
from tectonics.domain.ticket import Ticket
from tectonics.oam.admin import Administration, Offices
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.metrics import MetricsRegistry
from tectonics.ports import (
    LOOK_UP,
    SEND,
    Capabilities,
    Debt,
    Lent,
    Listener,
    OutboxRow,
    PolicyVersion,
    ShortMessage,
    TicketLine,
)

NOW_S = 1_764_000_000
NOW = NOW_S * 1000
NUMBER = "33600000001"
STRANGER = "33699999999"
MENU = ("Advance on your credit:\n1. 1.00 EUR (fee 0.10)\n2. 2.00 EUR (fee 0.20)\n"
        "3. 5.00 EUR (fee 0.50)\n0. What I owe")
CONFIRMATION = ("You get 1.00 EUR. With the fee of 0.10, 1.10 EUR will be taken from your next recharge, by 29/11.\n"
                "1. Agree\n2. Back")


class FakeIds:
    def __init__(self) -> None:
        self.given = 0

    def new(self, now: int) -> str:
        self.given += 1
        return f"ID{self.given:024d}"


def offer() -> Offer:
    return Offer("small", "standard", 1, 200, 20, "EUR", "main", 7 * 86400, 7 * 86400)


def advance(number: int = 1, **changes) -> Advance:
    made = Advance(f"ADV{number}", 1, OPEN, offer(), f"TEC-{number}", "ussd_http", f"s{number}",
                   NOW - 1000 * (100 - number), NOW + DAY_MS, NOW + DAY_MS, granted_at=NOW - 500)
    return replace(made, **changes)


def account(msisdn: str = NUMBER) -> Account:
    profile = Profile("prepaid", NOW - 100 * DAY_MS, "en", bar=Bar("admin", NOW - 5, "asked for it"))
    marks = (RechargeMark(NOW - 100 * DAY_MS, 900, "voucher", 1), RechargeMark(NOW - DAY_MS, 500, "voucher", 2))
    call = Call("CALL1", TALKING, "ussd_http", "s9", Leg("a", msisdn, "", NOW - 9000), Leg("b", "33612345678", "", NOW - 4000),
                NOW - 20_000, Rate("france", 5, 60, 30, 10), "EUR", "TEC-S", reserved_minor=65, until_at=NOW + 56_000)
    return Account(msisdn, 2, 7, profile, Standing(marks, call=call), (advance(1, generation=2),))


class FakeQueries:
    def __init__(self) -> None:
        self.accounts = {NUMBER: account()}
        self.lent = [(NUMBER, advance(n)) for n in range(1, 6)]
        credit = Credit("TEC-9", NUMBER, 200, "EUR", advance="ADV1")
        refund = Credit("TEC-10", NUMBER, 50, "EUR", recovery="REC1")
        debit = Debit("TEC-11", NUMBER, 220, "EUR", "", "REC1")
        self.rows = [OutboxRow(c, LOOK_UP, NOW - 60_000, NOW, 3, NOW) for c in (credit, refund, debit)]

    def account(self, msisdn: str) -> Deferred[Account | None]:
        return succeed(self.accounts.get(msisdn))

    def advances(self, msisdn: str = "", state: str = "", after: tuple[int, str] = (0, ""),
                 limit: int = 100) -> Deferred[list[tuple[str, Advance]]]:
        rows = [(n, a) for n, a in self.lent if (a.requested_at, a.id) > after
                and msisdn in ("", n) and state in ("", a.state)]
        return succeed(rows[:limit])

    def advance(self, advance_id: str) -> Deferred[tuple[str, Advance] | None]:
        return succeed(next((row for row in self.lent if row[1].id == advance_id), None))

    def recoveries(self, msisdn: str, limit: int = 100) -> Deferred[list[Recovery]]:
        return succeed([Recovery("REC1", 2, "done", "tcp", "R1", NOW, 500, NOW, 220,
                                 shares=(Share("ADV1", 200, 20),))])

    def past(self, msisdn: str, generation: int, before: tuple[int, str],
             limit: int) -> Deferred[tuple[list[Advance], list[Recovery]]]:
        raise AssertionError("the administration looks at all holders of a number")

    def unresolved(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        return succeed(self.rows[:limit])

    def calls(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        talk = Talk("TEC-12", NUMBER, "CALL1", "a", "", "b", "", NOW + 60_000)
        return succeed([OutboxRow(talk, SEND, NOW - 60_000, NOW, 0, NOW)][:limit])

    def lent(self, day: int, since: int) -> Deferred[Lent]:
        raise AssertionError("the administration does not ask")

    def debt(self) -> Deferred[Debt]:
        return succeed(Debt(5, 1100, 1, 2, 3, 4))


class FakeDesk:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None

    def decide(self, event: Event) -> Deferred[str]:
        self.events.append(event)
        return fail(self.error) if self.error else succeed("it was done")

    def call_back(self, msisdn: str, number: str, trigger: Trigger) -> Deferred[tuple[bool, str]]:
        self.events.append((msisdn, number, trigger))
        return fail(self.error) if self.error else succeed((True, "you are called"))

    def reconcile(self) -> Deferred[list[dict]]:
        return succeed([{"op": "TEC-9", "msisdn": NUMBER, "result": "done", "text": "found"}])


def policy(version: int = 1, accepting: bool = True) -> Policy:
    tier = Tier("small", FixedAmount(200), FixedFee(20), 7 * 86400, 7 * 86400)
    return Policy(version, "EUR", (Segment("standard", (tier,)),), LendingRules(accepting=accepting))


class FakePolicies:
    """Policies and PolicyLog in one, as the daemon has them over one store."""

    def __init__(self) -> None:
        self.current = policy()
        self.versions = [PolicyVersion(1, NOW - 5000, "seed", "from the file",
                                       {"currency": "EUR", "lending": {"accepting": True, "tenure_days": 90}})]

    def replace(self, document: dict, who: str, note: str) -> Deferred[PolicyVersion]:
        if "bad" in document:
            return fail(BadPolicy("segments: at least one is expected"))
        added = PolicyVersion(len(self.versions) + 1, NOW, who, note, document)
        self.versions.append(added)
        self.current = policy(added.version, document.get("lending", {}).get("accepting", True))
        calls = replace(self.current.call_back, enabled=document.get("call_back", {}).get("enabled", True))
        self.current = replace(self.current, call_back=calls)
        return succeed(added)


class FakePolicyLog:
    def __init__(self, policies: FakePolicies) -> None:
        self._policies = policies
        self.audited: list[Ticket] = []

    def newest(self) -> Deferred[PolicyVersion | None]:
        return succeed(self._policies.versions[-1])

    def get(self, version: int) -> Deferred[PolicyVersion | None]:
        return succeed(next((v for v in self._policies.versions if v.version == version), None))

    def history(self, limit: int) -> Deferred[list[PolicyVersion]]:
        return succeed(self._policies.versions[:limit])

    def append(self, expected: int, document: dict, at: int, who: str, note: str,
               audit: Ticket | None = None) -> Deferred[PolicyVersion | None]:
        raise AssertionError("the administration appends through Policies.replace")

    def audit(self, ticket: Ticket) -> Deferred[None]:
        self.audited.append(ticket)
        return succeed(None)


class FakeLog:
    """One area: engine."""

    def __init__(self) -> None:
        self.areas: dict[str, str] = {}

    def shown(self) -> dict:
        return {"level": "info", "areas": [{"area": a, "level": b, "set": "now"} for a, b in self.areas.items()], "lost": 0}

    def change(self, area: str, level: str) -> None:
        if area != "engine":
            raise TheirFault("there is no such area")
        self.areas[area] = level

    def reset(self) -> None:
        self.areas.clear()


class FakeTicketLog:
    origin = "n1"

    def __init__(self) -> None:
        self.lines = [TicketLine("n1", n, NOW + n // 2,
                                 b'{"origin":"n1","seq":%d,"time":"2026-11-22T08:00:00.000Z",'
                                 b'"type":"advance.granted","text":"granted","msisdn":"33600000001"}' % n)
                      for n in range(1, 31)]

    def subscribe(self, callback: Callable[[Sequence[TicketLine]], None]) -> None:
        raise AssertionError("nobody here subscribes")

    def read(self, origin: str, after: int, limit: int) -> Deferred[list[TicketLine]]:
        return succeed([line for line in self.lines if line.seq > after][:limit])

    def read_time(self, since: int, until: int, after: tuple[int, str, int],
                  limit: int) -> Deferred[list[TicketLine]]:
        return succeed([line for line in self.lines if since <= line.at < until
                        and (line.at, line.origin, line.seq) > after][:limit])

    def span(self, origin: str) -> Deferred[tuple[int, int]]:
        return succeed((1, len(self.lines)) if self.lines else (1, 0))

    def cursor(self, consumer: str, origin: str) -> Deferred[int | None]:
        return succeed(None)

    def acknowledge(self, consumer: str, origin: str, seq: int) -> Deferred[None]:
        return succeed(None)

    def cursors(self) -> Deferred[list[tuple[str, str, int]]]:
        return succeed([])


class FakeBilling:
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.answer: Balance | Unavailable = Balance(250, NOW)

    def balance(self, msisdn: str, node: str = "") -> Deferred[Balance | Unavailable]:
        return succeed(self.answer)

    def covers(self, msisdn: str, amount_minor: int, node: str = "") -> Deferred[bool | Unavailable]:
        return succeed(True)

    def credit(self, command: Credit) -> Deferred[Outcome]:
        raise AssertionError("the administration moves no money itself")

    def debit(self, command: Debit) -> Deferred[Outcome]:
        raise AssertionError("the administration moves no money itself")

    def reserve(self, command: Reserve) -> Deferred[Outcome]:
        raise AssertionError("the administration moves no money itself")

    def settle(self, command: Settle) -> Deferred[Outcome]:
        raise AssertionError("the administration moves no money itself")

    def look_up(self, op: str, msisdn: str, node: str = "") -> Deferred[Outcome | NotFound]:
        return succeed(NotFound())


@dataclass(frozen=True, slots=True)
class FakeFaults:
    delay_s: float = 0.0
    refuse: int = 0
    lose_answers: int = 0
    lose_requests: int = 0
    hang_balance: bool = False
    refuse_percent: int = 0
    lose_requests_percent: int = 0
    lose_answers_percent: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FakeLedgerAccount:
    held_minor: int


class FakeTill:
    def __init__(self) -> None:
        self.account: FakeLedgerAccount | None = FakeLedgerAccount(120)
        self.ordered = FakeFaults()
        self.booked: list[tuple] = []
        self.answer: Outcome = Done("ref", 750)

    def recharge(self, msisdn: str, amount_minor: int, kind: str, id: str) -> Deferred[Outcome]:
        self.booked.append((msisdn, amount_minor, kind, id))
        return succeed(self.answer)

    def spend(self, msisdn: str, amount_minor: int) -> Deferred[Outcome]:
        self.booked.append((msisdn, -amount_minor))
        return succeed(self.answer)

    def balances(self, msisdn: str) -> Deferred[FakeLedgerAccount | None]:
        return succeed(self.account)

    def faults(self) -> Deferred[FakeFaults]:
        return succeed(self.ordered)

    def set_faults(self, **changes) -> Deferred[FakeFaults]:
        self.ordered = replace(self.ordered, **changes)
        return succeed(self.ordered)


class FakeIntake:
    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self.error: Exception | None = None

    def feed(self, event: FeedEvent) -> Deferred[str]:
        if self.error:
            return fail(self.error)
        seen = any(e.id == event.id for e in self.events)
        self.events.append(event)
        return succeed("DUP" if seen else "OK")

    def backlogged(self) -> bool:
        return False


class FakeCorrespondence:
    """Takes what is written, unless it is `busy`."""

    def __init__(self) -> None:
        self.read: list[ShortMessage] = []
        self.busy = False

    def received(self, message: ShortMessage) -> Deferred[None]:
        if self.busy:
            return fail(Busy("too much at once, send it again"))
        self.read.append(message)
        return succeed(None)


class FakeHandset:
    """A USSD gateway that answers what the demo's menu would."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, str, str]] = []

    def dial(self, msisdn: str, session: str, text: str) -> Deferred[tuple[bool, str]]:
        self.dialled.append((msisdn, session, text))
        inputs = text.split("*")
        if text.startswith("*133#"):
            inputs = inputs[2:]
            if not inputs:
                return succeed((True, MENU))
            if len(inputs) == 1:
                return succeed((True, CONFIRMATION))
            return succeed((False, "You have got 1.00 EUR. 1.10 EUR will be taken from your next recharge."))
        return succeed((False, "This code is not known."))


class World:
    """One of everything, and the Administration over it."""

    def __init__(self, till: bool = True) -> None:
        self.clock = Clock()
        self.clock.advance(NOW_S)
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(self.clock, self.metrics)
        self.queries, self.desk, self.policies = FakeQueries(), FakeDesk(), FakePolicies()
        self.tickets, self.billing, self.intake = FakeTicketLog(), FakeBilling(), FakeIntake()
        self.till = FakeTill() if till else None
        self.handset = FakeHandset()
        self.correspondence = FakeCorrespondence()
        self.log, self.policy_log = FakeLog(), FakePolicyLog(self.policies)
        self.not_ready = ""
        self.administration = Administration(Offices(
            queries=self.queries, desk=self.desk, policies=self.policies,
            policy_log=self.policy_log, log=self.log, tickets=self.tickets, metrics=self.metrics,
            alarms=self.alarms, clock=self.clock, ids=FakeIds(),
            about={"version": "0.1", "node": "n1", "origin": "n1", "started_at": NOW - 5000},
            listeners=[Listener("ussd_http", "tcp:127.0.0.1:8081")],
            consumers=lambda: [("mediation", "n1", 25, 30, True)], ready=lambda: self.not_ready,
            billing=self.billing, till=self.till, channels=("ussd_http", "sms_smpp"), loads=lambda: [("store reads", 2, 9)],
            messages=lambda msisdn: [(NOW, "1.00 EUR credited.")] if msisdn == NUMBER else []))
