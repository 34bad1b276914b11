"""The bulk insert of new subscribers, as store/bulk.py: the one write that is not a unit.

It only inserts.  Rows that exist are left alone, so it may run beside working daemons and may be
repeated after a crash: each chunk is one transaction, two statements over arrays.
"""

from collections.abc import Iterable
from itertools import islice

from tectonics.database.arrays import integer_array, text_array
from tectonics.database.postgres import Session
from tectonics.domain.subscriber import Account
from tectonics.store import bulk, rows

_ACCOUNTS = """INSERT INTO account (msisdn, generation, barred, profile, standing, version, unit)
    SELECT msisdn, generation, barred, profile, standing, 1, 'import'
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
        AS given (msisdn, generation, barred, profile, standing)
    ON CONFLICT DO NOTHING RETURNING msisdn"""
_ADVANCES = """INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::text[],
        %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    ON CONFLICT DO NOTHING"""
_ACCOUNT_WRITERS = (integer_array, integer_array, integer_array, text_array, text_array)
_ADVANCE_WRITERS = (integer_array, text_array, integer_array, text_array, integer_array, text_array, text_array,
                    *(integer_array,) * 6, text_array)


def insert_accounts(session: Session, accounts: Iterable[Account]) -> int:
    """Inserts those that do not exist, at version 1; how many that were."""
    remaining, total = iter(accounts), 0
    while chunk := list(islice(remaining, bulk.CHUNK)):
        numbered = {int(account.msisdn): account for account in reversed(chunk)}
        session.send("BEGIN")
        try:
            total += _insert(session, dict(sorted(numbered.items())))
        except BaseException:
            session.send("ROLLBACK")
            raise
        session.send("COMMIT")
    return total


def _insert(session: Session, accounts: dict[int, Account]) -> int:
    given = [(msisdn, *rows.account_columns(account)) for msisdn, account in accounts.items()]
    inserted = [msisdn for msisdn, in session.send(_ACCOUNTS, _arrays(_ACCOUNT_WRITERS, given))]
    loans = [rows.advance_row(msisdn, loan) for msisdn in inserted for loan in accounts[msisdn].advances]
    if loans:
        session.send(_ADVANCES, _arrays(_ADVANCE_WRITERS, loans))
    return len(inserted)


def _arrays(writers, given: list[tuple]) -> list[str]:
    return [write(column) for write, column in zip(writers, zip(*given, strict=True), strict=True)]
