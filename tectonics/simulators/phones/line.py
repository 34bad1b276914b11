"""What goes wrong on the way: each datagram is lost, doubled or late, by order or in so many of a hundred, from a seed.

An order names a kind, a method or a status with the method that it answers ("200 INVITE"), and how many of them to
lose or double, after how many that pass.
"""

from random import Random

from msgspec import Struct

from tectonics.wire.sip.message import Request, Response

LATE_S = 0.05


class Order(Struct):
    """So many of a kind, after some."""

    kind: str
    what: str  # lose or double
    times: int
    after: int = 0


class Line:
    """Both directions."""

    def __init__(self, seed: int = 0, lose_percent: float = 0, double_percent: float = 0, late_s: float = 0.0) -> None:
        self._random, self._lose, self._double, self._late_s = Random(seed), lose_percent, double_percent, late_s
        self.orders: list[Order] = []
        self.seen: dict[str, int] = {}
        self.lost = self.doubled = 0

    def order(self, kind: str, what: str, times: int = 1, after: int = 0) -> None:
        """Does that to the next ones."""
        self.orders.append(Order(kind, what, times, after))

    def weather(self, lose_percent: float = 0, double_percent: float = 0, late_s: float = 0.0) -> None:
        """From now on so much goes wrong by chance."""
        self._lose, self._double, self._late_s = lose_percent, double_percent, late_s

    def delays(self, message: Request | Response) -> list[float]:
        """When it arrives, for each copy; none: never."""
        kind = kind_of(message)
        self.seen[kind] = self.seen.get(kind, 0) + 1
        what = self._ordered(kind) or self._chance()
        late_s = self._random.uniform(0, self._late_s) if self._late_s else 0.0
        if what == "lose":
            self.lost += 1
            return []
        if what == "double":
            self.doubled += 1
            return [late_s, late_s + LATE_S]
        return [late_s]

    def _ordered(self, kind: str) -> str:
        for order in self.orders:
            if order.kind in (kind, "any") and order.times:
                if order.after:
                    order.after -= 1
                    continue
                order.times -= 1
                return order.what
        return ""

    def _chance(self) -> str:
        if not self._lose and not self._double:
            return ""
        drawn = self._random.uniform(0, 100)
        return "lose" if drawn < self._lose else "double" if drawn < self._lose + self._double else ""


def kind_of(message: Request | Response) -> str:
    """INVITE, ACK, ... or "200 INVITE"."""
    return message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
