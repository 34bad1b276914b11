"""Ticket numbers of one origin: without gap, in the order of the commits, and never taken back.

What was committed stays: a number, a version or a movement that was seen once is there at every later look.
"""

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong


class NumbersHaveNoGap:
    """Each line says its own number, they rise by one in commit order, and the origin's next follows."""

    def __init__(self) -> None:
        self._looked_at: dict[str, int] = {}

    def __call__(self, scene: Scene) -> Wrong:
        for origin, tickets in scene.books.tickets.items():
            first, looked_at = tickets[0].seq, self._looked_at.get(origin, 0)
            for following, ticket in enumerate(tickets[looked_at:], first + looked_at):
                said = ticket.body["origin"], ticket.body["seq"]
                if ticket.seq != following or said != (origin, ticket.seq):
                    yield Violation(f"ticket {origin}:{ticket.seq} says {said[0]}:{said[1]}, due was {following}",
                                    ticket.msisdn)
                    break
            self._looked_at[origin] = len(tickets)
            stored, _ = scene.books.origins.get(origin, (0, 0))
            if stored != tickets[-1].seq + 1:
                yield Violation(f"the next number of {origin} is {stored} after {tickets[-1].seq}")


class NothingCommittedIsLost:
    """Numbers, lives and versions only rise."""

    def __init__(self) -> None:
        self._origins: dict[str, tuple[int, int]] = {}
        self._versions: dict[str, int] = {}

    def __call__(self, scene: Scene) -> Wrong:
        for origin, before in self._origins.items():
            now = scene.books.origins.get(origin, (0, 0))
            if now[0] < before[0] or now[1] < before[1]:
                yield Violation(f"{origin} had come to number {before[0]} in life {before[1]}, now it is {now}")
        self._origins = dict(scene.books.origins)
        for one in scene.books.latest():
            before = self._versions.get(one.msisdn, 0)
            if one.version < before:
                yield Violation(f"version {before} of the account was committed, now it is {one.version}", one.msisdn)
            self._versions[one.msisdn] = one.version
