"""The months of the ticket table: made ahead, and dropped as a whole when they are old.

A month is dropped when all of it is older than its retention and every consumer that has ever
acknowledged an origin has passed the origin's tickets of that month.  A ticket may stand in the next
month although its number is smaller than one of this month (it was decided before midnight and written
after): those few go too, so that what is kept has no hole.  Tickets live up to a month longer than asked.

Tickets of months that nobody made are in the partition `ticket_other`; nothing is refused for them.

All of this is done on a connection of its own with a short wait for locks: a long read of the tickets
makes it fail, and the duty comes again.  Each step is a transaction; if the process dies between two,
the next turn does the rest.  Two daemons that do it at once find the other's work done.
"""

from datetime import UTC, datetime

from tectonics.database.postgres import Session

AHEAD = 2  # months beyond this one
_MONTHS = """SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'ticket'::regclass AND c.relname LIKE 'ticket\\_2%' ORDER BY c.relname"""
_ORIGINS = """SELECT o.name, min(c.seq) FROM origin o LEFT JOIN consumer_cursor c ON c.origin = o.name
    GROUP BY o.name"""
_LOCK = 0x7EC70C6


def make_months(session: Session, now: int) -> None:
    """Makes the partitions of the month of `now` and of the next ones, where there are none."""
    year, month = _month_of(now)
    existing = set(_months(session))
    for _ in range(1 + AHEAD):
        name = f"ticket_{year:04d}_{month:02d}"
        if name not in existing:
            since, until = _start(year, month), _start(*_next(year, month))
            session.execute("BEGIN")
            try:
                session.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                session.execute(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF ticket"
                                f" FOR VALUES FROM ({since}) TO ({until})")
            finally:
                session.execute("COMMIT")  # of a transaction that failed it is a ROLLBACK
        year, month = _next(year, month)


def drop_months(session: Session, before: int) -> int:
    """Drops the months that ended before `before` (ms) and that nobody needs; how many tickets that were."""
    dropped = 0
    for name in _months(session):
        year, month = int(name[7:11]), int(name[12:14])
        if _start(*_next(year, month)) > before:
            break
        newest = _newest(session, name)
        if any(passed is not None and seq > passed for _, seq, passed in newest):
            break
        dropped += _drop(session, name, [(origin, seq) for origin, seq, _ in newest])
    return dropped


def _newest(session: Session, name: str) -> list[tuple[str, int, int | None]]:
    """(origin, its newest number in this month, the number that its slowest consumer has passed)."""
    found = []
    for origin, passed in session.execute(_ORIGINS).fetchall():
        seq = session.execute(f"SELECT max(seq) FROM {name} WHERE origin = ?", (origin,)).fetchone()[0]
        if seq is not None:
            found.append((origin, seq, passed))
    return found


def _drop(session: Session, name: str, newest: list[tuple[str, int]]) -> int:
    session.execute("BEGIN")
    try:
        count = session.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        session.execute(f"DROP TABLE {name}")
        for origin, seq in newest:
            count += session.execute("DELETE FROM ticket WHERE origin = ? AND seq <= ?", (origin, seq)).rowcount
    finally:
        session.execute("COMMIT")
    return count


def _months(session: Session) -> list[str]:
    return [name for name, in session.execute(_MONTHS).fetchall()]


def _month_of(at: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return moment.year, moment.month


def _next(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def _start(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000
