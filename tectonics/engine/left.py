"""Sessions that ended before their end, so that a redial may go on where they stopped.

Nobody tells reliably that a session is over: the network aborts it, the subscriber hangs up, a phone lies in a
tunnel.  So the place of a session at an amount or a confirmation is noted when it is shown, and the note is
taken off when the session goes on from there.  What a new dial finds was left.

Only in memory, for LEFT_S and of at most LEFT_MAX subscribers, the longest ago is forgotten first: losing one costs
a screen more, never money, because what is resumed is examined anew and confirmed again.
"""

from collections import OrderedDict

from tectonics.workflows.dialogue import Left
from tectonics.workflows.snapshot import Snapshot

LEFT_S = 300  # "a few minutes"
LEFT_MAX = 20_000  # about 0.3 kB each


class LeftOff:
    """One of a process; moments are in ms."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[Left, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def note(self, msisdn: str, snapshot: Snapshot | None, now: int) -> None:
        """His session stands there now; None: it is over."""
        left = Left.at(snapshot)
        self._left.pop(msisdn, None)
        if left is not None:
            self._left[msisdn] = left, now
        self._forget(now)

    def take(self, msisdn: str, now: int) -> Left | None:
        """What he left a few minutes ago."""
        self._forget(now)
        found = self._left.pop(msisdn, None)
        return found and found[0]

    def _forget(self, now: int) -> None:
        while self._left:
            oldest = next(iter(self._left.values()))[1]
            if len(self._left) <= LEFT_MAX and oldest > now - LEFT_S * 1000:
                return
            self._left.popitem(last=False)
