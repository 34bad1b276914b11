"""Where the menus of those who write stand: what was last shown to each number.

Only in memory, of this process: what a YES agrees to stands in the account (workflows/replies.py), and whoever's
menu is lost names an offer by its number or gets the menu anew.  A menu stands for `offer_s`.  Bound: TALKS_MAX numbers; the one that was shown something longest ago is forgotten first.
"""

from collections import OrderedDict

from tectonics.domain.value import replace, value
from tectonics.workflows.snapshot import Snapshot

TALKS_MAX = 10_000  # about 2 kB each


@value
class Talk:
    """What was shown, and when its message was committed (ms)."""

    snapshot: Snapshot
    shown_at: int


class Conversations:
    """One of a process; moments are in ms."""

    def __init__(self, offer_s: float) -> None:
        self._offer_ms = offer_s * 1000
        self._talks: OrderedDict[str, Talk] = OrderedDict()

    def __len__(self) -> int:
        return len(self._talks)

    def show(self, msisdn: str, snapshot: Snapshot | None, now: int) -> None:
        """This has been committed as a message to him; None: there is nothing left to be answered."""
        self._talks.pop(msisdn, None)
        if snapshot is not None:
            self._talks[msisdn] = Talk(snapshot, now)
        self._forget(now)

    def translate(self, msisdn: str, language: str) -> None:
        """What he is shown from now on is in another language."""
        talk = self._talks.get(msisdn)
        if talk is not None:
            self._talks[msisdn] = replace(talk, snapshot=replace(talk.snapshot, language=language))

    def get(self, msisdn: str, now: int) -> Talk | None:
        """What he may answer to now."""
        self._forget(now)
        return self._talks.get(msisdn)

    def _forget(self, now: int) -> None:
        while self._talks:
            oldest = next(iter(self._talks.values())).shown_at
            if len(self._talks) <= TALKS_MAX and now < oldest + self._offer_ms:
                return
            self._talks.popitem(last=False)
