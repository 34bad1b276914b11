"""What many runs did together, for people and for programs; and how one that failed is told."""

from collections import Counter
from dataclasses import dataclass, field

from tectonics.simulation.coverage import Move, all_moves, as_text
from tectonics.simulation.plan import DAY_S, Plan

FAILED_MAX = 20  # runs that are told in full; of the others only their number


@dataclass(frozen=True)
class Failure:
    """A run in which an invariant did not hold."""

    seed: int
    command: str
    complaints: tuple[str, ...]
    histories: tuple[str, ...]

    def text(self) -> str:
        """For people: when, what, who, and how to see it again."""
        return "\n".join([f"seed {self.seed} failed", *(f"  {line}" for line in self.complaints),
                          *(f"  history: {line}" for line in self.histories), f"  again: {self.command}"])


@dataclass
class Report:
    """The sum of some runs."""

    runs: int = 0
    failed: int = 0
    seconds: float = 0.0  # of processors' time, all together
    virtual_days: float = 0.0
    subscriber_days: float = 0.0
    steps: int = 0
    layouts: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)

    def take(self, other: "Report") -> None:
        """Adds another report."""
        for name in ("runs", "failed", "seconds", "virtual_days", "subscriber_days", "steps"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("layouts", "struck", "moves", "figures"):
            getattr(self, name).update(getattr(other, name))
        self.failures = [*self.failures, *other.failures][:FAILED_MAX]
        self.digests |= other.digests

    def missed(self) -> list[str]:
        """Moves that no run has taken."""
        return [as_text(move) for move in all_moves() if not self.moves[move]]

    def states(self) -> list[str]:
        """States that some run has been in, by machine."""
        return sorted({f"{machine}: {state}" for machine, state, _ in self.moves})

    def record(self) -> dict:
        """For programs."""
        per_s = 1 / self.seconds if self.seconds else 0.0
        return {
            "runs": self.runs, "failed": self.failed, "seconds": round(self.seconds, 3),
            "virtual_days": round(self.virtual_days, 3), "virtual_days_per_second": round(self.virtual_days * per_s, 3),
            "subscriber_days": round(self.subscriber_days, 1),
            "subscriber_days_per_second": round(self.subscriber_days * per_s, 1), "steps": self.steps,
            "layouts": dict(sorted(self.layouts.items())), "faults": dict(sorted(self.struck.items())),
            "figures": dict(sorted(self.figures.items())), "states": self.states(),
            "moves_taken": {as_text(move): self.moves[move] for move in all_moves() if self.moves[move]},
            "moves_missed": self.missed(),
            "digests": {str(seed): value for seed, value in self.digests.items()},
            "failures": [{"seed": one.seed, "command": one.command, "complaints": list(one.complaints),
                          "histories": list(one.histories)} for one in self.failures],
        }


def report_of(plan: Plan, verdict) -> Report:
    """The report of one run (run.Verdict)."""
    failures = []
    if verdict.complaints:
        histories = tuple(dict.fromkeys(one.history for one in verdict.complaints if one.history))
        failures.append(Failure(plan.seed, plan.command, tuple(map(str, verdict.complaints)), histories))
    layout = f"{plan.nodes} node{'s' * (plan.nodes > 1)}, ledger {plan.ledger}, billing promises {plan.promises}"
    return Report(1, len(failures), verdict.seconds, plan.lasts_s / DAY_S, verdict.subscriber_days, verdict.steps,
                  Counter([layout]), verdict.struck, verdict.moves, verdict.figures, failures,
                  {plan.seed: verdict.digest})
