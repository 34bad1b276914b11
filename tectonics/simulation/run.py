"""One run: a seed's plan, played on the virtual clock, with every invariant asked again and again.

The invariants are asked each LOOK_S of virtual time, whenever a process has died, and in the end; the first
moment at which one does not hold ends the run.  After the plan's days comes the peace (peace.py).
"""

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tectonics.config.policy import decode_policy
from tectonics.simulation import faults
from tectonics.simulation.books import Auditor
from tectonics.simulation.coverage import Coverage, Move
from tectonics.simulation.digest import digest
from tectonics.simulation.history import clock, sentence
from tectonics.simulation.invariants import rules
from tectonics.simulation.invariants.invariant import Scene
from tectonics.simulation.invariants.switched import of_gsup, session_of
from tectonics.simulation.mailing import owners, pins_remembered, register
from tectonics.simulation.peace import make_peace
from tectonics.simulation.peers.balances import Balances
from tectonics.simulation.peers.carriers import CarrierPeer
from tectonics.simulation.peers.centre import CentrePeer
from tectonics.simulation.peers.consumers import Consumers
from tectonics.simulation.peers.feed import FeedSystem
from tectonics.simulation.peers.gateway import GatewayPeer
from tectonics.simulation.peers.mail import MailPeer
from tectonics.simulation.peers.operators import Operators
from tectonics.simulation.peers.paper import ticket_files
from tectonics.simulation.peers.telephones import TelephonePeer
from tectonics.simulation.peers.ussd_gsup import RegisterPeer
from tectonics.simulation.peers.ussd_smpp import SmppGatewayPeer
from tectonics.simulation.peers.visitors import VisitorPeer
from tectonics.simulation.plan import DAY_S, Fault, Plan
from tectonics.simulation.shape import DIALECTS, PACES, Shape
from tectonics.simulation.stage import Stage
from tectonics.simulation.street import Street
from tectonics.simulation.world import PEOPLE, World

LOOK_S = 1800.0
CLOSE_LOOKS_S = (0.02, 1.0, 30.0)  # after a fault begins
PEACE_S = 10 * 3600.0  # virtual; the peace has bounds of its own and is shorter
COMPLAINTS_MAX = 5
MEMORY = Path("/dev/shm")
GARBAGE_THRESHOLDS = (10_000, 1000, 10)


@dataclass(frozen=True, slots=True)
class Complaint:
    """An invariant that did not hold."""

    at_s: float
    rule: str
    text: str
    history: str = ""

    def __str__(self) -> str:
        return f"{clock(self.at_s)} {self.rule}: {self.text}"


@dataclass
class Verdict:
    """What became of a run."""

    plan: Plan
    complaints: list[Complaint] = field(default_factory=list)
    digest: str = ""
    seconds: float = 0.0  # of a processor's time
    steps: int = 0
    struck: Counter[str] = field(default_factory=Counter)  # faults by kind
    moves: Counter[Move] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def subscriber_days(self) -> float:
        """Virtual days that were lived, all subscribers together."""
        return self.plan.days * len(self.plan.people)


class Violated(Exception):
    """An invariant does not hold: the run is over."""


def simulate(plan: Plan, progress: Callable[[float], None] = lambda share: None) -> Verdict:
    """Plays a plan; `progress` hears from time to time which share of its days has passed."""
    begun_s = time.process_time()
    verdict = Verdict(plan)
    with _garbage(), tempfile.TemporaryDirectory(prefix="tectonics-simulation-", dir=_memory()) as folder, \
            Coverage() as coverage, pins_remembered(), World(Path(folder), plan.seed, _shape(plan)) as world:
        _provision(world, plan)
        world.start()
        with closing(Auditor(world.store_path, world.ledger_path)) as auditor:
            _play(Run(world, plan, auditor, verdict), progress)
        verdict.moves, verdict.steps = coverage.taken, world.steps
    verdict.seconds = time.process_time() - begun_s
    return verdict


@contextmanager
def _garbage() -> Iterator[None]:
    """Looked for seldom, as in the daemon (daemon/run.py); what a run leaves is collected before the next."""
    before = gc.get_threshold()
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()  # what was imported
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


def _shape(plan: Plan) -> Shape:
    rhythm, lease_s = PACES[plan.pace]
    peers = plan.messaging.settings(plan.pace, PEOPLE, str(DIALECTS)) | plan.switching.settings(PEOPLE) \
        | plan.calling.settings(plan.pace, PEOPLE) | plan.ringing.settings(len(plan.people), bool(plan.calling)) \
        | plan.mailing.settings() | plan.browsing.settings()
    return Shape(nodes=plan.nodes, ledger=plan.ledger, capabilities=plan.capabilities, policy=plan.policy,
                 mode=plan.gateway.mode, step_field=plan.gateway.step_field,
                 rhythm=rhythm, overrides={"outbox.lease_s": lease_s} | plan.settings | peers, secrets=plan.ringing.secrets)


def _provision(world: World, plan: Plan) -> None:
    now = world.now_ms
    world.provision([person.account(now) for person in plan.people],
                    {person.msisdn: person.balance_minor for person in plan.people})
    register(world.store_path, (owner for _, owner in owners(plan.people, plan.mailing)), now)


def _play(run: "Run", progress: Callable[[float], None]) -> None:
    plan, stage = run.stage.plan, run.stage
    try:
        run.begin()
        while stage.now_s < plan.lasts_s:
            stage.world.run_until(min(stage.now_s + LOOK_S, plan.lasts_s))
            run.look()
            progress(stage.now_s / plan.lasts_s)
        stage.world.wait(stage.spawn(make_peace(stage)), PEACE_S)
        run.end()
    except Violated:
        pass  # the verdict has it
    run.sum_up()


class Run:
    """The stage with everybody on it, and the invariants beside it."""

    def __init__(self, world: World, plan: Plan, auditor: Auditor, verdict: Verdict) -> None:
        self.stage = Stage(world, plan, auditor, decode_policy)
        self._verdict = verdict
        self._rules = rules()
        self._cast()
        self.stage.looking = self.look

    def _cast(self) -> None:
        stage = self.stage
        gateway = GatewayPeer(stage)
        stage.feed = FeedSystem(stage)
        stage.consumers = Consumers(stage)
        stage.operators = Operators(stage)
        stage.street = Street(stage, gateway, stage.feed)
        stage.balances = Balances(stage)
        if stage.plan.messaging.links:
            stage.centre = CentrePeer(stage)
        if stage.plan.messaging.dialect:
            stage.ussd = SmppGatewayPeer(stage)
            gateway.beside.append(stage.ussd)
        if stage.plan.switching:
            stage.switch = RegisterPeer(stage)
            gateway.beside.append(stage.switch)
        if stage.plan.calling:
            stage.telephones = TelephonePeer(stage)
        if stage.plan.ringing:
            stage.carriers = CarrierPeer(stage)
        if stage.plan.mailing:
            stage.mail = MailPeer(stage)
        if stage.plan.browsing:
            stage.visitors = VisitorPeer(stage)

    def begin(self) -> None:
        """Everybody begins; the faults are put on the clock."""
        stage = self.stage
        stage.auditor.look()  # what was provisioned is new to nobody
        stage.street.begin()
        stage.spawn(stage.operators.work())
        stage.balances.begin()
        for fault in stage.plan.faults:
            stage.world.call_later(fault.at_s, self._strike, fault)

    def _strike(self, fault: Fault) -> None:
        if self.stage.ending:
            return
        told = f"{fault.kind} {fault.target}".strip()
        lasts = f" for {fault.lasts_s:g} s" if fault.lasts_s else ""
        size = f" ({fault.size:g})" if fault.size else ""
        self.stage.journal.fault(self.stage.now_s, fault.kind, f"[{told}{size}{lasts}]")
        self._verdict.struck[fault.kind] += 1
        self.stage.spawn(faults.KINDS[fault.kind].strike(self.stage, fault))
        for after_s in CLOSE_LOOKS_S:
            self.stage.world.call_later(after_s, self.look)

    def look(self) -> None:
        """Asks every invariant; Violated when one does not hold."""
        self._ask(self._scene())

    def end(self) -> None:
        """Asks everything once more, of everybody, in the end."""
        for name in self.stage.nodes:
            self.stage.journal.files[name] = ticket_files(self.stage.world.ticket_folders[name])
        for name, folder in self.stage.world.twin_folders.items():
            self.stage.journal.strays[name] = ticket_files(folder)
        self._ask(self._scene(over=True))

    def _scene(self, over: bool = False) -> Scene:
        stage = self.stage
        stage.consumers.note()
        stage.journal.logged = [f"{process}: {text}" for _, process, text in stage.world.troubles]
        books = stage.auditor.look(all_of_it=over)
        for one in books.latest() if stage.switch else ():
            for advance in of_gsup(one):
                stage.journal.identified(session_of(advance))
        return Scene(books, stage.journal, stage.policies(), stage.world.now_ms,
                     stage.plan.nodes, over, self._loads(), stage.now_s, round(stage.world.apart_s * 1000))

    def _loads(self) -> tuple[tuple[str, int, int], ...]:
        """Of every node that is alive."""
        nodes = ((name, self.stage.world.processes[name]) for name in self.stage.nodes)
        return tuple((f"{name}: {queue}", depth, bound) for name, node in nodes if node.alive and node.work
                     for queue, depth, bound in node.work.loads())

    def _ask(self, scene: Scene) -> None:
        stage = self.stage
        found = [Complaint(stage.now_s, "the_simulation_itself", text) for text in stage.failures]
        for name, rule in self._rules.items():
            for wrong in rule(scene):
                one = scene.books.subscribers.get(wrong.msisdn)
                told = sentence(one, stage.journal, self._start_ms()) if one else ""
                found.append(Complaint(stage.now_s, name, wrong.text, told))
                if len(found) >= COMPLAINTS_MAX:
                    break
        if found:
            self._verdict.complaints += found[:COMPLAINTS_MAX]
            raise Violated

    def _start_ms(self) -> int:
        return round(self.stage.world.now_ms - self.stage.now_s * 1000)

    def sum_up(self) -> None:
        """The digest of everything, and what happened how often."""
        books, journal, figures = self.stage.auditor.look(), self.stage.journal, self._verdict.figures
        self._verdict.digest = digest(books, journal)
        figures["sessions"] = len(journal.sessions)
        figures["records"] = len(journal.records)
        figures.update(journal.post.figures())
        figures.update(journal.switch.figures())
        figures.update(journal.calls.figures())
        figures.update(journal.rings.figures())
        figures.update(journal.mail.figures())
        figures.update(journal.web.figures())
        figures["movements"] = len(books.movements)
        for tickets in books.tickets.values():
            figures["tickets"] += len(tickets)
            figures.update(ticket.body["type"] for ticket in tickets)


def virtual_days(verdicts: list[Verdict]) -> float:
    """Days that passed in all of these worlds."""
    return sum(verdict.plan.lasts_s for verdict in verdicts) / DAY_S
