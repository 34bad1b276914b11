"""Who kills whom, and when: drawn from the seed, without a look at what the victims are doing.

Each killer goes his own way: a life may end while it starts, while it takes over what the one before it
left, or in the middle of everything.  One who kills several kills them at the same moment and starts
them again in any order.  A victim that a killer holds is nobody else's until it has been started again.
"""

import random
import threading
from collections.abc import Sequence
from contextlib import ExitStack

from processes import LEASE_S, wait_until

CHILDHOOD_SHARE = 0.25  # of all lives, which end while they start, or soon after
CHILDHOOD_S = (0.0, 1.5)
START_S = 60.0
LIFE_S = (0.1, 1.5)  # how long the others serve
DEATH_S = (0.0, 0.4)  # how long nobody is there
LONG_EVERY = 5  # the second of so many deaths outlasts the lease, where another daemon may adopt what is left
LONG_LIFE_S = (1.0, 2.0)  # that ends so, when there is something to adopt
LONG_DEATH_S = (LEASE_S + 0.5, LEASE_S + 2.0)


class Killer:
    """Kills `victims`, all of them at once or, with `one_of`, one of these and all of them."""

    def __init__(self, name: str, victims: Sequence, seed: int, one_of: Sequence = (), long: bool = False) -> None:
        self.name, self.kills = name, 0
        self._victims, self._one_of, self._long = victims, one_of, long
        self._chance = random.Random(f"{seed}:{name}")

    def run(self, kills: int, over: threading.Event) -> None:
        """So many times, or until it is `over`. AssertionError when a victim ended by itself."""
        for _ in range(kills):
            long = self._long and self.kills % LONG_EVERY == 1
            victims = [*([self._chance.choice(self._one_of)] if self._one_of else []), *self._victims]
            if self._chance.random() < CHILDHOOD_SHARE and not long:
                over.wait(self._chance.uniform(*CHILDHOOD_S))
            else:
                for victim in victims:
                    wait_until(lambda one=victim: one.serves() or over.is_set(), START_S, f"the {victim.name}", 0.02)
                over.wait(self._chance.uniform(*(LONG_LIFE_S if long else LIFE_S)))
            if over.is_set():
                return
            self._kill(victims, self._chance.uniform(*(LONG_DEATH_S if long else DEATH_S)), over)

    def _kill(self, victims: Sequence, death_s: float, over: threading.Event) -> None:
        with ExitStack() as held:
            for victim in sorted(victims, key=lambda one: one.name):  # always in this order: nobody waits for ever
                held.enter_context(victim.turn)
            threads = [threading.Thread(target=victim.kill) for victim in victims[1:]]
            for thread in threads:
                thread.start()
            victims[0].kill()
            for thread in threads:
                thread.join()
            self.kills += 1
            over.wait(death_s)
            for victim in self._chance.sample(victims, len(victims)):
                victim.start()


class Killers:
    """All of them at once."""

    def __init__(self, killers: Sequence[Killer]) -> None:
        self.killers = killers
        self._over = threading.Event()  # no more kills, and above all no more lives
        self._broken: list[Exception] = []
        self._threads: list[threading.Thread] = []

    def run(self, kills: int) -> None:
        """Returns when each has killed so many times; raises what broke one of them."""
        self._threads = [threading.Thread(target=self._run, args=(killer, kills)) for killer in self.killers]
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()
        if self._broken:
            raise self._broken[0]

    def end(self) -> None:
        """Ends them, also before they are done."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, killer: Killer, kills: int) -> None:
        try:
            killer.run(kills, self._over)
        except (AssertionError, OSError) as broken:
            self._broken.append(broken)
            self._over.set()
