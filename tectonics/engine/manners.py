"""How often one number is answered, so that two automata never talk to each other for ever.

At most REPLIES_MAX answers in REPLIES_S to one number; what it writes beyond is taken and not answered.  Help, which
nobody asked for by a word of ours, goes out at most once in `help_every_s`.

Only in memory: a restart forgets it, and so does the bound, NUMBERS_MAX numbers, of which the one that was answered
longest ago is forgotten first.  Then a number may get help once more, and another REPLIES_MAX answers.
"""

from collections import OrderedDict
from dataclasses import dataclass

REPLIES_MAX, REPLIES_S = 20, 3600
NUMBERS_MAX = 50_000  # about 0.2 kB each


@dataclass(slots=True)
class Answered:
    """What one number got."""

    since: int = 0  # the hour that is counted
    count: int = 0
    helped_at: int | None = None


class Manners:
    """One of a process; moments are in ms."""

    def __init__(self, help_every_s: float) -> None:
        self._help_every_ms = help_every_s * 1000
        self._numbers: OrderedDict[str, Answered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers)

    def may_answer(self, msisdn: str, now: int) -> bool:
        """Whether this number gets another answer."""
        known = self._numbers.get(msisdn)
        return known is None or known.count < REPLIES_MAX or now >= known.since + REPLIES_S * 1000

    def may_help(self, msisdn: str, now: int) -> bool:
        """Whether it is long enough ago that it was told what can be written."""
        known = self._numbers.get(msisdn)
        return known is None or known.helped_at is None or now >= known.helped_at + self._help_every_ms

    def answered(self, msisdn: str, now: int) -> None:
        """An answer has been committed."""
        known = self._numbers.setdefault(msisdn, Answered(now))
        self._numbers.move_to_end(msisdn)
        if now >= known.since + REPLIES_S * 1000:
            known.since, known.count = now, 0
        known.count += 1
        if len(self._numbers) > NUMBERS_MAX:
            self._numbers.popitem(last=False)

    def helped(self, msisdn: str, now: int) -> None:
        """One of its answers was help."""
        self._numbers.setdefault(msisdn, Answered(now)).helped_at = now
