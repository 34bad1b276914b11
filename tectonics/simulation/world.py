"""The world: nodes with the real daemon, perhaps a ledger, and a place for people, all on one virtual clock.

    with World(folder, seed, Shape(nodes=2, ledger="process")) as world:
        world.provision(accounts, balances)      before anything runs
        world.start()                            until every node serves
        world.call_later(60, ...)                population, peers and faults hang on this clock
        world.run_until(86_400)                  a day
        world.peace()                            no fault any more, everybody runs

Machines are called n1, n2, ledger and people.  People, gateways, feeds and consumers live on `people`, which
nothing ever kills; they reach the others over the network in memory, at the ports of the product: 8081 for
gateways, 7080 for the feed, 7071 for acknowledged tickets, the control socket for operators.  The nodes share
one store; each has its own state directory, disk and clock.

One call of the timeline is one step, and between two steps everything stands still: there the databases
(`store_path`, `ledger_path`) can be read with plain SQL, and there a process can be killed.  Work of an
executor and its answer, a delivery of the network, a timer: each is a step of its own.

The same seed, shape and calls give the same world to the byte.  All chance comes from `random(name)`, one
generator for each thing that draws.  What fails inside the product for a reason of its own is in `troubles`.
"""

import random
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Self

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.python.failure import Failure

from tectonics.daemon.assemble import Daemon
from tectonics.daemon.host import Host
from tectonics.daemon.provision import Opening, Shop, provision_ledger, provision_store
from tectonics.domain.outcome import Outcome
from tectonics.domain.subscriber import Account
from tectonics.simulation.calling import reached
from tectonics.simulation.machine.network import Network
from tectonics.simulation.machine.process import EPOCH_S, Machine, Process
from tectonics.simulation.machine.programs import Ledger, Program
from tectonics.simulation.machine.talk import FeedPeer, OperatorPeer
from tectonics.simulation.machine.timeline import Timeline
from tectonics.simulation.machine.troubles import Ears
from tectonics.simulation.shape import (
    FEED_PORT,
    GATEWAY_PORT,
    LEDGER,
    LEDGER_PORT,
    ONE_NODE,
    TICKETS_PORT,
    Shape,
    common_settings,
    settings_of,
)
from tectonics.simulation.switching import known_as
from tectonics.simulators.ticket_consumer import TicketConsumer
from tectonics.simulators.ussd_gateway import Gateway

PEOPLE, TWIN = "people", "-twin"
START_S = 120.0  # of virtual time, within which everybody serves
TROUBLES_MAX = 1000


class World:
    """Everything there is."""

    def __init__(self, folder: Path, seed: int, shape: Shape = ONE_NODE) -> None:
        self.folder, self.seed, self.shape = folder, seed, shape
        self.timeline = Timeline()
        self.timeline.on_fault = self._fault
        self.network = Network(self.timeline, self.random("network"))
        self.troubles: list[tuple[float, str, str]] = []
        self.machines: dict[str, Machine] = {}
        self.processes: dict[str, Program] = {}
        self.twins: dict[str, Program] = {}  # of nodes, by the node's name
        self._ears = Ears(self._heard)
        self._embedded = shape.ledger == "embedded"
        self.store_path = folder / "n1" / "tectonics.db"
        self.ledger_path = folder / ("n1" if self._embedded else LEDGER) / "ledger.db"
        self._people = Process(self._machine(PEOPLE))
        self._theirs = {PEOPLE: self._people}  # machines that nothing ever kills
        self._build()
        self._shop: Shop | None = None
        self._gateways = 0
        self._slowest_s = self._fastest_s = 0.0  # how far clocks have ever been off
        self._operators: dict[str, OperatorPeer] = {}
        self._ears.open()

    def _build(self) -> None:
        shape = self.shape
        if shape.nodes > 1 and self._embedded:
            raise ValueError("an embedded ledger belongs to one process: two nodes need the ledger as a process")
        if not self._embedded:
            self.processes[LEDGER] = Program(self._machine(LEDGER), shape.rhythm, self._ledger)
        self._settings = common_settings(self.folder, shape)
        for number in range(1, shape.nodes + 1):
            self.processes[f"n{number}"] = self._node(f"n{number}", f"n{number}")

    def _node(self, name: str, place: str) -> Program:
        machine = self._machine(place)
        machine.platter.folders["tectonics.db"] = self.store_path.parent
        return Program(machine, self.shape.rhythm,
                       partial(Daemon, reached(known_as(settings_of(self._settings, self.folder, name, place), name),
                                               self.shape.nodes)))

    def _ledger(self, host: Host, leave) -> Ledger:
        return Ledger(host, self.ledger_path, LEDGER_PORT, self.shape.capabilities)

    def _machine(self, name: str) -> Machine:
        (self.folder / name).mkdir()
        machine = self.machines[name] = Machine(name, self.timeline, self.network, self.random(name))
        return machine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Everything ends; nothing is open any more."""
        self._ears.close()
        if self._shop is not None:
            self._shop.close()
        for program in (*self.processes.values(), *self.twins.values()):
            program.kill(power=False)
        for process in self._theirs.values():
            process.kill(power=False)

    # --- beginning

    def random(self, name: str) -> random.Random:
        """A generator of its own for each thing that draws."""
        return random.Random(f"{self.seed}:{name}")

    def provision(self, accounts: Iterable[Account], balances: dict[str, int], currency: str = "EUR") -> None:
        """Puts subscribers with a past into the store and the ledger; `balances` are minor units."""
        accounts, now = list(accounts), self.now_ms
        provision_store(self.store_path, accounts, now)
        provision_ledger(self.ledger_path, [
            Opening(one.msisdn, currency, now, one.profile.kind, balances.get(one.msisdn, 0),
                    one.profile.activated_at or now) for one in accounts], now)

    def start(self) -> None:
        """Starts everything and runs until it serves."""
        for program in self.processes.values():
            program.start()
        end_s = self.now + START_S
        while not self.serving() and self.timeline.step(end_s):
            pass
        if not self.serving():
            raise RuntimeError(f"the world does not start: {[one.trouble for one in self.processes.values()]}")

    def serving(self) -> bool:
        """Whether every process serves."""
        return all(program.serving for program in self.processes.values())

    # --- time

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return self.timeline.now_s

    @property
    def now_ms(self) -> int:
        """The true time of day in ms."""
        return int((EPOCH_S + self.timeline.now_s) * 1000)

    @property
    def steps(self) -> int:
        """Calls that have happened."""
        return self.timeline.steps

    def call_later(self, delay_s: float, function: Callable, *arguments):
        """Lets something happen among the people."""
        return self._people.call(delay_s, function, *arguments)

    def every(self, interval_s: float, function: Callable[[], None]) -> None:
        """Again and again, as long as the world lasts."""
        def turn() -> None:
            function()
            self.call_later(interval_s, turn)

        self.call_later(interval_s, turn)

    def step(self) -> bool:
        """One call; False when nothing will ever happen."""
        return self.timeline.step()

    def run_until(self, now_s: float) -> None:
        """Everything that happens until then."""
        self.timeline.run_until(now_s)

    def run_for(self, seconds: float) -> None:
        """Everything that happens in so many seconds."""
        self.timeline.run_until(self.now + seconds)

    def wait(self, answer: Deferred, within_s: float = 600.0):
        """Runs until `answer` has fired; its result, or its failure raised; TimeoutError after `within_s`."""
        told: list = []
        answer.addBoth(told.append)
        end_s = self.now + within_s
        while not told and self.timeline.step(end_s):
            pass
        if not told:
            raise TimeoutError(f"no answer within {within_s:g} s of virtual time")
        if isinstance(told[0], Failure):
            told[0].raiseException()
        return told[0]

    # --- peers

    def gateway(self, node: str = "n1", connections: int = 4) -> Gateway:
        """A USSD gateway in front of a node; each call makes another one."""
        self._gateways += 1
        return Gateway(self._people.reactor, node, GATEWAY_PORT, self.shape.mode, connections, self.shape.step_field,
                       self.random(f"gateway:{self._gateways}").getrandbits(32))

    def reactor(self, machine: str):
        """That of a machine of the people's, or of another one of theirs."""
        if machine not in self._theirs:
            self._theirs[machine] = Process(self._machine(machine))
        return self._theirs[machine].reactor

    def serve(self, port: int, make: Callable, machine: str = PEOPLE):
        """Serves a port of a machine of theirs with `make(clock)`, a factory of Twisted's; the factory."""
        reactor = self.reactor(machine)
        factory = make(reactor)
        reactor.listenTCP(port, factory)
        return factory

    def serve_datagrams(self, port: int, make: Callable, machine: str = PEOPLE):
        """Opens a UDP port of the people's machine, or of another one of theirs, for `make(clock)`, a DatagramProtocol; the protocol."""
        reactor = self.reactor(machine)
        protocol = make(reactor)
        reactor.listenUDP(port, protocol)
        return protocol

    def connect(self, node: str, port: int, factory, timeout_s: float) -> None:
        """Connects somebody to a port of a node."""
        self._people.reactor.connectTCP(node, port, factory, timeout_s)

    def feed(self, node: str = "n1") -> FeedPeer:
        """A recharge system that tells a node."""
        return FeedPeer(self._people, (node, FEED_PORT))

    def control(self, node: str = "n1") -> OperatorPeer:
        """An operator at a node's control socket; always the same one."""
        if node not in self._operators:
            path = self.folder / node / "control.sock"
            self._operators[node] = OperatorPeer(self._people, (node, str(path)))
        return self._operators[node]

    def consumer(self, name: str, node: str = "n1", origin: str = "", **options) -> TicketConsumer:
        """A consumer of acknowledged tickets at a node, started."""
        reactor = self._people.reactor
        consumer = TicketConsumer(TCP4ClientEndpoint(reactor, node, TICKETS_PORT), name, reactor, origin,
                                  jitter=self.random(f"consumer:{name}:{node}:{origin}").random, **options)
        consumer.start()
        return consumer

    def spend(self, msisdn: str, amount_minor: int) -> Outcome:
        """What a call costs, booked straight in the ledger: the daemon is not asked."""
        if self._shop is None:
            self._shop = Shop(self.ledger_path)
        return self._shop.spend(msisdn, amount_minor, self.now_ms)

    # --- faults

    @property
    def disks(self) -> dict:
        """The disk of each machine: `full`, `delay_s`, `commit_fails`."""
        return {name: machine.platter for name, machine in self.machines.items()}

    @property
    def ticket_folders(self) -> dict[str, Path]:
        """Where each node writes its ticket files."""
        return {name: self.folder / name / "tickets" for name in self.processes if name != LEDGER}

    @property
    def twin_folders(self) -> dict[str, Path]:
        """Where each twin writes them, by the name that it had."""
        return {name: self.folder / twin.machine.name / "tickets" for name, twin in self.twins.items()}

    def kill(self, name: str, power: bool = True) -> None:
        """Nothing of a process ever runs again; with the power goes what was not synced."""
        self.processes[name].kill(power)

    def kill_at(self, name: str, steps: int = 0, statements: int = 0, after: bool = False, power: bool = True) -> None:
        """It dies just before its so many-th next step, or at its so many-th next statement of SQL.

        `after`: that statement was still done, but nobody will ever know.
        """
        process = self.processes[name].process
        if process is None or not process.alive:
            return
        process.power = power
        if steps:
            process.last_step = process.steps + steps
        if statements:
            process.disk.last_statement, process.disk.after = statements, after

    def restart(self, name: str) -> None:
        """A new life, unless it is alive."""
        self.processes[name].start()

    def stop(self, name: str) -> None:
        """Lets it end gracefully."""
        self.processes[name].stop()

    def twin(self, name: str) -> None:
        """Somebody starts another machine as the node of that name: two processes are one origin. Needs a ledger apart."""
        if self._embedded:
            raise ValueError("an embedded ledger belongs to one process")
        if name not in self.twins:
            self.twins[name] = self._node(name, name + TWIN)
        self.twins[name].start()

    def life(self, machine: str) -> int:
        """Which life of its program runs, or ran last, on a machine."""
        program = self.processes.get(machine) or self.twins[machine.removesuffix(TWIN)]
        return program.lives

    def end_twin(self, name: str) -> None:
        """And finds out."""
        if name in self.twins:
            self.twins[name].kill(power=False)

    def jump(self, name: str, seconds: float) -> None:
        """Moves a machine's time of day; its monotonic clock goes on."""
        machine = self.machines[name]
        machine.jumped_s += seconds
        self._slowest_s, self._fastest_s = min(self._slowest_s, machine.jumped_s), max(self._fastest_s, machine.jumped_s)

    @property
    def apart_s(self) -> float:
        """How far two clocks, or one at two moments, have ever been apart."""
        return self._fastest_s - self._slowest_s

    def peace(self) -> None:
        """No fault any more, and everybody is started; clocks stay as they are."""
        self.network.calm()
        for machine in self.machines.values():
            machine.platter.calm()
        for name in self.twins:
            self.end_twin(name)
        for program in self.processes.values():
            program.spare()
            program.start()

    # --- what went wrong inside

    def _heard(self, text: str) -> None:
        current = self.timeline.current
        if current is not None and current.alive and not current.dying and len(self.troubles) < TROUBLES_MAX:
            self.troubles.append((self.now, current.name, text))

    def _fault(self, process, failure: Failure) -> None:
        if process in self._theirs.values() or process is self.timeline.nature:
            failure.raiseException()
        if process.alive and not process.dying and len(self.troubles) < TROUBLES_MAX:
            self.troubles.append((self.now, process.name, failure.getTraceback()))
