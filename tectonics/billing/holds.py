"""Session credit control in the prepaid ledger: what is held of a main balance while a call lasts.

A hold is no movement: it moves nothing, it only makes less available (balance less what is held) to
whoever asks, debits, spends or reserves.  All reservations of a session are one hold, and a later one
keeps the earlier ones as long as itself; what holds nothing any more because its time is over needs
no timer, it is not counted.  A settlement takes one movement out of the hold and closes the session,
once for all: a reservation that comes after it holds nothing.  Both are written in the transaction of
the batch (ledger.py) with their remembered answers.

What a session holds was promised to its call: an account that was blocked meanwhile is charged, and
where a recharge was taken back meanwhile the balance goes below zero, as it would have the other way
round.

Bounds: a hold lasts HELD_MS_MAX at most; a closed session, and one that expired, is remembered
KEPT_MS, then each reservation or settlement deletes up to SWEPT of them.
"""

from sqlite3 import Connection

from tectonics.billing import ledger_rows as rows
from tectonics.billing.entries import CALL, CALLS, MAIN, Entry, Hold, Settlement
from tectonics.domain.call_rules import HOLD_S_MAX
from tectonics.domain.money import AMOUNT_MINOR_MAX
from tectonics.domain.outcome import Done, Refused

DAY_MS = 86_400_000
HELD_MS_MAX = HOLD_S_MAX * 1000
KEPT_MS = 7 * DAY_MS
SWEPT = 4

_CLOSED = Refused("rejected", "the session is closed")


def hold(connection: Connection, item: Hold) -> Done | Refused:
    """Holds an amount; the same operation again gets its first answer."""
    known = rows.known(connection, item)
    if known is not None:
        return known
    answer = _hold(connection, item)
    if item.op:
        rows.remember(connection, item, answer, None)
    return answer


def settle(connection: Connection, item: Settlement) -> Done | Refused:
    """Takes an amount out of what the session holds and closes it; the same operation again gets its first answer."""
    known = rows.known(connection, item)
    if known is not None:
        return known
    answer, position = _settle(connection, item) if item.amount_minor else (_let_go(connection, item), None)
    if item.op:
        rows.remember(connection, item, answer, position)
    return answer


def _hold(connection: Connection, item: Hold) -> Done | Refused:
    account = rows.account(connection, item.msisdn, item.at)
    refusal = rows.barred(account, item.currency) or _misfit(item)
    if refusal is not None:
        return refusal
    if _is_closed(connection, item):
        return _CLOSED
    available_minor = _available(account)
    if available_minor < item.amount_minor:
        return Refused("insufficient", "the balance is too low")
    connection.execute("INSERT INTO hold (msisdn, session, amount_minor, expires_at) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (msisdn, session) DO UPDATE SET amount_minor = excluded.amount_minor"
                       " + CASE WHEN hold.expires_at > ? THEN hold.amount_minor ELSE 0 END,"
                       " expires_at = max(excluded.expires_at, hold.expires_at)",
                       (int(item.msisdn), item.session, item.amount_minor, item.expires_at, item.at))
    connection.execute("DELETE FROM hold WHERE (msisdn, session) IN (SELECT msisdn, session FROM hold"
                       " WHERE expires_at < ? ORDER BY expires_at LIMIT ?)", (item.at - KEPT_MS, SWEPT))
    return Done("", available_minor - item.amount_minor)


def _misfit(item: Hold) -> Refused | None:
    if item.amount_minor <= 0:
        return Refused("rejected", "the amount must be more than zero")
    if not item.session:
        return Refused("rejected", "the session has no name")
    if not 0 < item.expires_at - item.at <= HELD_MS_MAX:
        return Refused("rejected", f"it can be held for {HELD_MS_MAX // 1000} s at most")
    return None


def _settle(connection: Connection, item: Settlement) -> tuple[Done | Refused, int | None]:
    """The answer to a settlement of some amount, and the position of its movement if it has one."""
    account = rows.account(connection, item.msisdn, item.at)
    refusal = rows.barred(account, item.currency, though_blocked=True) or _beyond(connection, item)
    if refusal is not None:
        return refusal, None
    _, _, _, before_minor, _ = account
    after_minor = before_minor - item.amount_minor
    if after_minor < -AMOUNT_MINOR_MAX:
        return Refused("rejected", "the balance would be beyond any account"), None
    _close(connection, item)
    entry = Entry(item.msisdn, item.op, CALL, item.at, CALLS, item.amount_minor, ref=item.session)
    position = rows.move(connection, entry, CALL, -item.amount_minor, MAIN, after_minor, 0)
    return Done(rows.reference(position), _available(rows.account(connection, item.msisdn, item.at))), position


def _beyond(connection: Connection, item: Settlement) -> Refused | None:
    """Why the session cannot pay that much; None: it can."""
    if item.amount_minor < 0:
        return Refused("rejected", "the amount must not be less than zero")
    if _is_closed(connection, item):
        return _CLOSED
    row = connection.execute("SELECT amount_minor, expires_at FROM hold WHERE msisdn = ? AND session = ?",
                             (int(item.msisdn), item.session)).fetchone()
    if row is None:
        return Refused("unknown_session", "the ledger knows no such session")
    held_minor, expires_at = row
    if expires_at <= item.at:
        return Refused("expired", "what the session held has expired and is his again")
    if item.amount_minor > held_minor:
        return Refused("rejected", "the session holds less than that")
    return None


def _let_go(connection: Connection, item: Settlement) -> Done:
    """Nothing is taken, so nothing can be wrong with it: also where there is no such session, or subscriber."""
    _close(connection, item)
    return Done("", _available(rows.account(connection, item.msisdn, item.at)))


def _available(account: rows.Standing | None) -> int | None:
    """What is left of the main balance beside what is held; None: no such account."""
    if account is None:
        return None
    _, _, held_minor, balance_minor, _ = account
    return balance_minor - held_minor


def _is_closed(connection: Connection, item: Hold | Settlement) -> bool:
    return connection.execute("SELECT 1 FROM closed_session WHERE msisdn = ? AND session = ?",
                              (int(item.msisdn), item.session)).fetchone() is not None


def _close(connection: Connection, item: Settlement) -> None:
    key = (int(item.msisdn), item.session)
    connection.execute("DELETE FROM hold WHERE msisdn = ? AND session = ?", key)
    connection.execute("INSERT INTO closed_session (msisdn, session, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                       (*key, item.at))
    connection.execute("DELETE FROM closed_session WHERE (msisdn, session) IN (SELECT msisdn, session"
                       " FROM closed_session WHERE at < ? ORDER BY at LIMIT ?)", (item.at - KEPT_MS, SWEPT))
