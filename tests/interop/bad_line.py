"""A line between two ends over UDP that loses, doubles and holds back datagrams, by a seed.

What is held back comes after what was sent later, the newest first, once the line has been idle for a moment.
"""

import random
import select
import socket
import threading

LOST, HELD, TWICE = 0.15, 0.15, 0.25  # of all datagrams


class BadLine:
    """Who sends to `address` is heard at `to`, which sees and answers `beyond`. What happened is in `fates`."""

    def __init__(self, to, seed, lost=LOST, held=HELD, twice=TWICE):
        self._random, self._to = random.Random(seed), to
        self._lost, self._holds, self._twice = lost, lost + held, lost + held + twice
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self._near, self._far):
            one.bind(("127.0.0.1", 0))
        self.address, self.beyond = self._near.getsockname(), self._far.getsockname()
        self._caller, self._held, self._over = None, [], threading.Event()
        self.fates = {"lost": 0, "twice": 0, "held": 0}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            ready, _, _ = select.select([self._near, self._far], [], [], 0.05)
            for one in ready:
                octets, address = one.recvfrom(65_535)
                if one is self._near:
                    self._caller = address
                self._pass(octets, one is self._near)
            if not ready:
                self._release()

    def _pass(self, octets, onward):
        fate = self._random.random()
        if fate < self._lost:
            self.fates["lost"] += 1
        elif fate < self._holds:
            self.fates["held"] += 1
            self._held.append((octets, onward))
        else:
            self._send(octets, onward)
            if fate < self._twice:
                self.fates["twice"] += 1
                self._send(octets, onward)

    def _release(self):
        held, self._held = self._held, []
        for octets, onward in reversed(held):
            self._send(octets, onward)

    def _send(self, octets, onward):
        if onward:
            self._far.sendto(octets, self._to)
        elif self._caller is not None:
            self._near.sendto(octets, self._caller)

    def close(self):
        self._over.set()
        self._thread.join()
        self._near.close()
        self._far.close()
