"""Faults on demand: what a real billing system does on a bad day, at the operator's word.

A count is used up write by write and `current` shows what is left of it; a share is drawn from a
generator with a seed, so that the same seed loses the same writes.  Counts come before shares, and
a write meets at most one fault.  Nothing is remembered across a restart.
"""

from dataclasses import asdict, dataclass, fields, replace
from random import Random

from tectonics.domain.errors import TheirFault

DELAY_S_MAX = 3600.0
COUNT_MAX = 1_000_000
REFUSE, LOSE_REQUEST, LOSE_ANSWER = "refuse", "lose_requests", "lose_answers"


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong from now on; all zero: nothing."""

    delay_s: float = 0.0  # before every answer
    refuse: int = 0  # the next writes that are refused
    lose_requests: int = 0  # the next that are not done and not answered
    lose_answers: int = 0  # the next that are done and not answered
    hang_balance: bool = False  # balance enquiries get no answer
    refuse_percent: int = 0  # shares of all other writes
    lose_requests_percent: int = 0
    lose_answers_percent: int = 0
    seed: int = 0  # of the shares; setting it begins the draw again


NO_FAULTS = Faults()


class FaultPlan:
    """The faults in force."""

    def __init__(self) -> None:
        self.current = Faults()
        self._random = Random(self.current.seed)

    def change(self, changes: dict) -> Faults:
        """Puts the named faults in force, leaves the others; TheirFault when one is no such fault."""
        known = {field.name: field.type for field in fields(Faults)}
        for name, value in changes.items():
            if name not in known:
                raise TheirFault(f"{str(name)[:40]!r} is not a fault; there are {', '.join(known)}")
            _check(name, value)
        self.current = replace(self.current, **changes)
        if "seed" in changes:
            self._random.seed(self.current.seed)
        return self.current

    def next_write(self) -> str:
        """The fault that the next write meets, or nothing."""
        if self.current == NO_FAULTS:
            return ""
        counts = asdict(self.current)
        for fault in (REFUSE, LOSE_REQUEST, LOSE_ANSWER):
            if counts[fault]:
                self.current = replace(self.current, **{fault: counts[fault] - 1})
                return fault
        shares = [(fault, counts[f"{fault}_percent"]) for fault in (REFUSE, LOSE_REQUEST, LOSE_ANSWER)]
        if not any(share for _, share in shares):
            return ""
        drawn = self._random.randrange(100)
        for fault, share in shares:
            if drawn < share:
                return fault
            drawn -= share
        return ""


def _check(name: str, value) -> None:
    if name == "hang_balance":
        if not isinstance(value, bool):
            raise TheirFault("hang_balance is true or false")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float) if name == "delay_s" else int):
        raise TheirFault(f"{name} is a number")
    limit = DELAY_S_MAX if name == "delay_s" else 100 if name.endswith("_percent") else COUNT_MAX
    if not 0 <= value <= limit:
        raise TheirFault(f"{name} is 0 to {limit}")
