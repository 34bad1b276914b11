"""The sessions of the channel, with a bound and an age.

Open ones live `session_s` after their newest PDU; at the bound the one that has slept longest is forgotten, for most
of those have been left without a word.  What has ended is kept ENDED_S for repetitions, in a table of its own.
Nothing runs by itself here: what is too old goes when something new comes.
"""

from collections import OrderedDict

from tectonics.channels.ussd_smpp.turns import Key, Session

ENDED_S = 30
ENDED_MAX = 20_000


class Table:
    """Sessions by account, MSISDN and correlator."""

    def __init__(self, sessions_max: int, session_s: float) -> None:
        self.sessions_max, self.ended_max = sessions_max, min(ENDED_MAX, sessions_max)
        self._session_ms = round(session_s * 1000)
        self._open: OrderedDict[Key, Session] = OrderedDict()
        self._ended: OrderedDict[Key, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open) + len(self._ended)

    @property
    def open(self) -> int:
        """How many are not over."""
        return len(self._open)

    def find(self, key: Key, now: int) -> Session | None:
        """The session of this key, open or just ended."""
        session = self._open.get(key) or self._ended.get(key)
        return None if session is None or session.expires_at <= now else session

    def keep(self, session: Session, now: int) -> list[Session]:
        """Keeps an open session from now on; those that are forgotten for it: too old, too many, or replaced."""
        replaced = self._open.get(session.key)
        self._ended.pop(session.key, None)
        session.expires_at = now + self._session_ms
        self._open[session.key] = session
        self._open.move_to_end(session.key)
        forgotten = [] if replaced is None or replaced is session else [replaced]
        while (oldest := next(iter(self._open.values()))).expires_at <= now or len(self._open) > self.sessions_max:
            forgotten.append(self._open.pop(oldest.key))
        for old in forgotten:
            old.open = False
        return forgotten

    def end(self, session: Session, now: int) -> None:
        """It is over; kept for who says the same again."""
        session.open = False
        if self._open.get(session.key) is session:
            del self._open[session.key]
            session.expires_at = now + ENDED_S * 1000
            self._ended[session.key] = session
        while self._ended and (len(self._ended) > self.ended_max
                               or next(iter(self._ended.values())).expires_at <= now):
            self._ended.popitem(last=False)

    def drop(self, session: Session) -> None:
        """It is over, and nothing of it is kept."""
        session.open = False
        for table in (self._open, self._ended):
            if table.get(session.key) is session:
                del table[session.key]
