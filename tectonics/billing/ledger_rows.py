"""The rows that every write of the prepaid ledger reads or makes, inside the writer's transaction.

A balance row and its movement are written together, so that the sum of the movements is the balance,
always; the remembered answer of an operation is written with what the operation did.
"""

from sqlite3 import Connection

from tectonics.billing.entries import (
    EXPIRY,
    FORGETTING,
    LEDGER,
    MAIN,
    OPENING,
    Entry,
    Hold,
    Opening,
    Settlement,
)
from tectonics.domain.outcome import Done, Refused

Operation = Entry | Hold | Settlement

# currency, whether it is blocked, what sessions hold of the main balance; amount and expiry of the balance asked for
Standing = tuple[str, int, int, int, int]
_STANDING = ("SELECT currency, blocked, (SELECT coalesce(sum(h.amount_minor), 0) FROM hold h"
             " WHERE h.msisdn = a.msisdn AND h.expires_at > ?), coalesce(b.amount_minor, 0), coalesce(b.expires_at, 0)"
             " FROM account a LEFT JOIN balance b ON b.msisdn = a.msisdn AND b.balance_type = ? WHERE a.msisdn = ?")


def reference(position: int) -> str:
    """The ledger's own reference of a movement."""
    return f"L{position}"


def account(connection: Connection, msisdn: str, at: int, balance_type: str = MAIN) -> Standing | None:
    """What stands in an account at that time; None: no such account."""
    return connection.execute(_STANDING, (at, balance_type, int(msisdn))).fetchone()


def barred(found: Standing | None, currency: str, though_blocked: bool = False) -> Refused | None:
    """Why nothing may be done with what `account` found; None: it may."""
    if found is None:
        return Refused("unknown_subscriber", "the ledger has no such account")
    own_currency, blocked, *_ = found
    if blocked and not though_blocked:
        return Refused("blocked", "the account is blocked")
    if currency and currency != own_currency:
        return Refused("rejected", f"the account is in {own_currency}")
    return None


def move(connection: Connection, entry: Entry | Opening, kind: str, change_minor: int, balance_type: str,
         after_minor: int, expires_at: int) -> int:
    """Writes the balance and its movement; the movement's position."""
    msisdn = int(entry.msisdn)
    op, source, recharge_class, ref = "", LEDGER, "", ""
    if kind not in (EXPIRY, OPENING):
        op, source, recharge_class, ref = entry.op, entry.source, entry.recharge_class, entry.ref
    connection.execute("INSERT INTO balance (msisdn, balance_type, amount_minor, expires_at)"
                       " VALUES (?, ?, ?, ?) ON CONFLICT (msisdn, balance_type) DO UPDATE"
                       " SET amount_minor = excluded.amount_minor, expires_at = excluded.expires_at",
                       (msisdn, balance_type, after_minor, expires_at))
    return connection.execute("INSERT INTO movement (msisdn, op, kind, amount_minor, balance_type,"
                              " balance_minor, at, source, class, ref)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              (msisdn, op, kind, change_minor, balance_type, after_minor, entry.at,
                               source, recharge_class, ref)).lastrowid


def known(connection: Connection, item: Operation) -> Done | Refused | None:
    """The answer that an operation gets because it was seen before."""
    if not item.op or item.known_since_at == FORGETTING:
        return None
    return answered(connection, item.msisdn, item.op, item.known_since_at)


def answered(connection: Connection, msisdn: str, op: str, since_at: int) -> Done | Refused | None:
    """The first answer of an operation, where it was given at or after `since_at`."""
    row = connection.execute("SELECT position, balance_minor, reason, text FROM operation"
                             " WHERE msisdn = ? AND op = ? AND at >= ?",
                             (int(msisdn), op, since_at)).fetchone()
    if row is None:
        return None
    position, balance_minor, reason, text = row
    if reason:
        return Refused(reason, text)
    return Done("" if position is None else reference(position), balance_minor)


def remember(connection: Connection, item: Operation, answer: Done | Refused, position: int | None) -> None:
    """Keeps the answer; what was done once is never remembered as refused.

    `position` is of the operation's movement; None: it has none.
    """
    reason, text, balance_minor = "", "", None
    if isinstance(answer, Refused):
        reason, text = answer.reason, answer.text
    else:
        balance_minor = answer.balance_minor
    connection.execute("INSERT INTO operation (msisdn, op, at, position, balance_minor, reason, text)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (msisdn, op) DO UPDATE"
                       " SET at = excluded.at, position = excluded.position,"
                       " balance_minor = excluded.balance_minor, reason = excluded.reason,"
                       " text = excluded.text WHERE excluded.reason = ''",
                       (int(item.msisdn), item.op, item.at, position, balance_minor, reason, text))
