"""Who is signed in: by a cookie of 128 random bits, of which only a digest is kept, in memory.

A visit ends when nothing was asked for `idle_s`, after `visit_s` in any case, when the visitor signs out, and with the
process: a restart signs everybody out.  Bound: `visits_max`; beyond it the one that was idle for longest ends.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from tectonics.domain.self_care import Visitor

COOKIE_OCTETS = 16
COOKIE_CHARS_MAX = 64


@dataclass(slots=True)
class Visit:
    """One who is signed in; moments in seconds."""

    visitor: Visitor
    language: str
    opened_s: float
    seen_s: float


class Visits:
    """One of a process; `random(n)` gives n octets."""

    def __init__(self, idle_s: float, visit_s: float, visits_max: int, random: Callable[[int], bytes]) -> None:
        self._idle_s, self._visit_s, self.visits_max, self._random = idle_s, visit_s, visits_max, random
        self._visits: OrderedDict[bytes, Visit] = OrderedDict()  # idle for longest first

    def __len__(self) -> int:
        return len(self._visits)

    def open(self, visitor: Visitor, language: str, now_s: float) -> str:
        """Signs in; the cookie."""
        cookie = self._random(COOKIE_OCTETS).hex()
        self._visits[_digest(cookie)] = Visit(visitor, language, now_s, now_s)
        self._forget(now_s)
        return cookie

    def find(self, cookie: str, now_s: float) -> Visit | None:
        """Whose cookie this is; he is not idle now."""
        self._forget(now_s)
        visit = self._visits.get(_digest(cookie))
        if visit is None:
            return None
        if now_s >= visit.opened_s + self._visit_s:
            self.close(cookie)
            return None
        visit.seen_s = now_s
        self._visits.move_to_end(_digest(cookie))
        return visit

    def close(self, cookie: str) -> None:
        """Signs out."""
        self._visits.pop(_digest(cookie), None)

    def _forget(self, now_s: float) -> None:
        while self._visits:
            oldest = next(iter(self._visits.values()))
            if len(self._visits) <= self.visits_max and now_s < oldest.seen_s + self._idle_s:
                return
            self._visits.popitem(last=False)


def _digest(cookie: str) -> bytes:
    return sha256(cookie[:COOKIE_CHARS_MAX].encode(errors="surrogateescape")).digest()
