"""What the prepaid ledger shows: accounts, movements, and the proof that its sums agree.

Reads run on a connection of their own and see what is committed.  A bonus that has expired shows as
nothing, also before an entry has booked it away; so does a hold.  Each answer is bounded by `limit`, at most
ROWS_MAX rows.
"""

from sqlite3 import Connection

from tectonics.billing.entries import MAIN, LedgerAccount, Movement, TypedBalance

ROWS_MAX = 1000

_MOVEMENT = ("SELECT position, msisdn, op, kind, amount_minor, balance_type, balance_minor, at, source,"
             " class, ref FROM movement ")
# in one statement, so that a settlement between two reads cannot free what it has not yet taken
_BALANCES = ("SELECT balance_type, amount_minor, expires_at, CASE WHEN balance_type = 'main' THEN"
             " (SELECT coalesce(sum(h.amount_minor), 0) FROM hold h"
             " WHERE h.msisdn = balance.msisdn AND h.expires_at > ?) ELSE 0 END FROM balance WHERE msisdn = ?")


def account(connection: Connection, msisdn: str, now: int) -> LedgerAccount | None:
    """The account with its balances, main first; None: the ledger does not know the number."""
    row = connection.execute("SELECT kind, currency, blocked, activated_at FROM account WHERE msisdn = ?",
                             (int(msisdn),)).fetchone()
    if row is None:
        return None
    kind, currency, blocked, activated_at = row
    found = connection.execute(_BALANCES, (now, int(msisdn))).fetchall()
    balances = [TypedBalance(name, 0 if 0 < expires_at <= now else amount_minor, expires_at)
                for name, amount_minor, expires_at, _ in found]
    if not any(balance.balance_type == MAIN for balance in balances):
        balances.append(TypedBalance(MAIN, 0, 0))
    balances.sort(key=lambda balance: (balance.balance_type != MAIN, balance.balance_type))
    return LedgerAccount(msisdn, kind, currency, bool(blocked), activated_at, tuple(balances),
                         held_minor=sum(held_minor for *_, held_minor in found))


def movements(connection: Connection, msisdn: str, limit: int) -> list[Movement]:
    """The newest movements of an account, newest first."""
    rows = connection.execute(_MOVEMENT + "WHERE msisdn = ? ORDER BY position DESC LIMIT ?",
                              (int(msisdn), _bounded(limit)))
    return [_movement(row) for row in rows]


def movements_after(connection: Connection, position: int, limit: int) -> list[Movement]:
    """Movements of all accounts after a position, in order."""
    rows = connection.execute(_MOVEMENT + "WHERE position > ? ORDER BY position LIMIT ?",
                              (position, _bounded(limit)))
    return [_movement(row) for row in rows]


def till_after(connection: Connection, position: int, limit: int) -> list[Movement]:
    """What was booked at the ledger's own till after a position, in order: recharges, reversals, what was spent."""
    rows = connection.execute(_MOVEMENT + "WHERE source = 'till' AND position > ?"
                              " AND kind IN ('recharge', 'reversal', 'spend') ORDER BY position LIMIT ?",
                              (position, _bounded(limit)))
    return [_movement(row) for row in rows]


def audit(connection: Connection, limit: int = ROWS_MAX) -> list[tuple[str, str, int, int]]:
    """(msisdn, balance type, balance, sum of its movements) wherever the two differ; [] is right."""
    rows = connection.execute(
        "SELECT msisdn, balance_type, sum(stored), sum(moved) FROM ("
        " SELECT msisdn, balance_type, amount_minor AS stored, 0 AS moved FROM balance UNION ALL"
        " SELECT msisdn, balance_type, 0, amount_minor FROM movement)"
        " GROUP BY msisdn, balance_type HAVING sum(stored) <> sum(moved) ORDER BY 1, 2 LIMIT ?", (limit,))
    return [(str(msisdn), name, stored, moved) for msisdn, name, stored, moved in rows]


def _bounded(limit: int) -> int:
    return max(0, min(limit, ROWS_MAX))


def _movement(row: tuple) -> Movement:
    position, msisdn, *rest = row
    return Movement(position, str(msisdn), *rest)
