"""Receipts that came before the answer that tells the id of their message: held for a while, found by any of their ids.

Bounds: HELD_MAX receipts, each for HOLD_S; whose time is over, or who must make room, is handed to `over`.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tectonics.ports import Clock
from tectonics.wire.smpp.receipts import Receipt

HELD_MAX = 10_000
HOLD_S = 60.0


@dataclass(frozen=True, slots=True)
class Early:
    """A receipt of an account from `msisdn`; `ids` is what its id may be, the likeliest first."""

    account: str
    ids: tuple[str, ...]
    msisdn: str
    receipt: Receipt


class Holding:
    """Those that wait."""

    def __init__(self, clock: Clock, over: Callable[[Early], None]) -> None:
        self._clock, self._over = clock, over
        self._held: OrderedDict[int, tuple[float, Early]] = OrderedDict()  # in the order of their ends
        self._by_id: dict[tuple[str, str], int] = {}  # the newest of each
        self._number = 0
        self._call = None
        self._stopped = False

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, early: Early) -> None:
        """Keeps it for HOLD_S; not any more once it was stopped."""
        if self._stopped:
            return
        self._number += 1
        self._held[self._number] = self._clock.seconds() + HOLD_S, early
        self._by_id.update({(early.account, id): self._number for id in early.ids})
        if len(self._held) > HELD_MAX:
            self._over(self._drop(next(iter(self._held))))
        self._look_later()

    def take(self, account: str, id: str, msisdn: str) -> Early | None:
        """The one for a message to `msisdn` that got this id; of an unlikely spelling only from that number."""
        number = self._by_id.get((account, id))
        if number is None:
            return None
        _, early = self._held[number]
        return self._drop(number) if early.ids[0] == id or early.msisdn == msisdn else None

    def stop(self) -> None:
        """Forgets all of them."""
        self._stopped = True
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._held.clear()
        self._by_id.clear()

    def _drop(self, number: int) -> Early:
        _, early = self._held.pop(number)
        for id in early.ids:
            if self._by_id.get((early.account, id)) == number:
                del self._by_id[early.account, id]
        return early

    def _look_later(self) -> None:
        if self._held and (self._call is None or not self._call.active()):
            until_s, _ = next(iter(self._held.values()))
            self._call = self._clock.callLater(max(0.0, until_s - self._clock.seconds()), self._look)

    def _look(self) -> None:
        now = self._clock.seconds()
        while self._held and next(iter(self._held.values()))[0] <= now:
            self._over(self._drop(next(iter(self._held))))
        self._look_later()
